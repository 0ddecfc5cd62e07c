package cli

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"cyrlock/evidence"
	"cyrlock/probe/cyrus"
	"cyrlock/probe/syslog/route"
)

// tellRoute answers whether messages would be seen, and proves it unless that is
// forbidden. It exits 1 unless they would.
func (l *logging) tellRoute(cmd *cobra.Command, files []string) error {
	ctx := cmd.Context()
	files, err := absolute(files)
	if err != nil {
		return err
	}
	ask := request(ctx, l.conf)
	ask.Files = files
	r, err := route.Check(ctx, ask)
	if !l.readOnly {
		var unproved error
		if r, unproved = route.Prove(ctx, ask, r); unproved != nil {
			err = fmt.Errorf("not all could be proved: %w", unproved)
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "cyrlock: %s\n", evidence.Clean(oneLine(err)))
	}
	if l.asJSON {
		err = writeJSON(cmd.OutOrStdout(), r)
	} else {
		err = writeRoute(cmd, r)
	}
	if err == nil && r.Verdict != route.Yes {
		err = exit(failed)
	}
	return err
}

func writeRoute(cmd *cobra.Command, r route.Route) error {
	var b strings.Builder
	for _, line := range r.Lines() {
		fmt.Fprintln(&b, evidence.Clean(line))
	}
	_, err := fmt.Fprint(cmd.OutOrStdout(), b.String())
	return err
}

// request is what has to be known of the server that runs here.
func request(ctx context.Context, conf string) route.Request {
	server, _ := cyrus.Find(ctx, conf, nil)
	known := server.Evidence()
	master := "/usr/sbin/cyrmaster"
	if known.Master > 0 {
		master, _ = procfs{}.Exe(ctx, known.Master)
	} else if _, err := stat(ctx, master); err != nil {
		master = ""
	}
	environ, _ := procfs{}.Read(ctx, known.Master, "environ")
	return route.Request{
		Conf: known.Conf, Version: known.Version, Master: known.Master,
		Debian: filepath.Base(master) == "cyrmaster", // only Debian calls it so
		Shim:   known.Master > 0 && bytes.Contains(environ, []byte("\x00CYRLOCK_SHIM_")),
	}
}
