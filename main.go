// Cyrlock finds out why a Cyrus IMAP server hangs on a file lock.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"cyrlock/cli"
)

func main() {
	// A hang-up must end the screens and what the demo started, as Ctrl-C does.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := cli.Main(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
