package ui

import (
	"cmp"
	"slices"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A bucket is all threads with the same stack and the same part in the story:
// twelve processes in one place are one fact, said once.
type bucket struct {
	key     string // stays the same from look to look
	part    part
	file    *evidence.File // what they wait for, or what the first of them holds
	members []member       // the longest wait first
}

// A member is one thread of a bucket.
type member struct {
	proc   *evidence.Process
	thread *evidence.Thread
}

// part is what a thread has to do with the hang, in the order of the page.
type part int

const (
	holder part = iota
	waiter
	other // neither holds what others wait for, nor waits
)

func (p part) String() string { return [...]string{"HOLDER", "WAIT", "OTHER"}[p] }

// buckets are those of the report, with the file that each is about: those of
// the first chain before what hangs behind it.
func buckets(s *scene) []bucket {
	wanted := map[string]*evidence.File{}
	for i := range s.report.Files {
		if f := &s.report.Files[i]; contended(f) {
			wanted[f.Path] = f
		}
	}
	var out []bucket
	for _, d := range s.report.Buckets() {
		b := bucket{part: other}
		for _, id := range d.Threads {
			if p := s.proc(id.PID); p != nil {
				b.members = append(b.members, member{p, threadOf(p, id.TID)})
			}
		}
		if len(b.members) == 0 {
			continue
		}
		slices.SortStableFunc(b.members, func(a, b member) int { return cmp.Compare(b.thread.SinceS, a.thread.SinceS) })
		switch {
		case d.Holder:
			b.part, b.file = holder, s.holding[b.members[0].proc.PID]
		case d.File != "":
			b.part, b.file = waiter, wanted[d.File]
		}
		b.key = b.part.String() + "\n" + d.File + "\n" + stackKey(b.members[0].thread)
		out = append(out, b)
	}
	slices.SortStableFunc(out, func(a, b bucket) int {
		return cmp.Or(cmp.Compare(a.part, b.part), cmp.Compare(rootOf(&s.report, a), rootOf(&s.report, b)), cmp.Compare(len(b.members), len(a.members)))
	})
	return out
}

// heldFiles are, by pid, the file it holds for which the most wait.
func heldFiles(r *diagnose.Report) map[int]*evidence.File {
	out := map[int]*evidence.File{}
	for i := range r.Files {
		f := &r.Files[i]
		if !contended(f) {
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
func rootOf(r *diagnose.Report, b bucket) int {
	if b.file != nil {
		for i, root := range r.Roots {
			if root.File == b.file.Path {
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

// has tells whether a process is in the bucket.
func (b bucket) has(pid int, start uint64) bool {
	return slices.ContainsFunc(b.members, func(m member) bool { return m.proc.PID == pid && m.proc.Start == start })
}
