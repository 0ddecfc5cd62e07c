package cli

import (
	"errors"
	"fmt"
	"os"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"cyrlock/capture"
	"cyrlock/evidence"
)

func newOpen(s *settings) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "open FILE",
		Short: "The screens on a saved capture, here or on another machine",
		Long: `open shows what was seen when FILE was saved: a capture that the screens wrote,
or the output of 'cyrlock check --json'. Nothing of this machine is looked at, and
the time since then does not count.

Without a terminal, and with --json, it reports as check does. It exits 0 whatever
the verdict was.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("name one capture, or a file with the output of cyrlock check --json")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			snapshot, err := capture.Read(args[0])
			if err != nil {
				return err
			}
			r := recording{snapshot}
			if !cmd.Flags().Changed("threshold") {
				s.threshold = r.threshold()
			}
			if !asJSON && (s.plainly || onTerminal()) {
				return s.show(cmd.Context(), r, r.query(), "recorded")
			}
			report, err := s.look(cmd, r, r.query())
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), report)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "cyrlock: this was seen on %s at %s\n",
				evidence.Clean(snapshot.Host.Name), snapshot.Taken.Format("2006-01-02 15:04:05 -0700"))
			return writeReport(cmd.OutOrStdout(), report, s.plain())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "the evidence and the report as JSON (docs/json.md)")
	return cmd
}

func onTerminal() bool { return term.IsTerminal(os.Stdin.Fd()) && term.IsTerminal(os.Stdout.Fd()) }
