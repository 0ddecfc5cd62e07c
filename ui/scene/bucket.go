package scene

import (
	"cmp"
	"slices"
	"strings"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A Bucket is all threads with the same stack and the same part in the story:
// twelve processes in one place are one fact, said once.
type Bucket struct {
	Key       string // stays the same from look to look
	Part      Part
	File      *evidence.File // what they wait for, or what the first of them holds
	Members   []Member       // the longest wait first
	Processes int            // that the members are threads of
	// Telling are the frames that matter, by their number; where none does, the
	// innermost. Of several in a row with the same role it is the innermost.
	Telling []int
	// Differs is the frame among them that tells it from a bucket with the same
	// frames that matter; -1: none is needed.
	Differs int
}

// A Member is one thread of a bucket.
type Member struct {
	Proc   *evidence.Process
	Thread *evidence.Thread
	Wait   *evidence.Waiter // for the bucket's file; nil: it does not wait
}

// Who is the member's process.
func (m Member) Who() Who { return Who{m.Proc.PID, m.Proc.Start} }

// SinceS is how long it has waited, or has not moved, in seconds.
func (m Member) SinceS() float64 {
	if m.Wait != nil {
		return m.Wait.SinceS
	}
	return m.Thread.SinceS
}

// Since is the same in words; "" where it is not known.
func (m Member) Since() string {
	if m.Wait != nil {
		return Since(m.Wait.SinceS, m.Wait.SinceHow)
	}
	return Since(m.Thread.SinceS, m.Thread.SinceHow)
}

// Who names a process: a pid alone comes back.
type Who struct {
	PID   int
	Start uint64
}

// Part is what a thread has to do with the hang, in the order of the page.
type Part int

const (
	Holder Part = iota
	Circle      // waits, and holds what it waits for in the end
	Waiter
	Other // neither holds what others wait for, nor waits
)

func (p Part) String() string { return [...]string{"HOLDER", "CIRCLE", "WAIT", "OTHER"}[p] }

// Waits tells whether a bucket's members wait for its file.
func (p Part) Waits() bool { return p == Circle || p == Waiter }

// standing is what the stacks of a look add up to.
type standing struct {
	Standing int // processes in the buckets
	Stopped  int // threads that were stopped to get their stack
	exacts   map[Who]Exact
}

// buckets are those of the report, with the file that each is about: those of the
// first chain before what hangs behind it.
func buckets(s *Scene) (out []Bucket, sum standing) {
	wanted, waits := map[string]*evidence.File{}, map[diagnose.ThreadID]*evidence.Waiter{}
	for i := range s.Report.Files {
		f := &s.Report.Files[i]
		if !Contended(f) {
			continue
		}
		wanted[f.Path] = f
		for j := range f.Waiters {
			waits[diagnose.ThreadID{PID: f.Waiters[j].PID, TID: f.Waiters[j].TID}] = &f.Waiters[j]
		}
	}
	all := map[int]bool{}
	circle := inCircle(&s.Report)
	for _, d := range s.Report.Buckets() {
		b := Bucket{Part: Other, Differs: -1, Members: make([]Member, 0, len(d.Threads))}
		around := b // those of them that are in a circle
		around.Part, around.Members = Circle, nil
		for _, id := range d.Threads {
			p := s.Proc(id.PID)
			if p == nil {
				continue
			}
			t := threadOf(p, id.TID)
			to := &b
			if w := waits[id]; w != nil && circle[id.PID] {
				to = &around
			}
			if n := len(to.Members); n == 0 || to.Members[n-1].Proc != p { // the threads ascend
				to.Processes++
			}
			to.Members = append(to.Members, Member{p, t, waits[id]})
			all[p.PID] = true
			if t.Method == "stop" {
				sum.Stopped++
			}
		}
		switch {
		case d.Holder && len(b.Members) > 0:
			b.Part, b.File = Holder, s.holding[b.Members[0].Proc.PID]
		case d.File != "" || wanted[""] != nil:
			b.Part, b.File, around.File = Waiter, wanted[d.File], wanted[d.File]
		}
		for _, b := range []Bucket{around, b} {
			if len(b.Members) == 0 {
				continue
			}
			slices.SortStableFunc(b.Members, func(a, b Member) int { return cmp.Compare(b.SinceS(), a.SinceS()) })
			b.Key = b.Part.String() + "\n" + d.File + "\n" + stackKey(b.Members[0].Thread)
			b.Telling = telling(b.Members[0].Thread.Frames)
			out = append(out, b)
		}
	}
	rootOf := rootsByFile(&s.Report)
	slices.SortStableFunc(out, func(a, b Bucket) int {
		return cmp.Or(cmp.Compare(a.Part, b.Part), cmp.Compare(rootOf(a), rootOf(b)),
			cmp.Compare(b.telling(), a.telling()), cmp.Compare(len(b.Members), len(a.Members)))
	})
	distinguish(out)
	sum.Standing = len(all)
	return out, sum
}

// inCircle are the processes that wait for themselves in the end.
func inCircle(r *diagnose.Report) map[int]bool {
	out := map[int]bool{}
	for _, root := range r.Roots {
		if root.Class == diagnose.Cycle || root.Class == diagnose.SelfDeadlock {
			out[root.PID] = true
			for _, pid := range root.Members {
				out[pid] = true
			}
		}
	}
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

// Holds is the file that a process holds and others wait for; nil: none.
func (s *Scene) Holds(pid int) *evidence.File { return s.holding[pid] }

// rootsByFile tells the first root whose own file a bucket is about; those of none
// come last.
func rootsByFile(r *diagnose.Report) func(Bucket) int {
	first := map[string]int{}
	for i, root := range slices.Backward(r.Roots) {
		first[root.File] = i
	}
	return func(b Bucket) int {
		if b.File != nil {
			if i, ok := first[b.File.Path]; ok {
				return i
			}
		}
		return len(r.Roots)
	}
}

// stackKey names a stack by its functions: addresses and arguments differ
// between processes that are in the same place.
func stackKey(t *evidence.Thread) string {
	var key strings.Builder
	key.WriteString(t.Error)
	for i := range t.Frames {
		f := &t.Frames[i]
		key.WriteString("\n" + cmp.Or(f.Func, f.Offset.String()) + "@" + f.Module)
	}
	return key.String()
}

func threadOf(p *evidence.Process, tid int) *evidence.Thread {
	for i := range p.Threads {
		if p.Threads[i].TID == tid {
			return &p.Threads[i]
		}
	}
	return &evidence.Thread{TID: tid}
}

// Find is the place of a thread among the members; of any thread of the process
// where tid is 0 or not there; -1: the process is not in the bucket.
func (b *Bucket) Find(who Who, tid int) int {
	at := -1
	for i := range b.Members {
		m := &b.Members[i]
		if m.Proc.PID != who.PID || m.Proc.Start != who.Start {
			continue
		}
		if m.Thread.TID == tid {
			return i
		}
		if at < 0 {
			at = i
		}
	}
	return at
}
