package cli

import (
	"github.com/spf13/cobra"

	"cyrlock/fix/rescue"
)

func newFixContinue(f *fixing) *cobra.Command {
	var o rescue.Options
	cmd := &cobra.Command{
		Use:   "continue PID",
		Short: "Let a process run on that somebody stopped, and keeps others waiting",
		Long: `continue lets a process run on that was stopped, by kill -STOP or by a debugger that
was forgotten: it sends SIGCONT; a debugger gets SIGTERM first, and never SIGKILL,
which could take the process along. Just before, it looks again: if the process is
not stopped any more, or keeps nobody waiting, nothing is done.

What gdb and strace were attached to they let go. What a debugger has started it
may take along when it ends: that is refused. Another tracer than these two, and a
process that nobody waits for, need --force.`,
		Args: onePID,
		RunE: f.rescueOne(&o, rescue.Continue),
	}
	cmd.Flags().BoolVar(&o.Force, "force", false, "even if nobody waits for it, or if it is not known how its tracer takes SIGTERM")
	return cmd
}
