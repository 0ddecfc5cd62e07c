package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cyrlock/diagnose"
	"cyrlock/fix"
	"cyrlock/fix/rescue"
	"cyrlock/fix/shim"
	"cyrlock/fix/source"
	"cyrlock/fix/timedlock"
	"cyrlock/ui"
	"cyrlock/ui/scene"
)

// ledger is where receipts are.
func (s *settings) ledger() (fix.Ledger, error) {
	if s.state == "" {
		return fix.Usual()
	}
	return fix.Ledger{Dir: s.state}, nil
}

// typed is a command about receipts as it has to be typed to find these.
func (s *settings) typed(command string) string {
	if s.state == "" {
		return command
	}
	return command + " --state " + scene.Quote(s.state)
}

// A fixer does for the screens what the commands of fix do, as they do it unless
// they are told otherwise.
type fixer struct {
	*settings
	machine *turns
	ledger  fix.Ledger
	only    bool // it is practice: nothing is installed
}

// practice is the label of incidents that cyrlock has made itself.
const practice = "lab"

// Prepare makes the plan of an advice.
func (f fixer) Prepare(ctx context.Context, a diagnose.Advice, dir string) (fix.Prepared, error) {
	plan := map[string]func() (*rescue.Rescue, error){
		"end":      func() (*rescue.Rescue, error) { return rescue.End(ctx, f.machine, a.PIDs, f.options(a)) },
		"cancel":   f.one(ctx, a, rescue.Cancel),
		"continue": f.one(ctx, a, rescue.Continue),
		"rejoin":   f.one(ctx, a, rescue.Rejoin),
	}[a.Action]
	switch {
	case plan != nil:
		r, err := plan()
		if err != nil {
			return fix.Prepared{}, err
		}
		return provable(r), nil
	case a.Action == "shim" && f.only:
		return fix.Prepared{}, errors.New("this hang is practice, and this machine is left as it is: on a mail server, cyrlock fix shim install")
	case a.Action == "shim":
		plan, err := f.installation(ctx)
		return fix.Prepared{Plan: plan}, err
	case a.Action == "source":
		return f.patch(dir)
	}
	return fix.Prepared{}, fmt.Errorf("%s: cyrlock does not do that itself", a.Action)
}

// one is a plan about the first process that an advice names.
func (f fixer) one(ctx context.Context, a diagnose.Advice, make rescuer) func() (*rescue.Rescue, error) {
	return func() (*rescue.Rescue, error) {
		if len(a.PIDs) == 0 {
			return nil, errors.New("which process it is about is not known: see cyrlock check")
		}
		return make(ctx, f.machine, a.PIDs[0], f.options(a))
	}
}

// options are those that the command of an advice has.
func (f fixer) options(a diagnose.Advice) rescue.Options {
	return rescue.Options{Threshold: f.threshold, Force: slices.Contains(strings.Fields(a.Command), "--force")}
}

func (f fixer) installation(ctx context.Context) (fix.Plan, error) {
	s := &shimming{fixing: &fixing{settings: f.settings}}
	return s.installation(ctx, "", shim.Options{Schedule: timedlock.Schedule{Maxtime: shim.DefaultMaxtime, Hybrid: true}})
}

func (f fixer) patch(dir string) (fix.Prepared, error) {
	tree, err := source.Read(dir)
	if err != nil {
		return fix.Prepared{}, err
	}
	make := func(t *source.Tree) (fix.Plan, error) {
		return t.Plan(source.Options{Schedule: timedlock.Schedule{Maxtime: 99, Hybrid: true}})
	}
	p, err := make(tree)
	return fix.Prepared{Plan: p, Verify: func(context.Context, fix.Receipt) (fix.Proof, error) { return readAgain(dir, make) }}, err
}

func (f fixer) Carry(ctx context.Context, p fix.Prepared, each func(fix.Receipt)) (fix.Receipt, error) {
	return f.ledger.Carry(ctx, f.machine.noting(p), each)
}

func (f fixer) Undoable(ctx context.Context, id int) (fix.Receipt, error) {
	r, err := f.ledger.Undoable(id)
	switch {
	case errors.Is(err, fix.ErrNone):
		err = fmt.Errorf("nothing was done so far (%s): there is nothing to take back", f.ledger.Dir)
	case err == nil:
		err = stillLoaded(ctx, r)
	}
	return r, err
}

func (f fixer) Undo(ctx context.Context, id int, each func(fix.Receipt)) (fix.Receipt, error) {
	if r, err := f.Undoable(ctx, id); err != nil { // it may be loaded by now
		return r, err
	}
	r, err := f.ledger.Undo(ctx, id, each)
	r.Proof = nil // of what is no more
	return r, err
}

func (f fixer) Receipts() string { return f.ledger.Dir }

func (f fixer) Typed(command string) string { return f.typed(command) }

// mends has a live machine mended by those who look at it; nil where nothing may be
// changed.
func (s *settings) mends(m ui.Machine, label string) (ui.Machine, scene.Fixer) {
	if _, old := m.(recording); old || s.readOnly {
		return m, nil
	}
	shared := &turns{Machine: m, turn: make(chan struct{}, 1), thresholdS: s.threshold.Seconds()}
	l, err := s.ledger()
	if err != nil { // no place for receipts: nothing is done that cannot be noted
		return shared, nil
	}
	return shared, fixer{s, shared, l, label == practice}
}

// provable is a rescue with its proof.
func provable(r *rescue.Rescue) fix.Prepared {
	return fix.Prepared{Plan: r.Plan, Verify: func(ctx context.Context, _ fix.Receipt) (fix.Proof, error) { return r.Verify(ctx) }}
}
