// Package cli is the command line: flags in, text or JSON out, an exit code that
// scripts can trust. It wires the parts together and decides nothing about locks.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/probe"
	"cyrlock/probe/stack"
	"cyrlock/ui"
)

// Exit codes of every command but check, which exits as a monitoring plugin.
const (
	done   = 0
	failed = 1
	usage  = 2
)

// settings are the flags that several commands share.
type settings struct {
	conf      string
	threshold time.Duration
	ascii     bool
	noColor   bool
	plainly   bool // lines and questions, no screen
	readOnly  bool
	log       string // the mail log; empty: it is found
	state     string // folder of the receipts; empty: the usual one
}

// exit is an error that carries its own exit code; the message was shown already.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// A usageError is a mistake in how the command was called.
type usageError struct{ error }

// Main runs one command line and returns its exit code.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	var code exit
	var wrong usageError
	switch {
	case err == nil:
		return done
	case errors.As(err, &code):
		return int(code)
	case cmd.Name() == "check": // a plugin's mistakes are UNKNOWN, never OK or CRITICAL
		fmt.Fprintf(stdout, "UNKNOWN: %s\n", evidence.Clean(err.Error()))
		return pluginUnknown
	}
	for _, line := range sentences(err) {
		fmt.Fprintf(stderr, "cyrlock: %s\n", line)
	}
	if errors.As(err, &wrong) || cmd == root {
		fmt.Fprintf(stderr, "see '%s --help'\n", cmd.CommandPath())
		return usage
	}
	return failed
}

func newRoot() *cobra.Command {
	s := &settings{}
	root := &cobra.Command{
		Use:   "cyrlock",
		Short: "Find out who holds the lock that a Cyrus mail server hangs on",
		Long: `cyrlock finds out why a Cyrus IMAP server hangs on a file lock: who holds it,
what that process does, who waits behind it, and what is safe to do. It opens no
file of the mail store; nothing is stopped or attached to unless you ask for it.

Without a command it shows this machine on the screen.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, closeMachine := s.machine(stack.Options{})
			defer closeMachine()
			return s.show(cmd.Context(), m, evidence.Query{}, "")
		},
	}
	flags := root.PersistentFlags()
	flags.StringVar(&s.conf, "conf", "", "imapd.conf of the server (default: found from the running master, else the usual places)")
	flags.DurationVar(&s.threshold, "threshold", diagnose.DefaultThreshold, "a wait older than this counts as hung")
	flags.BoolVar(&s.ascii, "ascii", false, "no characters outside ASCII")
	flags.BoolVar(&s.noColor, "no-color", false, "no colour (also: NO_COLOR)")
	flags.BoolVar(&s.readOnly, "read-only", false, "refuse all that touches a process or changes anything: only look")
	flags.StringVar(&s.state, "state", "", "folder for the receipts of fixes and the audit log (default: /var/lib/cyrlock; for other users than root their own)")
	flags.BoolVar(&s.plainly, "accessible", false, "lines and questions instead of screens: for screen readers, serial lines, scripts (also: ACCESSIBLE=1)")
	s.takesLog(root)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		s.plainly = s.plainly || wantsPlain(os.Getenv)
		if s.threshold <= 0 {
			return usageError{fmt.Errorf("--threshold %v: a wait is hung after some time above zero, such as 10s", s.threshold)}
		}
		return s.readable()
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newCheck(s), newStack(s), newOpen(s), newFix(s), newLog(s), newDemo(s), newVersion())
	return root
}

// readable refuses a configuration that was named and cannot be read: another
// one in its place would give answers about another server.
func (s *settings) readable() error {
	if s.conf == "" {
		return nil
	}
	f, err := os.Open(s.conf)
	if err != nil {
		return fmt.Errorf("--conf: %w: name the imapd.conf of the server, or leave it out to have it found", err)
	}
	return f.Close()
}

func noArgs(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case cmd.HasParent():
		return usageError{fmt.Errorf("%q: %s takes flags only", args[0], cmd.CommandPath())}
	}
	return usageError{fmt.Errorf("%q: no such command", args[0])}
}

// machine is this machine, with its stacks, and exact ones for who asks for them
// and agrees. The caller closes it.
func (s *settings) machine(o stack.Options) (*probe.Machine, func()) {
	tracer, exact := stack.New(o), stack.New(stack.Options{Stop: true})
	known := probe.Options{Conf: s.conf, Tracer: tracer}
	if !s.readOnly {
		known.Exact = exact
	}
	return probe.New(known), func() { _, _ = tracer.Close(), exact.Close() }
}

// show runs the screens, or talks. The label says what is not live.
func (s *settings) show(ctx context.Context, m ui.Machine, q evidence.Query, label string) error {
	if s.plainly {
		return s.talk(ctx, m, q, label)
	}
	m, fixer := s.mends(m, label)
	// A look keeps every processor busy. With some more to run on, a key need not wait
	// until Go takes one away from it, ten milliseconds at a time.
	runtime.GOMAXPROCS(runtime.NumCPU() + 2)
	return ui.Run(ctx, m, ui.Options{Threshold: s.threshold, Query: q, ASCII: s.ascii, NoColor: s.noColor, ReadOnly: s.readOnly, Fixer: fixer, Log: s.watchLog(label), Save: s.save, Label: label})
}
