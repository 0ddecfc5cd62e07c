package page

import (
	"sort"

	"cyrlock/evidence"
	"cyrlock/ui/scene"
)

// Stacks shows where every process stands, the same place once. Enter goes from
// the places to the processes in one of them, and from there to one process.
type Stacks struct {
	List    // over entries: each bucket's head, then those of its frames that are shown
	buckets []scene.Bucket
	first   []int           // of each bucket, the entry of its head; then how many entries there are
	whole   map[string]bool // buckets with all frames
	depth   depth

	// The selected thread; its bucket is the selected one.
	who  scene.Who
	tid  int
	key  string
	name string // of the process, for when it is gone

	members List
	one     List // over threads and frames of the process
	unhurt  bool // the stack without stopping is shown where there is an exact one, too
	looks   bool // nothing may be attached to: it only looks
	show    bool // the selected bucket is to be brought into sight
	height  int
}

// depth is how far enter has gone.
type depth int

const (
	places depth = iota
	members
	process
)

// OnlyLook takes away what touches a process.
func (p *Stacks) OnlyLook() { p.looks = true }

// About is for the help.
func (p *Stacks) About() string {
	about := "Where each process stands, innermost function first; processes in the same place are one entry. A bar and words mark the frames that matter: folded, an entry shows only those. " +
		"Look for lock_reopen above the C library's lock call. Stacks are read without stopping anything"
	if p.looks {
		return about + "."
	}
	return about + "; S attaches for an exact one, and asks first."
}

// Refresh finds the selected thread again: where it stood, else wherever it stands
// now, else who else stands there.
func (p *Stacks) Refresh(s *scene.Scene) {
	at, frame := p.place(p.Cursor)
	row := p.Cursor - p.Top
	p.buckets = s.Buckets
	p.measure()
	fits := func(b *scene.Bucket) bool { return b.Find(p.who, p.tid) >= 0 }
	i := p.find(func(b *scene.Bucket) bool { return b.Key == p.key && fits(b) })
	if i < 0 {
		i = p.find(fits)
	}
	switch {
	case i >= 0:
		if p.buckets[i].Key != p.key {
			frame = -1
		}
		p.key, p.tid = p.buckets[i].Key, p.member(&p.buckets[i]).Thread.TID
		p.stand(i, frame)
	case p.depth == process: // its reader is told that it is gone
	default:
		if i = p.find(func(b *scene.Bucket) bool { return b.Key == p.key }); i < 0 {
			i, frame = min(at, len(p.buckets)-1), -1
		}
		p.stand(max(0, i), frame)
		p.mark(s)
	}
	p.Top = max(0, p.Cursor-row)
	if b := p.bucket(); b == nil && p.depth == members {
		p.depth = places
	} else if b != nil {
		p.members.Cursor = max(0, b.Find(p.who, p.tid))
	}
}

func (p *Stacks) find(fits func(*scene.Bucket) bool) int {
	for i := range p.buckets {
		if fits(&p.buckets[i]) {
			return i
		}
	}
	return -1
}

// measure counts the entries.
func (p *Stacks) measure() {
	p.first = p.first[:0]
	n := 0
	for i := range p.buckets {
		p.first = append(p.first, n)
		n += 1 + max(1, p.shown(&p.buckets[i]))
	}
	p.first = append(p.first, n)
}

// shown is how many frames of a bucket are entries.
func (p *Stacks) shown(b *scene.Bucket) int {
	if p.whole[b.Key] {
		return len(b.Members[0].Thread.Frames)
	}
	return len(b.Telling)
}

func (p *Stacks) entries() int {
	if len(p.first) == 0 {
		return 0
	}
	return p.first[len(p.first)-1]
}

// place is the bucket of an entry, and which of its shown frames that is; -1: the
// head.
func (p *Stacks) place(entry int) (bucket, frame int) {
	if len(p.buckets) == 0 {
		return 0, -1
	}
	bucket = min(sort.SearchInts(p.first, entry+1), len(p.buckets)) - 1
	return bucket, entry - p.first[bucket] - 1
}

// stand puts the cursor on a bucket, and on one of its frames if it has it.
func (p *Stacks) stand(bucket, frame int) {
	p.Cursor = 0
	if bucket < len(p.buckets) {
		p.Cursor = min(p.first[bucket]+1+max(-1, frame), p.first[bucket+1]-1)
	}
}

// frame is the selected frame by its number in the stack; -1: none is.
func (p *Stacks) frame() int {
	bucket, n := p.place(p.Cursor)
	b := p.bucket()
	if b == nil || n < 0 || len(b.Members[0].Thread.Frames) == 0 {
		return -1
	}
	return p.number(&p.buckets[bucket], n)
}

// number is the n-th shown frame's number in the stack.
func (p *Stacks) number(b *scene.Bucket, n int) int {
	if !p.whole[b.Key] {
		n = b.Telling[n]
	}
	return n
}

func (p *Stacks) bucket() *scene.Bucket {
	i, _ := p.place(p.Cursor)
	if i >= len(p.buckets) {
		return nil
	}
	return &p.buckets[i]
}

// mine is the selected bucket if the selected thread stands there.
func (p *Stacks) mine() *scene.Bucket {
	if b := p.bucket(); b != nil && b.Find(p.who, p.tid) >= 0 {
		return b
	}
	return nil
}

// mark selects the thread that the cursor's bucket shows.
func (p *Stacks) mark(s *scene.Scene) {
	if b := p.bucket(); b != nil {
		p.choose(s, b, max(0, b.Find(p.who, p.tid)))
	}
}

// choose selects a thread by its place in a bucket.
func (p *Stacks) choose(s *scene.Scene, b *scene.Bucket, member int) {
	m := b.Members[member]
	if p.who != m.Who() {
		p.unhurt, p.one = false, List{}
	}
	p.key, p.who, p.tid, p.name = b.Key, m.Who(), m.Thread.TID, s.Name(m.Proc.PID)
	p.members.Cursor = member
}

// Seek stands on a process, also on one that has no part in the hang.
func (p *Stacks) Seek(s *scene.Scene, pid int) {
	proc := s.Proc(pid)
	if proc == nil {
		return
	}
	who := scene.Who{PID: pid, Start: proc.Start}
	if who == p.who {
		return // there it stands, as deep as one has gone
	}
	p.depth = places
	i := p.find(func(b *scene.Bucket) bool { return b.Find(who, 0) >= 0 })
	if i < 0 {
		p.who, p.tid, p.name, p.depth = who, 0, s.Name(pid), process
		p.unhurt, p.one = false, List{}
		return
	}
	p.stand(i, -1)
	p.choose(s, &p.buckets[i], p.buckets[i].Find(who, 0))
	p.show = true
}

// member is the thread whose arguments a bucket shows: the selected one.
func (p *Stacks) member(b *scene.Bucket) scene.Member { return b.Members[max(0, b.Find(p.who, p.tid))] }

// proc is the selected process; nil: it is gone.
func (p *Stacks) proc(s *scene.Scene) *evidence.Process {
	if p.who.PID == 0 || !s.Lives(p.who) {
		return nil
	}
	return s.Proc(p.who.PID)
}

// Selected is the process, and the file that its bucket is about.
func (p *Stacks) Selected(s *scene.Scene) scene.Target {
	if p.proc(s) == nil {
		return scene.Target{}
	}
	t := scene.Target{PID: p.who.PID}
	if b := p.mine(); b != nil {
		t.File = b.File
	}
	return t
}

// Show shows the exact stack that was just taken of a process, unless the user
// has gone on to another.
func (p *Stacks) Show(who scene.Who) {
	if p.who == who {
		p.depth, p.unhurt, p.one = process, false, List{}
	}
}
