package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"cyrlock/evidence"
	"cyrlock/fix"
	"cyrlock/fix/shim"
	"cyrlock/fix/timedlock"
	"cyrlock/probe/cyrus"
)

// A shimming is what the three commands of fix shim share.
type shimming struct {
	*fixing
	dir string
}

func newFixShim(f *fixing) *cobra.Command {
	s := &shimming{fixing: f}
	cmd := &cobra.Command{
		Use:   "shim",
		Short: "A time limit on lock waits for a Cyrus that cannot be built anew",
		Long: `shim has the loader put a small library before libc in the processes of Cyrus. Then a
wait for the lock on a seen file ends with an error after some minutes, instead of
never. It contains a hang, and cures none. Other files, other locks and
other programs are left alone (docs/fixes.md).

It takes a restart of Cyrus to come into force, and another one to be gone.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("%q: no such command", args[0])}
			}
			return usageError{errors.New("say what to do: install, verify or remove")}
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	cmd.PersistentFlags().StringVar(&s.dir, "dir", "", "folder of the library, in which only root can write (default: "+shim.Usual().Dir+")")
	cmd.AddCommand(newShimInstall(s), newShimVerify(s), newShimRemove(s))
	return cmd
}

func newShimInstall(s *shimming) *cobra.Command {
	o := shim.Options{Schedule: timedlock.Schedule{Maxtime: shim.DefaultMaxtime}}
	var unit, paths, programs, accept string
	schedule := "hybrid"
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Put the library in its place, and have it loaded from the next start on",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch schedule {
			case "hybrid", "quadratic":
				o.Schedule.Hybrid = schedule == "hybrid"
			default:
				return usageError{fmt.Errorf("--schedule %q: say hybrid or quadratic", schedule)}
			}
			o.Paths, o.Programs, o.Accept = split(paths, ":"), split(programs, ":"), split(accept, ",")
			plan, err := s.installation(cmd.Context(), unit, o)
			if err != nil {
				return err
			}
			return s.do(cmd, fix.Prepared{Plan: plan})
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.Schedule.Maxtime, "maxtime", o.Schedule.Maxtime, "the longest single sleep, in seconds; 99 gives up after 285 s, 17 after 30 s")
	f.StringVar(&schedule, "schedule", schedule, "hybrid: wait in the kernel's queue between the tries; quadratic: sleep, as the first patch did")
	f.StringVar(&paths, "paths", strings.Join(shim.SeenFiles(), ":"), "the files whose locks get a limit: patterns with colons between them; * is anything, slashes too")
	f.StringVar(&programs, "programs", "", "programs of Cyrus besides those that are found: patterns likewise")
	f.StringVar(&accept, "accept", "", "allow what is dangerous, in so many words: "+dangers())
	f.StringVar(&unit, "unit", "", "the service of systemd that starts Cyrus (default: the one that did)")
	f.BoolVar(&o.Replace, "replace", false, "take the place of a library of another version")
	return cmd
}

// installation finds the server and the library, and plans.
func (s *shimming) installation(ctx context.Context, unit string, o shim.Options) (fix.Plan, error) {
	server, err := s.server(ctx)
	if err != nil {
		return fix.Plan{}, err
	}
	library, err := shimLibrary(ctx)
	if err != nil {
		return fix.Plan{}, err
	}
	return s.place().Install(library, server, unit, o)
}

func newShimVerify(s *shimming) *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Prove, process by process, that the library is loaded and at work",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := s.server(cmd.Context())
			if err != nil {
				return err
			}
			if server.Master == 0 {
				return errors.New("no Cyrus is running: start it, or name its imapd.conf with --conf")
			}
			checks := shim.Verify(cmd.Context(), procfs{}, server)
			proof, wrong := shim.Proof(checks), s.place().Sound(checks)
			proof.Good = proof.Good && len(wrong) == 0
			out := cmd.OutOrStdout()
			if s.asJSON {
				err = writeJSON(out, verified{proof, wrong, checks})
			} else {
				err = writeVerified(out, proof, wrong)
			}
			if err == nil && !proof.Good {
				err = exit(failed)
			}
			return err
		},
	}
}

func newShimRemove(s *shimming) *cobra.Command {
	return &cobra.Command{
		Use:   "remove",
		Short: "Take it out again",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			plan, err := s.place().Remove(cmd.Context(), procfs{})
			if err != nil {
				return err
			}
			return s.do(cmd, fix.Prepared{Plan: plan})
		},
	}
}

// verified is what verify prints as JSON.
type verified struct {
	Proof     fix.Proof    `json:"proof"`
	Wrong     []string     `json:"wrong,omitempty"` // with what is installed
	Processes []shim.Check `json:"processes"`
}

func writeVerified(out io.Writer, p fix.Proof, wrong []string) error {
	var b strings.Builder
	fmt.Fprintln(&b, p.Sentence)
	for _, w := range wrong {
		fmt.Fprintf(&b, "  wrong: %s\n", evidence.Clean(w))
	}
	for _, line := range p.Lines {
		fmt.Fprintf(&b, "  %s\n", evidence.Clean(line))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (s *shimming) place() shim.Place {
	p := shim.Usual()
	if s.dir != "" {
		p.Dir = s.dir
	}
	return p
}

// server finds the Cyrus of this machine; one without a master if none runs.
func (s *shimming) server(ctx context.Context) (shim.Server, error) {
	found, _ := cyrus.Find(ctx, s.conf, nil)
	known := found.Evidence()
	options, _ := cyrus.Settings(ctx, known.Conf)
	return shim.Find(ctx, procfs{}, known, func(name string) string { return options[name].Value })
}

// shimLibrary is the library that this program carries, or one made here.
func shimLibrary(ctx context.Context) (shim.Library, error) {
	l, err := shim.Built()
	if errors.Is(err, shim.ErrNotBuilt) {
		made, failed := shim.Compile(ctx, "")
		if failed == nil {
			return made, nil
		}
		err = fmt.Errorf("%w, and here there is %w", err, failed)
	}
	return l, err
}

// stillLoaded refuses to undo an installation whose library is in use: what those
// processes start would not find it, and say so to their clients.
func stillLoaded(ctx context.Context, r fix.Receipt) error {
	if r.Plan.Kind != "shim" {
		return nil
	}
	pids, err := shim.InUse(ctx, procfs{}, r.Plan)
	if err == nil && len(pids) > 0 {
		err = fmt.Errorf("receipt %d: %s the library loaded, %d among them: 'cyrlock fix shim remove' takes out what can go now, and the library after the restart", r.ID, evidence.Plural(len(pids), "process has", "processes have"), pids[0])
	}
	return err
}

func dangers() string {
	var words []string
	for _, d := range shim.Dangers() {
		words = append(words, d.Word)
	}
	return strings.Join(words, ", ")
}

// split parts a list; an empty one has no parts.
func split(list, separator string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, separator)
}
