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

// errOver says that there is no reason left.
var errOver = errors.New("nothing was done")

// afresh looks whether there still is reason to end them.
func (r *Rescue) afresh(ctx context.Context, endings []*ending) error {
	report, err := r.look(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", errOver, err)
	}
	var pids []int
	for _, e := range endings {
		pids = append(pids, e.pid)
		if now := start(&report, e.pid); now != 0 && now != e.start {
			return fmt.Errorf("%w: %s: %w", errOver, e.name, errReused)
		}
	}
	r.Before = report
	if err := r.mayEnd(pids); err != nil {
		return fmt.Errorf("%w, for things have changed: %w", errOver, err)
	}
	return nil
}

// hold gets hold of the process if it is the one that was seen.
func (e *ending) hold() (err error) {
	if e.held == nil {
		e.held, err = take(e.pid, e.start)
	}
	return err
}

func (r *Rescue) term(ctx context.Context, e *ending, all []*ending, first bool) (string, error) {
	if err := e.hold(); err != nil {
		return e.gone(err, all)
	}
	if first {
		if err := r.afresh(ctx, all); err != nil {
			return "", err
		}
	}
	if err := e.held.signal(unix.SIGTERM); err != nil {
		return e.gone(err, all)
	}
	e.asked = time.Now()
	return "sent", nil
}

// gone: of several it does not matter if one goes by itself.
func (e *ending) gone(err error, all []*ending) (string, error) {
	if len(all) > 1 && errors.Is(err, errGone) {
		e.notAsked = "it had ended by itself"
		return e.notAsked, nil
	}
	return "", err
}

func (r *Rescue) kill(ctx context.Context, e *ending, all []*ending, first bool) (said string, err error) {
	defer func() {
		if e.held != nil {
			e.held.release()
		}
	}()
	if e.notAsked != "" {
		return "not needed: " + e.notAsked, nil
	}
	if err := e.hold(); err != nil { // it was not asked before
		return e.gone(err, all)
	}
	if first {
		if err := r.afresh(ctx, all); err != nil {
			return "", err
		}
	}
	after := ""
	if !e.asked.IsZero() {
		if e.held.ends(ctx, time.Until(e.asked.Add(r.options.Patience))) {
			return "not needed: it ended " + since(e.asked) + " after SIGTERM", nil
		}
		if err := context.Cause(ctx); err != nil {
			return "", fmt.Errorf("it got SIGTERM and is still there: %w", err)
		}
		report, err := r.look(ctx)
		if err != nil {
			return "", fmt.Errorf("it got SIGTERM and is still there: %w", err)
		}
		if !r.options.Force && rootOf(&report, []int{e.pid}) == nil {
			return "not needed: it runs on, but is in nobody's way any more", nil
		}
		after = ", after " + since(e.asked) + " without an answer to SIGTERM"
	}
	sent := time.Now()
	if err := e.held.signal(unix.SIGKILL); err != nil && !errors.Is(err, errGone) {
		return "", err
	}
	if !e.held.ends(ctx, usualPatience) {
		return "", fmt.Errorf("it got SIGKILL and is still there: it sleeps in the kernel (cat /proc/%d/stack), and goes when that lets it", e.pid)
	}
	return "it ended within " + since(sent) + after, nil
}

func since(t time.Time) string {
	if d := time.Since(t); d < time.Second {
		return fmt.Sprintf("%d ms", max(1, d.Milliseconds()))
	}
	return diagnose.Age(time.Since(t).Seconds())
}

// verifyEnd looks until those who waited go on, or time is up.
func (r *Rescue) verifyEnd(ctx context.Context, endings []*ending) (fix.Proof, error) {
	var pids []int
	for _, e := range endings {
		pids = append(pids, e.pid)
	}
	root := rootOf(&r.Before, pids)
	if root == nil {
		return r.verifyGone(endings), nil
	}
	var proof diagnose.Proof
	last, err := r.until(ctx, func(now diagnose.Report) bool {
		proof = diagnose.Compare(r.Before, now).Proof(*root)
		return proof.Outcome == diagnose.Drained
	})
	return fix.Proof{Taken: last.Taken, Good: proof.Outcome == diagnose.Drained, Sentence: proof.Sentence}, err
}

// verifyGone is for those that nobody waited for.
func (r *Rescue) verifyGone(endings []*ending) fix.Proof {
	p := fix.Proof{Taken: time.Now(), Good: true, Sentence: "It has ended; nobody had waited for it."}
	for _, e := range endings {
		if Runs(e.pid, e.start) {
			p.Good, p.Sentence = false, e.name+" is still there."
		}
	}
	return p
}
