package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"cyrlock/fix"
	"cyrlock/fix/source"
	"cyrlock/fix/timedlock"
)

func newFixSource(f *fixing) *cobra.Command {
	o := source.Options{Schedule: timedlock.Schedule{Maxtime: 99}}
	schedule := "hybrid"
	var apply, undo bool
	cmd := &cobra.Command{
		Use:   "source DIR",
		Short: "A time limit on lock waits in the source of Cyrus: a patch for any release from 2.0.16 on",
		Long: `source replaces the one call that waits in lock_reopen (lock_reopen_ex) by one that
gives up after some minutes, as John Wade's patch did. It contains a hang, and cures
none. DIR is the top folder of an unpacked Cyrus source tree.

Without --apply nothing is changed: a diff for patch -p1 goes to standard output, and
what it does to this release to standard error:

    cyrlock fix source cyrus-imapd-3.6.1 > timedlock.patch`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("name one folder: the top of a Cyrus source tree")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			switch {
			case schedule != "hybrid" && schedule != "quadratic":
				return usageError{fmt.Errorf("--schedule %q: say hybrid or quadratic", schedule)}
			case apply && undo:
				return usageError{errors.New("--apply puts it in, --undo takes it out: choose one")}
			}
			o.Hybrid = schedule == "hybrid"
			if err := o.Valid(); err != nil {
				return usageError{fmt.Errorf("--maxtime: %w", err)}
			}
			tree, err := source.Read(args[0])
			if err != nil {
				return err
			}
			make := func(t *source.Tree) (fix.Plan, error) { return t.Plan(o) }
			if undo {
				make = (*source.Tree).PlanUndo
			}
			p, err := make(tree)
			if err != nil {
				return err
			}
			if !apply && !undo && !f.asJSON {
				return printPatch(cmd.OutOrStdout(), cmd.ErrOrStderr(), p)
			}
			if !apply && !undo {
				return writeJSON(cmd.OutOrStdout(), result{Plan: &p})
			}
			if !f.dryRun {
				p = withoutDiffs(p) // hundreds of lines between what matters and the question
			}
			return f.do(cmd, fix.Prepared{Plan: p, Verify: func(context.Context, fix.Receipt) (fix.Proof, error) { return readAgain(args[0], make) }})
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&o.Maxtime, "maxtime", o.Maxtime, "the longest single sleep, in seconds; 99 gives up after 285 s, 17 after 30 s")
	flags.StringVar(&schedule, "schedule", schedule, "hybrid: wait in the kernel's queue between the tries; quadratic: sleep, as the first patch did")
	flags.BoolVar(&o.AlsoShared, "also-shared", false, "2.5 and later: the locks of lock_shared (lock_setlock) too, which has dangers")
	flags.BoolVar(&apply, "apply", false, "change the tree")
	flags.BoolVar(&undo, "undo", false, "take the timed lock out again, byte for byte")
	return cmd
}

// printPatch keeps what a program reads apart from what a person does.
func printPatch(out, words io.Writer, p fix.Plan) error {
	for _, c := range p.Changes {
		if _, err := io.WriteString(out, c.File.Diff); err != nil {
			return err
		}
	}
	return writePlan(words, withoutDiffs(p))
}

func withoutDiffs(p fix.Plan) fix.Plan {
	changes := make([]fix.Change, len(p.Changes))
	for i, c := range p.Changes {
		f := *c.File
		f.Diff = ""
		changes[i] = fix.Change{Text: c.Text, File: &f}
	}
	p.Changes = changes
	return p
}

// readAgain is the proof: the same plan has nothing left to do.
func readAgain(dir string, plan func(*source.Tree) (fix.Plan, error)) (fix.Proof, error) {
	proof := fix.Proof{Taken: time.Now(), Sentence: "The files are not what was to be written."}
	tree, err := source.Read(dir)
	if err != nil {
		return proof, err
	}
	p, err := plan(tree)
	if err != nil {
		return proof, err
	}
	if proof.Good = len(p.Changes) == 0; proof.Good {
		proof.Sentence = "Read again, the files are what was to be written."
		proof.Lines = []string{"Build, install, and start Cyrus anew: what runs already keeps the old code."}
	}
	return proof, nil
}
