package rescue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/fix"
)

// A wait is one thread's wait for one lock.
type wait struct {
	pid, tid int
	start    uint64
	fd       int
	file     evidence.File
	name     string // of the process
	again    bool   // it is not ended but asked for again

	took time.Duration // how long it stood still
	fate fate
}

// Cancel plans the end of one wait: its lock call returns EAGAIN, as if a time limit
// had passed. The error says why it must not be done, and what to do instead.
func Cancel(ctx context.Context, m Machine, pid int, o Options) (*Rescue, error) {
	r, w, err := waiting(ctx, m, pid, o)
	if err != nil {
		return nil, err
	}
	cost := costOf(w.file, r.Before.Host.Cyrus.Version)
	if cost.dangerous && !o.Force {
		return nil, fmt.Errorf("%s waits for %s, and must not go on without it: %s; say --force to do it all the same", w.name, diagnose.FileName(w.file), cost.what)
	}
	if err := r.stoppable(pid, w.name); err != nil {
		return nil, err
	}
	r.planCancel(w, cost)
	return r, r.rests(rootBehind(&r.Before, pid))
}

// waiting looks, and finds the wait of a process.
func waiting(ctx context.Context, m Machine, pid int, o Options) (*Rescue, *wait, error) {
	r := &Rescue{machine: m, options: o}
	if pid == os.Getpid() {
		return nil, nil, fmt.Errorf("process %d is cyrlock itself", pid)
	}
	var err error
	if r.Before, err = r.look(ctx); err != nil {
		return nil, nil, err
	}
	w, err := r.find(pid)
	return r, w, err
}

// find is the one wait of a process that can be ended.
func (r *Rescue) find(pid int) (*wait, error) {
	report := &r.Before
	var found []wait
	name := person(report, pid)
	for _, f := range report.Files {
		for _, w := range f.Waiters {
			switch {
			case w.PID != pid || r.options.Thread != 0 && w.TID != r.options.Thread:
				continue
			case f.Kind == string(diagnose.Accept):
				return nil, fmt.Errorf("%s waits for its turn to take a connection, as idle workers do: that is no hang, and to end it would end the worker", name)
			case w.Polls:
				return nil, fmt.Errorf("%s sleeps between two tries and is in no lock call: it gives up by itself", name)
			case w.FD < 0:
				return nil, fmt.Errorf("%s waits for a lock, but on which descriptor could not be read: run as root", name)
			}
			found = append(found, wait{pid: pid, tid: w.TID, start: start(report, pid), fd: w.FD, file: f, name: fmt.Sprintf("process %d", pid)})
		}
	}
	switch {
	case len(found) == 0 && r.options.Thread != 0:
		return nil, fmt.Errorf("thread %d of process %d waits for no lock", r.options.Thread, pid)
	case len(found) == 0 && rootOf(report, []int{pid}) != nil:
		return nil, fmt.Errorf("%s does not wait: others wait for it. cyrlock fix end %d ends it", name, pid)
	case len(found) == 0:
		return nil, fmt.Errorf("process %d waits for no lock (any more)", pid)
	case len(found) > 1:
		var tids []int
		for _, w := range found {
			tids = append(tids, w.tid)
		}
		return nil, fmt.Errorf("several threads of %s wait: choose one with --thread: %s", name, numbers(tids))
	}
	w := &found[0]
	if p := report.Process(pid); p != nil {
		w.name = diagnose.Name(*p)
	}
	return w, nil
}

// stoppable: what is stopped or traced cannot be stopped by us as well, or would not
// go on.
func (r *Rescue) stoppable(pid int, name string) error {
	p := r.Before.Process(pid)
	switch {
	case p == nil:
		return fmt.Errorf("%s could not be looked at: run as root", name)
	case p.Tracer != 0:
		return fmt.Errorf("%s is traced by %s (%d): quit that first (cyrlock fix continue %d, if it is stopped)", name, evidence.Clean(p.TracerName), p.Tracer, pid)
	case p.State == "T":
		return fmt.Errorf("%s is stopped by a signal: cyrlock fix continue %d --force comes first", name, pid)
	}
	return nil
}

// rootBehind is the hang that a waiting process is part of.
func rootBehind(report *diagnose.Report, pid int) *diagnose.Root {
	for _, roots := range [][]diagnose.Root{report.Roots, report.Aside} {
		for i := range roots {
			if slices.Contains(roots[i].Victims, pid) || slices.Contains(members(roots[i]), pid) {
				return &roots[i]
			}
		}
	}
	return nil
}

func (r *Rescue) planCancel(w *wait, c cost) {
	p := &r.Plan
	p.Kind, p.Title, p.Risk = "cancel", "cancel the wait of "+w.name, c.risk
	p.What = fmt.Sprintf("The lock call for %s returns EAGAIN, as if a time limit had passed. %s is stopped for some 60 microseconds for that.", diagnose.FileName(w.file), person(&r.Before, w.pid))
	behind := behind(&r.Before, w.pid)
	p.Why = "it alone gets out of the queue; the hang itself goes on"
	if n := len(behind); n > 0 {
		p.Why = fmt.Sprintf("it gets out of the queue, and with it perhaps %s; the hang itself goes on", evidence.Plural(n, "process that waits for it", "processes that wait for it"))
	}
	p.Changes = []fix.Change{{
		Text: fmt.Sprintf("%s: its lock call on descriptor %d returns EAGAIN", w.name, w.fd),
		Act:  &fix.Act{PID: w.pid, Start: w.start, Do: w.breakOff},
	}}
	p.Warnings = []string{c.what}
	if proc := r.Before.Process(w.pid); proc != nil && !proc.Cyrus {
		p.Warnings = []string{w.name + " is not part of Cyrus: what it does when its lock call fails is not known."}
	}
	r.verify = func(ctx context.Context) (fix.Proof, error) { return r.verifyCancel(ctx, w, behind) }
}

// behind are all that wait for locks of a process, directly or through others.
func behind(report *diagnose.Report, pid int) (all []int) {
	seen := map[int]bool{pid: true}
	for todo := []int{pid}; len(todo) > 0; todo = todo[1:] {
		for _, f := range report.Files {
			for _, w := range f.Waiters {
				if f.Kind != string(diagnose.Accept) && !seen[w.PID] && slices.Contains(w.BlockedBy, todo[0]) && holds(f, todo[0]) {
					seen[w.PID] = true
					todo, all = append(todo, w.PID), append(all, w.PID)
				}
			}
		}
	}
	return all
}

func holds(f evidence.File, pid int) bool {
	return slices.ContainsFunc(f.Holders, func(h evidence.Holder) bool { return h.PID == pid })
}

// tries is how often a wait is tried that a signal interrupts at the same moment.
const tries = 3

// breakOff breaks the wait off if it is still the one that was seen.
func (w *wait) breakOff(ctx context.Context) (string, error) {
	t, err := take(w.pid, w.start)
	if err != nil {
		return "", fmt.Errorf("%w: nothing was done", err)
	}
	defer t.release()
	for try := 1; ; try++ {
		err = w.once(ctx)
		if err == nil || try == tries || !errors.Is(err, errElsewhere) {
			break
		}
	}
	if err != nil {
		return "", err
	}
	w.fate = w.watch(ctx, t)
	return fmt.Sprintf("done; it stood still for %d µs; %s", w.took.Microseconds(), w.fate), nil
}

func (w *wait) once(ctx context.Context) error {
	c, err := readCall(w.pid, w.tid)
	switch {
	case errors.Is(err, errGone):
		return errGone
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%w: run as root", err)
	case err != nil || !c.waitsForLock() || c.fd() != w.fd:
		return fmt.Errorf("it waits for that lock no longer: nothing was done to it")
	}
	f, err := descriptor(w.tid, w.fd)
	if err != nil {
		return err
	}
	defer f.close()
	if !f.on(w.file) {
		return fmt.Errorf("its descriptor %d stands for another file now: nothing was done to it", w.fd)
	}
	w.took, err = interrupt(ctx, w.tid, c, f, w.again)
	return err
}
