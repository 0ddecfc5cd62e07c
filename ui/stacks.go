package ui

import (
	"slices"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/evidence"
)

// stacksPage shows where every process stands, the same place once.
type stacksPage struct {
	list    // the cursor is over buckets, top over lines
	buckets []bucket
	who     int    // pid of the selected process: the bucket it is in is the selected one
	start   uint64 // of that process: pids come back
	key     string
	folded  map[string]fold
	lines   []stackLine // as last drawn
	height  int
	moved   bool // the selected bucket is to be brought into sight
	fits    bool // all stacks that matter fit on the screen
}

// fold is how much of a bucket is shown.
type fold int

const (
	brief fold = iota // up to the frames to look for
	shut
	full
)

// A stackLine is one row of the page.
type stackLine struct {
	bucket int
	head   bool
	text   string // of a frame; heads are drawn when they are seen
}

func (p *stacksPage) about() string {
	return "Where each process stands, innermost function first; processes in the same place are one entry. Look for lock_reopen above the C library's lock call. Stacks are read without stopping anything."
}

func (p *stacksPage) keys(s *scene) []key.Binding {
	return []key.Binding{named(s.keys.Fold, "unfold"), named(s.keys.Other, "next process"), named(s.keys.Enter, "verdict")}
}

func (p *stacksPage) refresh(s *scene) {
	p.buckets = buckets(s)
	if !p.stand(func(b bucket) bool { return b.key == p.key && b.has(p.who, p.start) }) &&
		!p.stand(func(b bucket) bool { return b.has(p.who, p.start) }) {
		p.stand(func(b bucket) bool { return b.key == p.key })
		p.cursor = max(0, min(p.cursor, len(p.buckets)-1))
		p.mark()
	}
}

// stand moves the cursor to the first bucket that fits.
func (p *stacksPage) stand(fits func(bucket) bool) bool {
	for i, b := range p.buckets {
		if fits(b) {
			p.cursor, p.key = i, b.key
			return true
		}
	}
	return false
}

func (p *stacksPage) mark() {
	if b := p.bucket(); b != nil {
		p.key = b.key
		p.choose(b.members[0].proc)
	}
}

// choose selects a process.
func (p *stacksPage) choose(proc *evidence.Process) { p.who, p.start = proc.PID, proc.Start }

func (p *stacksPage) bucket() *bucket {
	if p.cursor < 0 || p.cursor >= len(p.buckets) {
		return nil
	}
	return &p.buckets[p.cursor]
}

func (p *stacksPage) seek(s *scene, pid int) {
	if proc := s.proc(pid); proc != nil && p.stand(func(b bucket) bool { return b.has(pid, proc.Start) }) {
		p.choose(proc)
		p.moved = true
	}
}

// member is the one whose arguments are shown: the selected process.
func (p *stacksPage) member(b *bucket) member {
	for _, m := range b.members {
		if m.proc.PID == p.who && m.proc.Start == p.start {
			return m
		}
	}
	return b.members[0]
}

func (p *stacksPage) selected(s *scene) target {
	b := p.bucket()
	if b == nil {
		return target{}
	}
	return target{p.member(b).proc.PID, b.file}
}

func (p *stacksPage) press(s *scene, k tea.KeyMsg) action {
	switch {
	case is(k, s.keys.Back):
		return back{}
	case is(k, s.keys.Enter):
		return goTo{stepVerdict, p.selected(s).pid}
	case is(k, s.keys.Fold):
		if b := p.bucket(); b != nil {
			if p.folded == nil {
				p.folded = map[string]fold{}
			}
			p.folded[b.key] = next(p.foldOf(p.cursor))
			p.moved = true
		}
	case is(k, s.keys.Other):
		if b := p.bucket(); b != nil {
			at := slices.IndexFunc(b.members, func(m member) bool { return m.proc.PID == p.who })
			p.choose(b.members[(at+1)%len(b.members)].proc)
		}
	case is(k, s.keys.PageDown), is(k, s.keys.PageUp):
		p.scroll(is(k, s.keys.PageDown))
	default:
		if p.list.press(k, s.keys, len(p.buckets), p.height) {
			p.mark()
			p.moved = true
		}
	}
	return nil
}

func next(f fold) fold {
	if f == full {
		return shut
	}
	return full
}

func (p *stacksPage) scroll(down bool) {
	step := max(1, p.height-2)
	if !down {
		step = -step
	}
	p.top = max(0, min(p.top+step, len(p.lines)-p.height))
}

// foldOf: all that matter are open where they fit, else the first two.
func (p *stacksPage) foldOf(i int) fold {
	if f, ok := p.folded[p.buckets[i].key]; ok {
		return f
	}
	switch {
	case p.fits && p.buckets[i].part != other:
		return full
	case i < 2 || i == p.cursor:
		return brief
	}
	return shut
}

// fitsAll tells whether the stacks that matter can be shown whole.
func (p *stacksPage) fitsAll() bool {
	n := len(p.buckets)
	for _, b := range p.buckets {
		if n > p.height {
			return false
		}
		if b.part != other {
			n += 2 + len(p.member(&b).thread.Frames)
		}
	}
	return n <= p.height
}
