package cli

import (
	"context"
	"errors"

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
		RunE: func(cmd *cobra.Command, words []string) error {
			pids, err := parsePIDs(words)
			if err != nil {
				return err
			}
			return f.rescue(cmd, o, func(ctx context.Context, m rescue.Machine, o rescue.Options) (*rescue.Rescue, error) {
				return rescue.Continue(ctx, m, pids[0], o)
			})
		},
	}
	cmd.Flags().BoolVar(&o.Force, "force", false, "even if nobody waits for it, or if it is not known how its tracer takes SIGTERM")
	return cmd
}

func onePID(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{errors.New("name one pid: cyrlock check tells which")}
	}
	return nil
}
