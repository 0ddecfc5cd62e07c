package rescue

import (
	"context"
	"fmt"
	"slices"

	"cyrlock/diagnose"
	"cyrlock/fix"
)

// Rejoin plans that a thread that waits for a lock leaves the queue and asks again,
// which is all that a lost wake-up takes to be healed. It is for a wait that nobody is
// in the way of; the error says why it must not be done, and what to do instead.
func Rejoin(ctx context.Context, m Machine, pid int, o Options) (*Rescue, error) {
	r, w, err := waiting(ctx, m, pid, o)
	if err != nil {
		return nil, err
	}
	if err := r.stoppable(pid, w.name); err != nil {
		return nil, err
	}
	if err := r.mayRejoin(w); err != nil {
		return nil, err
	}
	w.again = true
	r.planRejoin(w)
	return r, r.rests(rootBehind(&r.Before, pid))
}

// mayRejoin says why it must not ask again, by the last look: where somebody has the
// lock it would only lose its place.
func (r *Rescue) mayRejoin(w *wait) error {
	root := rootBehind(&r.Before, w.pid)
	switch {
	case r.options.Force || root != nil && root.Class == diagnose.LostWakeup:
		return nil
	case root == nil:
		return fmt.Errorf("nothing speaks for it that a wake-up of %s was lost: nothing is done without --force", w.name)
	case root.Class == diagnose.ForeignHolder:
		return fmt.Errorf("who holds the lock that %s waits for is not visible from here: look on other hosts and outside of this container first; to ask again costs it its place in the queue (--force)", w.name)
	}
	return fmt.Errorf("%s waits because somebody holds the lock: to ask again helps nothing, and costs it its place in the queue (--force). %s", w.name, root.Sentence)
}

func (r *Rescue) planRejoin(w *wait) {
	p := &r.Plan
	p.Kind, p.Title, p.Risk = "rejoin", "rejoin "+w.name+" to the queue", "low"
	p.What = fmt.Sprintf("%s leaves its lock call for %s and makes the same call again. It is stopped for some 60 microseconds for that, and notices nothing.", person(&r.Before, w.pid), diagnose.FileName(w.file))
	p.Why = "if it then gets the lock, which nobody seems to hold, the kernel had failed to wake it"
	if root := rootBehind(&r.Before, w.pid); root == nil || root.Class != diagnose.LostWakeup {
		p.Why = "this is done only because --force says so: nothing speaks for a lost wake-up"
	}
	p.Changes = []fix.Change{{
		Text: fmt.Sprintf("%s: its lock call on descriptor %d is made again", w.name, w.fd),
		Act: &fix.Act{PID: w.pid, Start: w.start, Do: func(ctx context.Context) (string, error) {
			report, err := r.look(ctx)
			if err != nil {
				return "", fmt.Errorf("%w: %w", errOver, err)
			}
			r.Before = report
			if err := r.mayRejoin(w); err != nil && waits(&report, w.pid) {
				return "", fmt.Errorf("%w, for things have changed: %w", errOver, err)
			}
			return w.breakOff(ctx)
		}},
	}}
	p.Warnings = []string{
		"It loses its place in the queue: whoever waits behind it comes first.",
		"It destroys the evidence: its wait begins anew, and a lost wake-up is healed by it. The evidence is saved before; cyrlock capture FILE saves more of it.",
	}
	behind := behind(&r.Before, w.pid)
	r.verify = func(ctx context.Context) (fix.Proof, error) { return r.verifyRejoin(ctx, w, behind) }
}

// verifyRejoin says what asking again has brought.
func (r *Rescue) verifyRejoin(ctx context.Context, w *wait, behind []int) (fix.Proof, error) {
	p, roots, err := r.aftermath(ctx, w, behind)
	visible := slices.ContainsFunc(roots, func(root diagnose.Root) bool { return root.PID > 0 })
	switch {
	case w.fate == ended:
	case w.fate != again:
		p.Lines = append(p.Lines, "If nobody let go of the lock just then, the kernel had lost its wake-up: look for a newer kernel, and report it with the evidence that was saved.")
	case visible:
		p.Lines = append(p.Lines, goesOn(roots)...)
	default:
		p.Lines = append(p.Lines, "So no wake-up was lost: somebody has the lock who cannot be seen from here. Look on other hosts and outside of this container.")
	}
	return p, err
}
