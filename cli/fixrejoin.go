package cli

import (
	"github.com/spf13/cobra"

	"cyrlock/fix/rescue"
)

func newFixRejoin(f *fixing) *cobra.Command {
	var o rescue.Options
	cmd := &cobra.Command{
		Use:   "rejoin PID",
		Short: "Have a process ask again for a lock that nobody seems to hold",
		Long: `rejoin makes a process leave the lock call that it waits in, and make the same call
again: where the kernel had failed to wake it, it then gets the lock. The process is
stopped for microseconds and notices nothing; if it is not in that very call on that
very file any more, nothing is done to it.

It loses its place in the queue, and the evidence of a lost wake-up is gone then: it
is saved before. Where somebody has the lock it helps nothing and needs --force.`,
		Args: onePID,
		RunE: f.rescueOne(&o, rescue.Rejoin),
	}
	cmd.Flags().BoolVar(&o.Force, "force", false, "even if nothing speaks for a lost wake-up")
	cmd.Flags().IntVar(&o.Thread, "thread", 0, "which one is to ask again, where several threads of a process wait")
	return cmd
}
