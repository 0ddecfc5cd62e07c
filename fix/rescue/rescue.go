// Package rescue makes the plans that get a server going again that hangs now: to end
// the process that everybody waits for, or to let it run on where it was stopped; to
// end one wait, or to have it begin anew.
//
// It acts on what was seen, and on nothing else: before each step it looks whether
// the process, the lock and the reason are still those of the plan, and does nothing
// if they are not. A signal goes to the very process that was meant; a thread is
// stopped for microseconds and never left stopped, not even if cyrlock is killed.
package rescue

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/fix"
)

// A Machine can be looked at: package probe has one.
type Machine interface {
	Look(context.Context, evidence.Query) (evidence.Snapshot, error)
}

// Options say how far to go.
type Options struct {
	// Force overrides a refusal that is about risk: work that may be left half
	// done, a lock that is dangerous to do without, a process that is in nobody's
	// way. What is refused for other reasons stays refused.
	Force     bool
	Threshold time.Duration // as in diagnose.Options
	Patience  time.Duration // after TERM; 0: 5 s
	Thread    int           // whose wait it is about, where several threads of a process wait; 0: the only one
}

// A Rescue is a plan with what it takes to prove it.
type Rescue struct {
	Plan   fix.Plan
	Before diagnose.Report // the look that the plan rests on; at last the one just before it was carried out

	machine Machine
	options Options
	verify  func(context.Context) (fix.Proof, error)
}

// Verify looks again and says what became of those who waited. It may be called
// once the plan was carried out, whether with success or not.
func (r *Rescue) Verify(ctx context.Context) (fix.Proof, error) { return r.verify(ctx) }

// lookLimit bounds a look. Each single read has its own, shorter limit.
const lookLimit = 30 * time.Second

func (r *Rescue) look(ctx context.Context) (diagnose.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	s, err := r.machine.Look(ctx, evidence.Query{})
	if err != nil {
		return diagnose.Report{}, fmt.Errorf("look at this machine: %w", err)
	}
	return diagnose.Diagnose(s, diagnose.Options{Threshold: r.options.Threshold}), nil
}

// rests puts the evidence into the plan.
func (r *Rescue) rests(root *diagnose.Root) error {
	r.Plan.Basis = fix.Rests(r.Before, root)
	text, err := json.MarshalIndent(r.Before.Snapshot, "", " ")
	r.Plan.Capture = text
	return err
}

// proofLimit is how long those who waited may take to go on.
const proofLimit = 5 * time.Second

// proofEvery is the pause between two looks for a proof.
const proofEvery = 50 * time.Millisecond

// until looks until the looks show what is wanted, or time is up; the last look
// counts.
func (r *Rescue) until(ctx context.Context, enough func(diagnose.Report) bool) (last diagnose.Report, err error) {
	end := time.Now().Add(proofLimit)
	for {
		if last, err = r.look(ctx); err != nil || enough(last) || time.Now().After(end) {
			return last, err
		}
		select {
		case <-ctx.Done():
			return last, context.Cause(ctx)
		case <-time.After(proofEvery):
		}
	}
}

// person is a process with whom it serves: "imapd 24870 (serves jwade from 192.0.2.3)".
func person(r *diagnose.Report, pid int) string {
	p := r.Process(pid)
	if p == nil {
		return fmt.Sprintf("process %d", pid)
	}
	out := diagnose.Name(*p)
	var whom []string
	if p.User != "" {
		whom = append(whom, p.User)
	}
	if p.Client != "" {
		whom = append(whom, "from "+p.Client)
	}
	if len(whom) > 0 {
		out += " (serves " + evidence.Clean(strings.Join(whom, " ")) + ")"
	}
	return out
}

func start(r *diagnose.Report, pid int) uint64 {
	if p := r.Process(pid); p != nil {
		return p.Start
	}
	return 0
}
