package scene

import (
	"cmp"
	"path"
	"slices"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A Bucket is all threads with the same stack and the same part in the story:
// twelve processes in one place are one fact, said once.
type Bucket struct {
	Key     string // stays the same from look to look
	Part    Part
	File    *evidence.File // what they wait for, or what the first of them holds
	Members []Member       // the longest wait first
}

// A Member is one thread of a bucket.
type Member struct {
	Proc   *evidence.Process
	Thread *evidence.Thread
}

// Part is what a thread has to do with the hang, in the order of the page.
type Part int

const (
	Holder Part = iota
	Waiter
	Other // neither holds what others wait for, nor waits
)

func (p Part) String() string { return [...]string{"HOLDER", "WAIT", "OTHER"}[p] }

// Buckets are those of the report, with the file that each is about: those of
// the first chain before what hangs behind it.
func buckets(s *Scene) []Bucket {
	wanted := map[string]*evidence.File{}
	for i := range s.Report.Files {
		if f := &s.Report.Files[i]; Contended(f) {
			wanted[f.Path] = f
		}
	}
	var out []Bucket
	for _, d := range s.Report.Buckets() {
		b := Bucket{Part: Other}
		for _, id := range d.Threads {
			if p := s.Proc(id.PID); p != nil {
				b.Members = append(b.Members, Member{p, threadOf(p, id.TID)})
			}
		}
		if len(b.Members) == 0 {
			continue
		}
		slices.SortStableFunc(b.Members, func(a, b Member) int { return cmp.Compare(b.Thread.SinceS, a.Thread.SinceS) })
		switch {
		case d.Holder:
			b.Part, b.File = Holder, s.holding[b.Members[0].Proc.PID]
		case d.File != "":
			b.Part, b.File = Waiter, wanted[d.File]
		}
		b.Key = b.Part.String() + "\n" + d.File + "\n" + stackKey(b.Members[0].Thread)
		out = append(out, b)
	}
	slices.SortStableFunc(out, func(a, b Bucket) int {
		return cmp.Or(cmp.Compare(a.Part, b.Part), cmp.Compare(rootOf(&s.Report, a), rootOf(&s.Report, b)), cmp.Compare(len(b.Members), len(a.Members)))
	})
	return out
}

// heldFiles are, by pid, the file it holds for which the most wait.
func heldFiles(r *diagnose.Report) map[int]*evidence.File {
	out := map[int]*evidence.File{}
	for i := range r.Files {
		f := &r.Files[i]
		if !Contended(f) {
			continue
		}
		for _, h := range f.Holders {
			if old := out[h.PID]; old == nil || len(old.Waiters) < len(f.Waiters) {
				out[h.PID] = f
			}
		}
	}
	return out
}

// rootOf is the first root whose own file a bucket is about.
func rootOf(r *diagnose.Report, b Bucket) int {
	if b.File != nil {
		for i, root := range r.Roots {
			if root.File == b.File.Path {
				return i
			}
		}
	}
	return len(r.Roots)
}

// stackKey names a stack by its functions: addresses and arguments differ
// between processes that are in the same place.
func stackKey(t *evidence.Thread) string {
	key := t.Error
	for _, f := range t.Frames {
		key += "\n" + cmp.Or(f.Func, f.Offset.String()) + "@" + f.Module
	}
	return key
}

func threadOf(p *evidence.Process, tid int) *evidence.Thread {
	for i := range p.Threads {
		if p.Threads[i].TID == tid {
			return &p.Threads[i]
		}
	}
	return &evidence.Thread{TID: tid}
}

// Has tells whether a process is in the bucket.
func (b Bucket) Has(pid int, start uint64) bool {
	return slices.ContainsFunc(b.Members, func(m Member) bool { return m.Proc.PID == pid && m.Proc.Start == start })
}

// Meaning explains a bucket to somebody who sees such a stack for the first time.
func (s *Scene) Meaning(b *Bucket) string {
	roles, signal := map[string]bool{}, false
	for _, f := range b.Members[0].Thread.Frames {
		roles[f.Role] = true
		signal = signal || f.Signal
	}
	file := "a file"
	if b.File != nil {
		file = path.Base(s.FileName(b.File))
	}
	switch {
	case len(b.Members[0].Thread.Frames) == 0:
		return "the stack could not be read; the system call and the lock table still say what it does."
	case b.Part == Waiter && roles[diagnose.RoleLockReopen]:
		return "the process is inside lock_reopen and asks the kernel for the lock on " + file + ". The kernel has put it to sleep until the holder lets go."
	case b.Part == Waiter:
		return "the process asks the kernel for the lock on " + file + " and sleeps until the holder lets go."
	case b.Part == Holder && roles[diagnose.RoleClientWrite]:
		return "it keeps the lock on " + file + " while it writes to its client: who waits for the lock, waits for that client."
	case b.Part == Holder && roles[diagnose.RoleClientRead]:
		return "it keeps the lock on " + file + " while it waits for its client to say something."
	case b.Part == Holder && signal && roles[diagnose.RoleAllocator]:
		return "a signal came while it was in the allocator, and the handler wants the allocator too: it waits for itself, with the lock on " + file + "."
	case b.Part == Holder && roles[diagnose.RoleLockCall]:
		return "it holds " + file + " and waits for a lock itself: look at who holds that one."
	case b.Part == Holder:
		return "it holds the lock on " + file + "; the innermost function says what it does meanwhile."
	}
	return "it neither holds a lock that others wait for, nor waits for one."
}
