package rescue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/fix"
)

// A fate is what a process does after its wait was ended.
type fate string

const (
	wentOn    fate = "it went on"
	ended     fate = "it ended"
	again     fate = "it asked for the same lock again, and waits again"
	elsewhere fate = "it went on, and waits for another lock now"
)

const (
	fateLimit = 3 * time.Second // a process that works for so long has gone on
	// settled is how long it must sleep in the same call before that counts: on its
	// way it may sleep here and there.
	settled = 100 * time.Millisecond
)

// watch looks at the thread until it is clear what it does.
func (w *wait) watch(ctx context.Context, t *target) fate {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var last call
	since, end := time.Now(), time.Now().Add(fateLimit)
	for {
		if err := t.still(); errors.Is(err, errGone) || errors.Is(err, errReused) {
			return ended
		}
		c, err := readCall(w.pid, w.tid)
		now := time.Now()
		switch {
		case errors.Is(err, errGone): // the thread alone
			return ended
		case err != nil, c != last:
			since, last = now, c
		case now.Sub(since) < settled:
		case !c.waitsForLock():
			return wentOn
		case w.same(c):
			return again
		default:
			return elsewhere
		}
		if now.After(end) {
			return wentOn
		}
		select {
		case <-ctx.Done():
			return wentOn
		case <-tick.C:
		}
	}
}

func (w *wait) same(c call) bool {
	f, err := descriptor(w.tid, c.fd())
	if err != nil {
		return false
	}
	defer f.close()
	return f.on(w.file)
}

// aftermath looks until those who waited behind a wait that was broken off go on, or
// time is up, and says what became of all. The roots are those that are in the way
// of that lock now.
func (r *Rescue) aftermath(ctx context.Context, w *wait, behind []int) (p fix.Proof, roots []diagnose.Root, err error) {
	left := len(behind)
	var doubt string
	last, err := r.until(ctx, func(now diagnose.Report) bool {
		doubt = diagnose.Compare(r.Before, now).Doubt
		left = 0
		for _, pid := range behind {
			if waits(&now, pid) && start(&now, pid) == start(&r.Before, pid) {
				left++
			}
		}
		return left == 0 || w.fate == again
	})
	p = fix.Proof{Taken: last.Taken, Good: w.fate != again, Sentence: w.name + ": " + string(w.fate) + "."}
	switch n := len(behind); {
	case doubt != "":
		p.Good = false
		p.Lines = append(p.Lines, "What became of the others cannot be told: "+doubt+".")
	case n > 0 && left == 0:
		p.Sentence += fmt.Sprintf(" %s behind it drained within %s.", evidence.Plural(n, "waiter", "waiters"), diagnose.Age(last.Taken.Sub(r.Before.Taken).Seconds()))
	case n > 0:
		p.Sentence += fmt.Sprintf(" Of %s behind it %d still wait.", evidence.Plural(n, "waiter", "waiters"), left)
	}
	for _, root := range slices.Concat(last.Roots, last.Aside) {
		if root.Dev == w.file.Dev && root.Ino == w.file.Ino {
			roots = append(roots, root)
		}
	}
	return p, roots, err
}

func goesOn(roots []diagnose.Root) (lines []string) {
	for _, root := range roots {
		lines = append(lines, "The hang itself goes on: "+root.Sentence)
	}
	return lines
}

// verifyCancel says what became of a wait that was ended.
func (r *Rescue) verifyCancel(ctx context.Context, w *wait, behind []int) (fix.Proof, error) {
	p, roots, err := r.aftermath(ctx, w, behind)
	if w.fate == again {
		p.Lines = append(p.Lines, fmt.Sprintf("Cyrus asks twice in some places: once more may do: cyrlock fix cancel %d", w.pid))
	}
	p.Lines = append(p.Lines, goesOn(roots)...)
	return p, err
}

func waits(report *diagnose.Report, pid int) bool {
	return slices.ContainsFunc(report.Files, func(f evidence.File) bool {
		return f.Kind != string(diagnose.Accept) && slices.ContainsFunc(f.Waiters, func(w evidence.Waiter) bool { return w.PID == pid })
	})
}
