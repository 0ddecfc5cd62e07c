package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"cyrlock/fix/rescue"
	"cyrlock/probe/stack"
)

func newFixEnd(f *fixing) *cobra.Command {
	var o rescue.Options
	cmd := &cobra.Command{
		Use:   "end PID...",
		Short: "End the process that everybody waits for: TERM, then KILL",
		Long: `end ends the process that a hang comes from, or all of them where several share the
lock. It sends SIGTERM, waits, and sends SIGKILL to what is still in the way; the
kernel drops the locks. Just before, it looks again: if the process is another one
by then, or keeps nobody waiting any more, nothing is done.

Cyrus's master, process 1 and cyrlock itself are never ended. A process in the
middle of work that would be left half done, and one that nobody waits for, are
ended only with --force.`,
		Args: needsPIDs,
		RunE: func(cmd *cobra.Command, words []string) error {
			pids, err := parsePIDs(words)
			if err != nil {
				return err
			}
			if o.Patience <= 0 {
				return usageError{errors.New("--patience: some time above zero, such as 5s")}
			}
			return f.rescue(cmd, o, func(ctx context.Context, m rescue.Machine, o rescue.Options) (*rescue.Rescue, error) {
				return rescue.End(ctx, m, pids, o)
			})
		},
	}
	cmd.Flags().BoolVar(&o.Force, "force", false, "even if nobody waits for it, or if its work would be left half done")
	cmd.Flags().DurationVar(&o.Patience, "patience", 5*time.Second, "how long it may take to answer SIGTERM")
	return cmd
}

func needsPIDs(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageError{errors.New("name one pid or more: cyrlock check tells which")}
	}
	return nil
}

func onePID(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{errors.New("name one pid: cyrlock check tells which")}
	}
	return nil
}

// A rescuer plans something about one process.
type rescuer func(context.Context, rescue.Machine, int, rescue.Options) (*rescue.Rescue, error)

// rescueOne does it to the process that is named; o has what the flags say by then.
func (f *fixing) rescueOne(o *rescue.Options, plan rescuer) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, words []string) error {
		pids, err := parsePIDs(words)
		if err != nil {
			return err
		}
		return f.rescue(cmd, *o, func(ctx context.Context, m rescue.Machine, o rescue.Options) (*rescue.Rescue, error) {
			return plan(ctx, m, pids[0], o)
		})
	}
}

// rescue makes a plan of what is seen now, and carries it out.
func (f *fixing) rescue(cmd *cobra.Command, o rescue.Options, plan func(context.Context, rescue.Machine, rescue.Options) (*rescue.Rescue, error)) error {
	m, closeMachine := f.machine(stack.Options{})
	defer closeMachine()
	o.Threshold = f.threshold
	r, err := plan(cmd.Context(), m, o)
	if err != nil {
		return f.refused(cmd.OutOrStdout(), err)
	}
	return f.do(cmd, provable(r))
}
