package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"cyrlock/evidence"
	"cyrlock/fix"
)

// A fixing is what all commands that change something share.
type fixing struct {
	*settings
	dryRun bool
	yes    bool
	asJSON bool
}

func newFix(s *settings) *cobra.Command {
	f := &fixing{settings: s}
	cmd := &cobra.Command{
		Use:   "fix",
		Short: "Do something about a hang: shown before, proved after",
		Long: `fix does something about a hang. Each command shows first what it is going to do,
to whom, and what that costs; asks; writes a receipt before and after each step;
and looks again, for proof. 'cyrlock fix list' shows the receipts, 'cyrlock fix
undo' takes back what can be taken back.

Without a terminal nothing is done unless --yes says so. Receipts and the audit log
are in /var/lib/cyrlock, which only root can read (docs/fixes.md).`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("%q: no such command", args[0])}
			}
			return usageError{errors.New("say what to do: continue, end, cancel, rejoin, source, shim, list or undo")}
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	flags := cmd.PersistentFlags()
	flags.BoolVar(&f.dryRun, "dry-run", false, "show what would be done, and do nothing")
	flags.BoolVar(&f.yes, "yes", false, "do it without asking")
	flags.BoolVar(&f.asJSON, "json", false, "plan, receipt and proof as JSON (docs/fixes.md)")
	cmd.AddCommand(newFixContinue(f), newFixEnd(f), newFixCancel(f), newFixRejoin(f), newFixSource(f), newFixShim(f), newFixList(f), newFixUndo(f))
	return cmd
}

// A result is what fix commands print as JSON.
type result struct {
	Plan    *fix.Plan    `json:"plan,omitempty"` // only where nothing was done
	Receipt *fix.Receipt `json:"receipt,omitempty"`
	Proof   *fix.Proof   `json:"proof,omitempty"`
	Error   string       `json:"error,omitempty"`
}

// do shows a plan, asks, carries it out, and has it proved. Without success the
// command has failed, and so it has if the proof is not good.
func (f *fixing) do(cmd *cobra.Command, prepared fix.Prepared) error {
	p := prepared.Plan
	out := cmd.OutOrStdout()
	if len(p.Changes) == 0 || f.dryRun {
		if f.asJSON {
			return writeJSON(out, result{Plan: &p})
		}
		return writePlan(out, p)
	}
	preview := out
	if f.asJSON { // who is asked has to know what
		preview = cmd.ErrOrStderr()
	}
	if !f.asJSON || !f.yes {
		if err := writePlan(preview, p); err != nil {
			return err
		}
	}
	if err := f.agreed(cmd, p.Word()); err != nil {
		return f.refused(out, err)
	}
	l, err := f.ledger()
	if err != nil {
		return f.refused(out, err)
	}
	r, err := l.Carry(cmd.Context(), prepared, nil)
	return errors.Join(f.say(out, r, err), err)
}

// refused is for what was not even begun.
func (f *fixing) refused(out io.Writer, err error) error {
	if f.asJSON {
		return errors.Join(writeJSON(out, result{Error: evidence.Clean(err.Error())}), err)
	}
	return err
}

// say prints what was done.
func (f *fixing) say(out io.Writer, r fix.Receipt, problem error) error {
	if f.asJSON {
		all := result{Receipt: &r, Proof: r.Proof}
		if problem != nil {
			all.Error = evidence.Clean(problem.Error())
		}
		if r.ID == 0 {
			all.Receipt = nil
		}
		if err := writeJSON(out, all); err != nil {
			return err
		}
	} else if r.ID != 0 {
		if err := f.writeReceipt(out, r, problem); err != nil {
			return err
		}
	}
	if problem == nil && r.Proof != nil && !r.Proof.Good {
		return exit(failed)
	}
	return nil
}

// agreed refuses, asks, or was told before.
func (f *fixing) agreed(cmd *cobra.Command, word string) error {
	in, ok := cmd.InOrStdin().(*os.File)
	switch {
	case f.readOnly:
		return errors.New("--read-only: nothing is changed; --dry-run shows what would be")
	case f.yes:
		return nil
	case !ok || !term.IsTerminal(in.Fd()):
		return usageError{errors.New("nothing was done, for there is no terminal to ask at: --yes does it without asking, --dry-run only shows it")}
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "\nType %s to do it, anything else not to: ", word)
	answer := make(chan string, 1)
	go func() { // who waits for it is asked no more when cyrlock ends
		line, _ := bufio.NewReader(in).ReadString('\n')
		answer <- line
	}()
	select {
	case line := <-answer:
		if strings.TrimSpace(line) == word {
			return nil
		}
		if !strings.HasSuffix(line, "\n") {
			fmt.Fprintln(cmd.ErrOrStderr())
		}
	case <-cmd.Context().Done():
		fmt.Fprintln(cmd.ErrOrStderr())
	}
	return errors.New("nothing was done")
}
