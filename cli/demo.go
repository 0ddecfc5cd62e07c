package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/lab"
	"cyrlock/probe/stack"
)

func newDemo(s *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "A real, harmless hang on this machine, and cyrlock on it",
		Long: `demo compiles and starts a small mail server stand-in that really hangs as in
John Wade's report: one imapd holds jwade's seen file and writes to a client
that stopped reading; other imapds and lmtpds wait behind it. It opens the
screens on it, and ends all that it started when you quit. Without a terminal it
runs check on it. Without a C compiler it shows a recorded incident.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.demo(cmd) },
	}
	s.takesLog(cmd)
	return cmd
}

func (s *settings) demo(cmd *cobra.Command) (err error) {
	out := cmd.OutOrStdout()
	incident, err := lab.Start(cmd.Context(), lab.Seed)
	if errors.Is(err, lab.ErrNoCompiler) {
		return s.recordedDemo(cmd)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, incident.Stop()) }()
	live := *s
	live.conf, live.threshold = incident.Conf, demoThreshold
	if live.state == "" { // it goes with the incident
		live.state = filepath.Join(incident.Dir, "state")
	}
	m, closeMachine := live.machine(stack.Options{})
	defer closeMachine()
	q := evidence.Query{File: incident.Seen, Openers: true}
	if s.plainly {
		if _, err := live.ripe(cmd, m, q); err != nil { // nobody looks again by himself there
			return err
		}
	}
	if s.plainly || onTerminal() {
		return live.show(cmd.Context(), m, q, practice)
	}
	fmt.Fprintf(out, "No terminal: this is 'cyrlock check' on the demo incident in %s.\n\n", incident.Dir)
	return live.report(cmd, m, q)
}

// demoThreshold: the incident is known to be a hang, so it need not grow old
// before it is called one.
const demoThreshold = 100 * time.Millisecond

// demoPatience bounds the looking: whatever is seen by then is reported.
const demoPatience = 5 * time.Second

// recordedDemo shows what was seen when the same incident ran on another machine.
func (s *settings) recordedDemo(cmd *cobra.Command) error {
	snapshot, err := lab.Recorded(lab.Seed)
	if err != nil {
		return err
	}
	old := *s
	old.threshold = demoThreshold
	if s.plainly || onTerminal() {
		return old.show(cmd.Context(), recording{snapshot}, evidence.Query{}, "recorded")
	}
	fmt.Fprint(cmd.OutOrStdout(), "No C compiler (cc) on this machine, and no terminal: this is 'cyrlock check' on a RECORDED incident.\n\n")
	return old.report(cmd, recording{snapshot}, evidence.Query{})
}

// report looks until the hang has the age of one, and reports it.
func (s *settings) report(cmd *cobra.Command, m looker, q evidence.Query) error {
	r, err := s.ripe(cmd, m, q)
	if err != nil {
		return err
	}
	return writeReport(cmd.OutOrStdout(), r, s.plain())
}

// ripe looks until the hang has the age of one, and the next look says the same: while
// its client's buffers still grow, who writes to it runs now and then.
func (s *settings) ripe(cmd *cobra.Command, m looker, q evidence.Query) (diagnose.Report, error) {
	deadline := time.Now().Add(demoPatience)
	for hung := 0; ; {
		r, err := s.look(cmd, m, q)
		if hung++; err == nil && r.Verdict != diagnose.Hung {
			hung = 0
		}
		if err != nil || hung == 2 || time.Now().After(deadline) {
			return r, err
		}
	}
}
