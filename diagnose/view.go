package diagnose

import (
	"cmp"
	"slices"

	"cyrlock/evidence"
)

// A view is a report laid out for comparing it with another: everything that the
// look saw, also what its focus leaves out of the report.
type view struct {
	report *Report
	whole  *evidence.Snapshot // all that was seen; of a saved report that had a focus, only its part
	part   bool               // so it is
	people people
	files  map[lock]*evidence.File
	waits  []Wait       // ascending by thread and lock; those of idle workers, too
	roots  []Root       // all, also those that are no part of the report
	behind map[int]bool // processes that wait for one of the report's roots
	dead   map[int]bool // processes that are known to be gone
	unread map[int]bool // processes of which something was not read that could show a wait
}

// A lock is what names a locked file for good: two looks compare these, never paths.
type lock struct {
	dev   string
	ino   uint64
	path  string // only where device and inode are not known
	flock bool   // fcntl and flock do not see each other
}

func lockOf(dev string, ino uint64, path, kind string) lock {
	l := lock{dev: dev, ino: ino, flock: kind == evidence.Flock}
	if dev == "" && ino == 0 {
		l.path = path
	}
	return l
}

func lockOfFile(f *evidence.File) lock { return lockOf(f.Dev, f.Ino, f.Path, f.Lock) }
func lockOfRoot(r *Root) lock          { return lockOf(r.Dev, r.Ino, r.File, r.Lock) }

func newView(r Report) *view {
	i := r.indexed()
	v := &view{report: &r, whole: i.whole, people: i.everyone, roots: i.roots, part: i.whole == nil,
		behind: map[int]bool{}, dead: map[int]bool{}, unread: map[int]bool{}}
	if v.part {
		v.whole, v.people, v.roots = &r.Snapshot, i.people, slices.Concat(r.Roots, r.Aside)
	}
	n := 0
	for i := range v.whole.Files {
		n += len(v.whole.Files[i].Waiters)
	}
	v.waits = make([]Wait, 0, n)
	v.files = make(map[lock]*evidence.File, len(v.whole.Files))
	for i := range v.whole.Files {
		f := &v.whole.Files[i]
		if k := lockOfFile(f); v.files[k] == nil {
			v.files[k] = f
		}
		for _, h := range f.Holders {
			if h.LockerDead {
				v.dead[h.Locker] = true
			}
		}
		for j := range f.Waiters {
			v.waits = append(v.waits, v.wait(f, &f.Waiters[j]))
		}
	}
	slices.SortStableFunc(v.waits, compareWaits)
	v.waits = slices.CompactFunc(v.waits, func(a, b Wait) bool { return compareWaits(a, b) == 0 })
	for pid := range v.dead { // unless what was read contradicts itself
		if v.people[pid] != nil || len(ofPID(v.waits, pid)) > 0 || slices.ContainsFunc(v.whole.Files, func(f evidence.File) bool {
			return slices.ContainsFunc(f.Holders, func(h evidence.Holder) bool { return h.PID == pid })
		}) {
			delete(v.dead, pid)
		}
	}
	for _, root := range r.Roots {
		for _, pid := range root.waiting() {
			v.behind[pid] = true
		}
	}
	for _, g := range v.whole.Gaps {
		if g.PID != 0 && g.What != "stack" && g.What != "connections" {
			v.unread[g.PID] = true
		}
	}
	return v
}

func (v *view) wait(f *evidence.File, w *evidence.Waiter) Wait {
	out := Wait{ProcessID: ProcessID{PID: w.PID}, TID: w.TID, File: f, Waiter: w, Process: v.people[w.PID]}
	if out.Process != nil {
		out.Start = out.Process.Start
	}
	return out
}

// counts says that a wait is one of the report's roots' doing: idle workers and
// hangs of other programs are not.
func (v *view) counts(w *Wait) bool {
	return w.File.Kind != string(Accept) && v.behind[w.PID]
}

// id is who a pid is in this look.
func (v *view) id(pid int) ProcessID {
	id := ProcessID{PID: pid}
	if p := v.people[pid]; p != nil {
		id.Start = p.Start
	}
	return id
}

// file finds a file by its lock, also one that nobody locks any more.
func (v *view) file(l lock) *evidence.File {
	if f := v.files[l]; f != nil {
		return f
	}
	l.flock = false
	if f := v.files[l]; f != nil && f.Lock == "" {
		return f
	}
	return nil
}

// holds finds the lock that a process has on a file.
func (v *view) holds(id ProcessID, on lock) (evidence.Holder, bool) {
	f := v.files[on]
	if f == nil || !v.id(id.PID).same(id) {
		return evidence.Holder{}, false
	}
	i := slices.IndexFunc(f.Holders, func(h evidence.Holder) bool { return h.PID == id.PID })
	if i < 0 {
		return evidence.Holder{}, false
	}
	return f.Holders[i], true
}

// gone says that a process is known to be no more: its pid is another's by now, or
// the kernel names it as the dead owner of a lock. That a look does not list it
// says nothing: looks list who has to do with a lock.
func (v *view) gone(id ProcessID) bool {
	now := v.people[id.PID]
	return id.PID != nobody && (v.dead[id.PID] || now != nil && !v.id(id.PID).same(id))
}

// covers says whether a look would have shown a wait for this file.
func (v *view) covers(f *evidence.File) bool {
	return !v.part || v.report.Focus == nil || InFocus(*v.report.Focus, *f)
}

// A ProcessID names a process for good: a pid alone may be another's tomorrow.
type ProcessID struct {
	PID   int
	Start uint64 // clock ticks after boot; 0: not known
}

// same takes an unknown start for the same one, so that nobody is called gone who
// merely was not read.
func (a ProcessID) same(b ProcessID) bool {
	return a.PID == b.PID && (a.Start == b.Start || a.Start == 0 || b.Start == 0)
}

func compareWaits(a, b Wait) int {
	switch {
	case a.PID != b.PID:
		return cmp.Compare(a.PID, b.PID)
	case a.TID != b.TID:
		return cmp.Compare(a.TID, b.TID)
	case a.File == b.File:
		return 0
	}
	x, y := lockOfFile(a.File), lockOfFile(b.File)
	if order := cmp.Or(cmp.Compare(x.ino, y.ino), cmp.Compare(x.dev, y.dev), cmp.Compare(x.path, y.path)); order != 0 || x.flock == y.flock {
		return order
	}
	if x.flock {
		return 1
	}
	return -1
}
