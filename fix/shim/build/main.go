// Build makes the library of package shim, for make: one for each kind of processor
// that there is a compiler for. Without any it says so, and all is well: cyrlock
// then compiles the library where it is installed.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"

	"cyrlock/fix/shim"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: build FOLDER")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	cross := map[string]string{"amd64": "x86_64-linux-gnu-gcc", "arm64": "aarch64-linux-gnu-gcc"}
	for arch, cc := range cross {
		if arch == runtime.GOARCH {
			cc = "" // the machine's own
		} else if _, err := exec.LookPath(cc); err != nil {
			continue
		}
		if err := build(ctx, cc, filepath.Join(os.Args[1], "shim-"+arch+".so")); err != nil {
			fmt.Fprintf(os.Stderr, "the library for %s is left out: %v\n", arch, err)
		}
	}
}

// build leaves a file that is there already and the same as it is.
func build(ctx context.Context, cc, file string) error {
	l, err := shim.Compile(ctx, cc)
	if err != nil {
		return err
	}
	if old, err := os.ReadFile(file); err == nil && string(old) == string(l.Body) {
		return nil
	}
	fresh := file + ".new"
	if err := os.WriteFile(fresh, l.Body, 0o644); err != nil {
		return err
	}
	return os.Rename(fresh, file)
}
