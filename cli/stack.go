package cli

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/probe/stack"
)

func newStack(s *settings) *cobra.Command {
	var o stack.Options
	var asJSON bool
	args := yesNo(true)
	cmd := &cobra.Command{
		Use:   "stack PID...",
		Short: "Native backtraces, without stopping anything",
		Long: `stack prints the native backtrace of every thread of the processes, as gdb does,
but without attaching: nothing is stopped, and a waiter keeps its place in the
lock queue. A running thread has no such stack.

With --stop it attaches to each thread for some microseconds and gets an exact
one. That makes a lock waiter ask again, and those that queue behind it: places
in the queue are lost, and wait times start anew.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("name one pid or more")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, words []string) error {
			pids, err := parsePIDs(words)
			if err != nil {
				return err
			}
			if o.Stop && s.readOnly {
				return usageError{errors.New("--stop attaches, --read-only forbids it: choose one")}
			}
			o.NoArgs = !bool(args)
			m, closeMachine := s.machine(o)
			defer closeMachine()
			processes, gaps := m.Processes(cmd.Context(), pids)
			seen := diagnose.Annotate(evidence.Snapshot{Processes: processes})
			out := cmd.OutOrStdout()
			if asJSON {
				err = writeJSON(out, seen.Processes)
			} else {
				err = writeProcesses(out, seen.Processes, s.plain())
			}
			missed := false
			for _, g := range gaps {
				about := g.What
				if g.PID != 0 { // of the machine as a whole, no stack is missed
					about, missed = fmt.Sprintf("%d: %s", g.PID, g.What), true
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "cyrlock: %s: %s\n", about, evidence.Clean(g.Why))
			}
			if missed {
				err = errors.Join(err, exit(failed))
			}
			return err
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.Stop, "stop", false, "attach for an exact stack (stops each thread for some microseconds)")
	f.Var(&args, "args", "print the arguments: yes or no")
	f.BoolVar(&o.LibcLines, "libc-lines", false, "source lines of the C library too, where its debug file is installed")
	f.BoolVar(&asJSON, "json", false, "an array of processes as in check --json")
	return cmd
}

// A yesNo is a flag that is on unless it is told no.
type yesNo bool

func (v *yesNo) String() string {
	if *v {
		return "yes"
	}
	return "no"
}

func (v *yesNo) Type() string { return "yes|no" }

func (v *yesNo) Set(s string) error {
	switch s {
	case "yes", "true":
		*v = true
	case "no", "false":
		*v = false
	default:
		return errors.New("say yes or no")
	}
	return nil
}

func parsePIDs(words []string) ([]int, error) {
	var pids []int
	for _, w := range words {
		pid, err := strconv.Atoi(w)
		if err != nil || pid <= 0 {
			return nil, usageError{fmt.Errorf("%q is not a pid: give numbers such as 24876", w)}
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

func writeProcesses(out io.Writer, processes []evidence.Process, m marks) error {
	var b strings.Builder
	for i, p := range processes {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s  %s\n", diagnose.Name(p), evidence.Clean(p.Title))
		for _, t := range p.Threads {
			if len(p.Threads) > 1 {
				fmt.Fprintf(&b, " thread %d  %s\n", t.TID, t.Syscall)
			}
			writeFrames(&b, t.Frames, m)
			if t.StopUS > 0 {
				fmt.Fprintf(&b, "  stopped for %.0f microseconds, and let go\n", t.StopUS)
			}
			if t.Error != "" {
				fmt.Fprintf(&b, "  %s\n", evidence.Clean(t.Error))
			}
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// writeFrames writes a stack as gdb does, with a remark where a frame matters.
func writeFrames(b *strings.Builder, frames []evidence.Frame, m marks) {
	for i, f := range frames {
		fmt.Fprintf(b, "  #%-2d %s", i, frameName(f))
		if !f.Signal && f.Func != "" {
			b.WriteString(" (" + frameArgs(f.Args) + ")")
		}
		if loc := diagnose.Location(f); loc != "" && !f.Signal {
			at := " at "
			if f.File == "" {
				at = " from "
			}
			b.WriteString(at + loc)
		}
		if f.Inlined {
			b.WriteString(" [inlined]")
		}
		if f.How == "guess" {
			b.WriteString(" [a guess]")
		}
		if r := diagnose.Remark(f); r != "" {
			fmt.Fprintf(b, "  %s %s", m.here, r)
		}
		b.WriteString("\n")
	}
}

// frameName: without a symbol, what a person needs to find one.
func frameName(f evidence.Frame) string {
	if f.Func != "" {
		return evidence.Clean(f.Func)
	}
	name := fmt.Sprintf("%s in ?? +%s", f.PC, f.Offset)
	if f.BuildID != "" {
		name += " build-id " + f.BuildID
	}
	return name
}

func frameArgs(args []evidence.Arg) string {
	var s []string
	for _, a := range args {
		s = append(s, evidence.Clean(a.Name)+"="+evidence.Clean(a.Value))
	}
	return strings.Join(s, ", ")
}
