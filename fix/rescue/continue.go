package rescue

import (
	"context"
	"fmt"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/fix"
)

// A continuing lets one stopped process run on.
type continuing struct {
	pid    int
	start  uint64
	name   string
	tracer *tracer // nil: nobody traces it
	let    string  // what the tracer did, if it was asked
}

// Continue plans that a process that is stopped runs on: its tracer is asked to let it
// go, and it gets SIGCONT. The error says why it must not be done, and what to do
// instead.
func Continue(ctx context.Context, m Machine, pid int, o Options) (*Rescue, error) {
	if o.Patience <= 0 {
		o.Patience = usualPatience
	}
	r := &Rescue{machine: m, options: o}
	if err := r.neverEnd([]int{pid}); err != nil {
		return nil, err
	}
	var err error
	if r.Before, err = r.look(ctx); err != nil {
		return nil, err
	}
	c := &continuing{pid: pid, name: r.nameOf(pid)}
	if _, c.start, err = readStat(pid); err != nil {
		return nil, fmt.Errorf("process %d: %w", pid, errGone)
	}
	if seen := start(&r.Before, pid); seen != 0 && seen != c.start {
		return nil, fmt.Errorf("process %d: %w", pid, errReused)
	}
	if c.tracer, err = tracerOf(pid, c.name); err != nil {
		return nil, err
	}
	if err := r.mayContinue(c); err != nil {
		return nil, err
	}
	r.planContinue(c)
	return r, r.rests(rootOf(&r.Before, []int{pid}))
}

// nameOf is "imapd 24870", also for a process that the look did not meet.
func (r *Rescue) nameOf(pid int) string {
	if p := r.Before.Process(pid); p != nil {
		return diagnose.Name(*p)
	}
	if name := comm(pid); name != "" {
		return fmt.Sprintf("%s %d", name, pid)
	}
	return fmt.Sprintf("process %d", pid)
}

// mayContinue says why it must not be continued, by the last look and by what it does
// just now.
func (r *Rescue) mayContinue(c *continuing) error {
	byTracer, bySignal := halted(c.pid)
	switch {
	case !byTracer && !bySignal && c.tracer != nil:
		return fmt.Errorf("%s is traced by %s, but it is not stopped: that is not what keeps it", c.name, c.tracer.name)
	case !byTracer && !bySignal:
		return fmt.Errorf("%s: %w: there is nothing to continue", c.name, errNotStopped)
	case byTracer && c.tracer == nil:
		return fmt.Errorf("%s is stopped by a tracer that cannot be seen from here (of another container, or of one of its threads): end that where it runs", c.name)
	case c.tracer != nil && !c.tracer.known && !r.options.Force:
		return fmt.Errorf("%s is in the hands of %s: what that does to it on SIGTERM is not known (gdb and strace let go); quit it where it runs, or say --force", c.name, c.tracer.name)
	}
	if !r.options.Force && rootOf(&r.Before, []int{c.pid}) == nil {
		return notRoot(&r.Before, []int{c.pid})
	}
	return nil
}

func (r *Rescue) planContinue(c *continuing) {
	p := &r.Plan
	p.Kind, p.Title, p.Risk = "continue", "continue "+c.name, "low"
	p.Why = "nobody waits for it: this is done only because --force says so"
	if root := rootOf(&r.Before, []int{c.pid}); root != nil {
		p.Why = evidence.Plural(len(root.Victims), "process waits", "processes wait") + " because of it"
		for _, a := range root.Advice {
			if a.Action == "continue" {
				p.Risk, p.Why = a.Risk, a.Why
			}
		}
	}
	p.What = fmt.Sprintf("SIGCONT: %s runs on from where it was stopped, and nothing of it is lost.", person(&r.Before, c.pid))
	text := "SIGCONT to " + c.name
	if t := c.tracer; t != nil {
		p.What = fmt.Sprintf("SIGTERM to %s, which has %s in its hands and lets it run on. It is never killed: %s could die of a breakpoint that is left.", t.name, c.name, c.name)
		p.Changes = append(p.Changes, fix.Change{Text: fmt.Sprintf("SIGTERM to %s (%s)", t.name, t.title),
			Act: &fix.Act{PID: t.pid, Start: t.start, Do: func(ctx context.Context) (string, error) { return r.dismiss(ctx, c) }}})
		text += ", if a signal has stopped it as well"
		p.Warnings = append(p.Warnings, "Somebody may be at work with "+t.name+": its session ends.")
		if !t.known {
			p.Risk = "some"
			p.Warnings = append(p.Warnings, fmt.Sprintf("What %s does when it gets SIGTERM was not tried: %s may end with it.", t.name, c.name))
		}
		if t.more > 0 {
			p.Warnings = append(p.Warnings, fmt.Sprintf("It traces %s, which it lets go, too.", evidence.Plural(t.more, "more process", "more processes")))
		}
	} else {
		p.Warnings = append(p.Warnings, "Who stopped it is not recorded: if it was on purpose, ask first.")
	}
	p.Changes = append(p.Changes, fix.Change{Text: text,
		Act: &fix.Act{PID: c.pid, Start: c.start, Do: func(ctx context.Context) (string, error) { return r.resume(ctx, c) }}})
	r.verify = func(ctx context.Context) (fix.Proof, error) { return r.verifyContinue(ctx, c) }
}
