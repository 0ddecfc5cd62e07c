package page

import (
	"slices"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/evidence"
	"cyrlock/ui/keys"
	"cyrlock/ui/scene"
)

// Stacks shows where every process stands, the same place once.
type Stacks struct {
	List    // the cursor is over buckets, top over lines
	buckets []scene.Bucket
	Who     int    // pid of the selected process: the bucket it is in is the selected one
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

func (p *Stacks) About() string {
	return "Where each process stands, innermost function first; processes in the same place are one entry. Look for lock_reopen above the C library's lock call. Stacks are read without stopping anything."
}

func (p *Stacks) Keys(s *scene.Scene) []key.Binding {
	return []key.Binding{keys.Named(s.Keys.Fold, "unfold"), keys.Named(s.Keys.Right, "next process"), keys.Named(s.Keys.Enter, "verdict")}
}

func (p *Stacks) Refresh(s *scene.Scene) {
	p.buckets = s.Buckets
	if !p.stand(func(b scene.Bucket) bool { return b.Key == p.key && b.Has(p.Who, p.start) }) &&
		!p.stand(func(b scene.Bucket) bool { return b.Has(p.Who, p.start) }) {
		p.stand(func(b scene.Bucket) bool { return b.Key == p.key })
		p.Cursor = max(0, min(p.Cursor, len(p.buckets)-1))
		p.mark()
	}
}

// stand moves the cursor to the first bucket that fits.
func (p *Stacks) stand(fits func(scene.Bucket) bool) bool {
	for i, b := range p.buckets {
		if fits(b) {
			p.Cursor, p.key = i, b.Key
			return true
		}
	}
	return false
}

func (p *Stacks) mark() {
	if b := p.bucket(); b != nil {
		p.key = b.Key
		p.Choose(b.Members[0].Proc)
	}
}

// Choose selects a process.
func (p *Stacks) Choose(proc *evidence.Process) { p.Who, p.start = proc.PID, proc.Start }

func (p *Stacks) bucket() *scene.Bucket {
	if p.Cursor < 0 || p.Cursor >= len(p.buckets) {
		return nil
	}
	return &p.buckets[p.Cursor]
}

func (p *Stacks) Seek(s *scene.Scene, pid int) {
	if proc := s.Proc(pid); proc != nil && p.stand(func(b scene.Bucket) bool { return b.Has(pid, proc.Start) }) {
		p.Choose(proc)
		p.moved = true
	}
}

// member is the one whose arguments are shown: the selected process.
func (p *Stacks) member(b *scene.Bucket) scene.Member {
	for _, m := range b.Members {
		if m.Proc.PID == p.Who && m.Proc.Start == p.start {
			return m
		}
	}
	return b.Members[0]
}

func (p *Stacks) Selected(s *scene.Scene) scene.Target {
	b := p.bucket()
	if b == nil {
		return scene.Target{}
	}
	return scene.Target{PID: p.member(b).Proc.PID, File: b.File}
}

func (p *Stacks) Press(s *scene.Scene, k tea.KeyMsg) Action {
	switch {
	case keys.Is(k, s.Keys.Back):
		return Back{}
	case keys.Is(k, s.Keys.Enter):
		return GoTo{StepVerdict, p.Selected(s).PID}
	case keys.Is(k, s.Keys.Fold):
		if b := p.bucket(); b != nil {
			if p.folded == nil {
				p.folded = map[string]fold{}
			}
			p.folded[b.Key] = next(p.foldOf(p.Cursor))
			p.moved = true
		}
	case keys.Is(k, s.Keys.Right):
		if b := p.bucket(); b != nil {
			at := slices.IndexFunc(b.Members, func(m scene.Member) bool { return m.Proc.PID == p.Who })
			p.Choose(b.Members[(at+1)%len(b.Members)].Proc)
		}
	case keys.Is(k, s.Keys.PageDown), keys.Is(k, s.Keys.PageUp):
		p.scroll(keys.Is(k, s.Keys.PageDown))
	default:
		if p.List.Press(k, s.Keys, len(p.buckets), p.height) {
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

func (p *Stacks) scroll(down bool) {
	step := max(1, p.height-2)
	if !down {
		step = -step
	}
	p.Top = max(0, min(p.Top+step, len(p.lines)-p.height))
}

// foldOf: all that matter are open where they fit, else the first two.
func (p *Stacks) foldOf(i int) fold {
	if f, ok := p.folded[p.buckets[i].Key]; ok {
		return f
	}
	switch {
	case p.fits && p.buckets[i].Part != scene.Other:
		return full
	case i < 2 || i == p.Cursor:
		return brief
	}
	return shut
}

// fitsAll tells whether the stacks that matter can be shown whole.
func (p *Stacks) fitsAll() bool {
	n := len(p.buckets)
	for _, b := range p.buckets {
		if n > p.height {
			return false
		}
		if b.Part != scene.Other {
			n += 2 + len(p.member(&b).Thread.Frames)
		}
	}
	return n <= p.height
}
