package ui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/evidence"
)

// stacksPage shows where every process stands, the same place once.
type stacksPage struct {
	list    // over lines
	buckets []bucket
	who     int // pid of the selected process: the bucket it is in is the selected one
	key     string
	folded  map[string]fold
	lines   []stackLine // as last drawn
	height  int
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
	text   string
}

func (p *stacksPage) about() string {
	return "Where each process stands, innermost function first; processes in the same place are one entry. Look for lock_reopen above the C library's lock call. Stacks are read without stopping anything."
}

func (p *stacksPage) keys(s *scene) []key.Binding {
	return []key.Binding{named(s.keys.Fold, "unfold"), named(s.keys.Down, "next"), named(s.keys.Enter, "verdict")}
}

func (p *stacksPage) refresh(s *scene) {
	p.buckets = buckets(&s.report)
	if !p.stand(func(b bucket) bool { return b.key == p.key && (p.who == 0 || b.has(p.who)) }) &&
		!p.stand(func(b bucket) bool { return b.has(p.who) }) &&
		!p.stand(func(b bucket) bool { return b.key == p.key }) {
		p.cursor = max(0, min(p.cursor, len(p.buckets)-1))
		p.mark()
	}
}

func (b bucket) has(pid int) bool {
	for _, m := range b.members {
		if m.proc.PID == pid {
			return true
		}
	}
	return false
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
		p.key, p.who = b.key, b.members[0].proc.PID
	}
}

func (p *stacksPage) bucket() *bucket {
	if p.cursor < 0 || p.cursor >= len(p.buckets) {
		return nil
	}
	return &p.buckets[p.cursor]
}

func (p *stacksPage) seek(_ *scene, pid int) {
	if pid != 0 && p.stand(func(b bucket) bool { return b.has(pid) }) {
		p.who = pid
	}
}

// member is the one whose arguments are shown: the selected process.
func (p *stacksPage) member(b *bucket) member {
	for _, m := range b.members {
		if m.proc.PID == p.who {
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
	t := target{pid: p.member(b).proc.PID}
	for i := range s.report.Files {
		if len(b.files) > 0 && s.report.Files[i].Path == b.files[0] {
			t.file = &s.report.Files[i]
			break
		}
	}
	return t
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
		}
	case is(k, s.keys.PageDown), is(k, s.keys.PageUp):
		p.scroll(is(k, s.keys.PageDown))
	default:
		if p.list.press(k, s.keys, len(p.buckets), p.height) {
			p.mark()
			p.top = topOfCursor
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

// topOfCursor asks view to bring the selected bucket into sight.
const topOfCursor = -1

func (p *stacksPage) scroll(down bool) {
	step := max(1, p.height-2)
	if !down {
		step = -step
	}
	p.top = max(0, min(p.top+step, len(p.lines)-p.height))
}

// foldOf: the first two entries open up by themselves.
func (p *stacksPage) foldOf(i int) fold {
	if f, ok := p.folded[p.buckets[i].key]; ok {
		return f
	}
	if i < 2 || i == p.cursor {
		return brief
	}
	return shut
}

func (p *stacksPage) view(s *scene, w, h int) []string {
	if len(p.buckets) == 0 {
		return []string{"", " No process waits, and none was asked for: there are no stacks to show.", " 1 Find, then / and a user or a file, looks at those who have it open."}
	}
	rows := []string{" " + p.summary(s)}
	meaning := s.wrap("What this means: "+p.bucket().meaning(s), w-2, 3)
	if h < roomyHeight-4 {
		meaning = nil
	}
	p.height = max(1, h-len(rows)-len(meaning)-min(1, len(meaning)))
	p.draw(s, w)
	p.bring()
	for _, line := range p.lines[p.top:min(len(p.lines), p.top+p.height)] {
		rows = append(rows, s.row(line.text, line.head && line.bucket == p.cursor, w))
	}
	for len(rows) < 1+p.height {
		rows = append(rows, "")
	}
	if len(meaning) > 0 {
		rows = append(rows, "")
	}
	for _, row := range meaning {
		rows = append(rows, " "+row)
	}
	return rows
}

func (p *stacksPage) summary(s *scene) string {
	n, stacks, stopped, resting := 0, 0, 0, 0
	for _, b := range p.buckets {
		if b.part == idle {
			resting += len(b.members)
			continue
		}
		n += len(b.members)
		stacks++
		for _, m := range b.members {
			if m.thread.Method == "stop" {
				stopped++
			}
		}
	}
	how := "read without stopping anything"
	if stopped > 0 {
		how = plural(stopped, "was", "were") + " stopped for a moment"
	}
	out := fmt.Sprintf("%s, %s, %s", plural(n, "process", "processes"), plural(stacks, "stack", "different stacks"), how)
	if resting > 0 {
		out += fmt.Sprintf(" (%s idle)", thousands(resting))
	}
	return out
}

// bring puts the selected bucket's first row on the screen after the cursor moved.
func (p *stacksPage) bring() {
	if p.top == topOfCursor {
		p.top = 0
		for i, l := range p.lines {
			if l.bucket == p.cursor && l.head {
				p.top = max(0, i-1)
				break
			}
		}
	}
	p.top = max(0, min(p.top, len(p.lines)-p.height))
}

// draw lists the rows of all buckets.
func (p *stacksPage) draw(s *scene, w int) {
	p.lines = p.lines[:0]
	for i := range p.buckets {
		b := &p.buckets[i]
		m := p.member(b)
		p.lines = append(p.lines, stackLine{i, true, p.head(s, b, p.foldOf(i), w-1)})
		for _, text := range frameRows(s, m.thread, p.foldOf(i), w-1) {
			p.lines = append(p.lines, stackLine{i, false, text})
		}
	}
}

// head counts the processes of a bucket and names the first.
func (p *stacksPage) head(s *scene, b *bucket, f fold, w int) string {
	sign := s.open
	if f == shut {
		sign = s.shut
	}
	m := p.member(b)
	who := fmt.Sprintf("%s × %s", thousands(len(b.members)), s.name(m.proc.PID))
	if s.ascii {
		who = strings.Replace(who, "×", "x", 1)
	}
	for i, o := range b.members {
		if i == 4 {
			who += " " + s.dots
			break
		}
		if o.proc != m.proc {
			who += fmt.Sprintf(" %d", o.proc.PID)
		}
	}
	file := ""
	if len(b.files) > 0 {
		verb := map[part]string{holder: "holds", waiter: "waits for", idle: "queues for"}[b.part]
		file = strings.TrimSpace(verb + " " + s.fileName(&evidence.File{Path: b.files[0]}))
		if n := len(b.files); n > 1 {
			file += fmt.Sprintf(" and %d more", n-1)
		}
	}
	style := s.strong
	if b.part == holder {
		style = s.bad
	}
	left := s.dim.Render(sign) + " " + style.Render(s.fit(b.part.String(), 7)) + who
	if room := w - 34; room > 12 && file != "" {
		return s.ends(left, s.fitEnd(file, min(room, len([]rune(file)))), w)
	}
	return s.fit(left, w)
}

// copy is the stack of the selected process as gdb would print it.
func (p *stacksPage) copy(s *scene) string {
	b := p.bucket()
	if b == nil {
		return ""
	}
	const width = 200
	rows := []string{p.head(s, b, full, width)}
	return plainText(append(rows, frameRows(s, p.member(b).thread, full, width)...))
}
