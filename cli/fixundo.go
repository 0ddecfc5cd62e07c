package cli

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"cyrlock/evidence"
	"cyrlock/fix"
	"cyrlock/fix/rescue"
)

func newFixUndo(f *fixing) *cobra.Command {
	return &cobra.Command{
		Use:   "undo [RECEIPT]",
		Short: "Take back what a receipt says was done; without a number the last that can be",
		Long: `undo takes back the changes to files that a receipt tells of, the last first. What
somebody has changed since is left alone. After an apply that was broken off it
finds out which steps took effect. What was done to a process stays done.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{errors.New("one receipt at a time: see cyrlock fix list")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			id := 0
			if len(args) == 1 {
				var err error
				if id, err = strconv.Atoi(args[0]); err != nil || id <= 0 {
					return usageError{fmt.Errorf("%q is not the number of a receipt: see cyrlock fix list", args[0])}
				}
			}
			return f.undo(cmd, id)
		},
	}
}

func (f *fixing) undo(cmd *cobra.Command, id int) error {
	out := cmd.OutOrStdout()
	l, err := f.ledger()
	if err != nil {
		return f.refused(out, err)
	}
	r, err := l.Undoable(id)
	if err == nil {
		err = stillLoaded(cmd.Context(), r)
	}
	if err != nil {
		return f.refused(out, err)
	}
	if f.dryRun && f.asJSON {
		return writeJSON(out, result{Receipt: &r})
	}
	if !f.asJSON {
		if err := writeUndo(out, r); err != nil || f.dryRun {
			return err
		}
	}
	if err := f.agreed(cmd, "UNDO"); err != nil {
		return f.refused(out, err)
	}
	r, err = l.Undo(cmd.Context(), r.ID, nil)
	r.Proof = nil // of what is no more
	return errors.Join(f.say(out, r, err), err)
}

// writeUndo is the preview of an undo.
func writeUndo(out io.Writer, r fix.Receipt) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Undo receipt %d\n", r.ID)
	writeSaid(&b, planWords().Undoing(r), columns(out))
	_, err := io.WriteString(out, b.String())
	return err
}

func newFixList(f *fixing) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "What was done, receipt by receipt",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := f.ledger()
			if err != nil {
				return err
			}
			list, err := l.List()
			out := cmd.OutOrStdout()
			if f.asJSON {
				if list == nil {
					list = []fix.Receipt{}
				}
				return errors.Join(writeJSON(out, list), err)
			}
			return errors.Join(f.writeReceipts(out, l, list), err)
		},
	}
}

// writeTargets says what is there still of processes to which something was perhaps
// done.
func writeTargets(b *strings.Builder, r fix.Receipt) {
	told := map[int]bool{}
	for _, c := range r.Plan.Changes {
		if c.Act == nil || told[c.Act.PID] {
			continue
		}
		told[c.Act.PID] = true
		what := "has ended"
		if rescue.Runs(c.Act.PID, c.Act.Start) {
			what = "is there"
		}
		fmt.Fprintf(b, "  now        process %d %s\n", c.Act.PID, what)
	}
}

// writeReceipts is one line for each receipt, and more for one that was broken off.
func (s *settings) writeReceipts(out io.Writer, l fix.Ledger, list []fix.Receipt) error {
	var b strings.Builder
	if len(list) == 0 {
		fmt.Fprintf(&b, "Nothing was done so far (%s).\n", evidence.Clean(l.Dir))
	}
	for _, r := range list {
		fmt.Fprintf(&b, "%4d  %s  %-11s  %s\n", r.ID, r.Began.Format("2006-01-02 15:04:05"), r.State, evidence.Clean(r.Plan.Title))
		switch {
		case r.State == fix.Interrupted:
			fmt.Fprintf(&b, "      cyrlock was broken off; how far it came:\n")
			writeSaid(&b, planWords().Steps(r), 0)
			writeTargets(&b, r)
		case r.Error != "":
			for _, line := range strings.Split(r.Error, "\n") { // of several errors
				fmt.Fprintf(&b, "      %s\n", evidence.Clean(line))
			}
		case r.Proof != nil:
			fmt.Fprintf(&b, "      %s\n", evidence.Clean(r.Proof.Sentence))
		}
		if r.CanUndo() {
			fmt.Fprintf(&b, "      to take it back: %s\n", s.typed(fmt.Sprintf("cyrlock fix undo %d", r.ID)))
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}
