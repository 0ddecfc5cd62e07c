package rescue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"cyrlock/diagnose"
	"cyrlock/fix"
)

// afreshFor looks whether there still is reason to continue it, and whether it is in
// the same hands.
func (r *Rescue) afreshFor(ctx context.Context, c *continuing) error {
	report, err := r.look(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", errOver, err)
	}
	now := *c
	if now.tracer, err = tracerOf(c.pid, c.name); err == nil && (now.tracer == nil) != (c.tracer == nil) || err == nil && c.tracer != nil && now.tracer.pid != c.tracer.pid {
		err = fmt.Errorf("%s is in other hands than it was", c.name)
	}
	if err == nil {
		r.Before = report
		err = r.mayContinue(&now)
	}
	if err != nil {
		return fmt.Errorf("%w, for things have changed: %w", errOver, err)
	}
	return nil
}

// dismiss asks the tracer to go.
func (r *Rescue) dismiss(ctx context.Context, c *continuing) (string, error) {
	held, err := take(c.pid, c.start)
	if err != nil {
		return "", fmt.Errorf("%s: %w: nothing was done", c.name, err)
	}
	defer held.release()
	tracer, err := take(c.tracer.pid, c.tracer.start)
	if err != nil {
		return "", fmt.Errorf("%w: nothing was done", err)
	}
	defer tracer.release()
	if err := r.afreshFor(ctx, c); err != nil {
		return "", err
	}
	if !c.tracer.atRest("S") {
		// It is at work, or was stopped in the middle of something.
		err = tracer.signal(unix.SIGCONT)
		if err == nil && !within(ctx, r.options.Patience, func() bool { return c.tracer.atRest("ST") }) {
			return "", fmt.Errorf("%s is at work, and SIGTERM could now make it interrupt %s: nothing was done: try again, or quit it where it runs", c.tracer.name, c.name)
		}
	}
	sent := time.Now()
	if err == nil {
		err = tracer.signal(unix.SIGTERM)
	}
	if err == nil {
		err = tracer.signal(unix.SIGCONT) // to one that is not stopped it does nothing
	}
	if err != nil && !errors.Is(err, errGone) {
		return "", err
	}
	// It may stay for a while itself: strace does with nobody to read its output.
	if !within(ctx, r.options.Patience, func() bool { return !c.tracer.traces(c.pid) }) {
		return "", fmt.Errorf("it got SIGTERM and does not let go of %s: quit it where it runs. It is not killed, for that could kill %s", c.name, c.name)
	}
	c.let = "it let go within " + since(sent)
	return c.let, nil
}

// resume sends SIGCONT, if it is stopped.
func (r *Rescue) resume(ctx context.Context, c *continuing) (string, error) {
	held, err := take(c.pid, c.start)
	switch {
	case c.let != "" && errors.Is(err, errGone): // with its work, as soon as it could
		return "not needed: it ran on, and has ended", nil
	case err != nil:
		return "", fmt.Errorf("%w: nothing was done", err)
	}
	defer held.release()
	if c.let == "" {
		if err := r.afreshFor(ctx, c); err != nil {
			return "", err
		}
	}
	if _, bySignal := halted(c.pid); !bySignal {
		return "not needed: it runs", nil
	}
	if err := held.signal(unix.SIGCONT); err != nil {
		return "", err
	}
	if !within(ctx, time.Second, func() bool {
		_, bySignal := halted(c.pid)
		return !bySignal
	}) {
		return "", errors.New("it got SIGCONT and is still stopped: somebody stops it again and again")
	}
	return "it runs", nil
}

// verifyContinue looks until those who waited go on, or time is up.
func (r *Rescue) verifyContinue(ctx context.Context, c *continuing) (fix.Proof, error) {
	root := rootOf(&r.Before, []int{c.pid})
	if root == nil {
		byTracer, bySignal := halted(c.pid)
		p := fix.Proof{Taken: time.Now(), Good: true, Sentence: c.name + " is not stopped any more; nobody had waited for it."}
		if byTracer || bySignal {
			p.Good, p.Sentence = false, c.name+" is stopped again."
		}
		return p, nil
	}
	var proof diagnose.Proof
	last, err := r.until(ctx, func(now diagnose.Report) bool {
		proof = diagnose.Compare(r.Before, now).Proof(*root)
		return proof.Outcome == diagnose.Drained
	})
	p := fix.Proof{Taken: last.Taken, Good: proof.Outcome == diagnose.Drained, Sentence: proof.Sentence}
	if now := rootOf(&last, []int{c.pid}); !p.Good && now != nil {
		p.Lines = append(p.Lines, "Now: "+now.Sentence)
	}
	return p, err
}
