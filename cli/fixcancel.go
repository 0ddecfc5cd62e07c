package cli

import (
	"github.com/spf13/cobra"

	"cyrlock/fix/rescue"
)

func newFixCancel(f *fixing) *cobra.Command {
	var o rescue.Options
	cmd := &cobra.Command{
		Use:   "cancel PID",
		Short: "End one wait that hangs, as if a time limit had passed",
		Long: `cancel makes the lock call that a process hangs in return EAGAIN, and Cyrus's own
error handling goes on from there. The process is stopped for microseconds; if it
is not in that very call on that very file any more, nothing is done to it.

It gets one process out of the queue. The hang itself is not cured by that: who
holds the lock still does. What the process loses depends on the file, and is said
before. For mailboxes.db and user locks, where going on without the lock does harm,
it needs --force.`,
		Args: onePID,
		RunE: f.rescueOne(&o, rescue.Cancel),
	}
	cmd.Flags().BoolVar(&o.Force, "force", false, "even for a lock that is dangerous to do without")
	cmd.Flags().IntVar(&o.Thread, "thread", 0, "whose wait to end, where several threads of a process wait")
	return cmd
}
