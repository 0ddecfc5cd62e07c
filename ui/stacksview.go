package ui

import (
	"cyrlock/evidence"
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

func (p *stacksPage) view(s *scene, w, h int) []string {
	if len(p.buckets) == 0 {
		return []string{"", " No process waits, and none was asked for: there are no stacks to show.", " 1 Find, then / and a user or a file, looks at those who have it open."}
	}
	rows := []string{" " + p.summary()}
	meaning := s.wrap("What this means: "+p.bucket().meaning(s), w-2, 3)
	if cramped(h) {
		meaning = nil
	}
	p.height = max(1, h-len(rows)-len(meaning)-min(1, len(meaning)))
	p.draw(s, min(w, sight))
	p.bring()
	for _, line := range p.lines[p.top:min(len(p.lines), p.top+p.height)] {
		if line.head {
			line.text = p.head(s, &p.buckets[line.bucket], p.foldOf(line.bucket), min(w, sight)-1)
		}
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

func (p *stacksPage) summary() string {
	procs, stopped := map[int]bool{}, 0
	for _, b := range p.buckets {
		for _, m := range b.members {
			procs[m.proc.PID] = true
			if m.thread.Method == "stop" {
				stopped++
			}
		}
	}
	how := "read without stopping anything"
	if stopped > 0 {
		how = plural(stopped, "was", "were") + " stopped for a moment"
	}
	return fmt.Sprintf("%s, %s, %s", plural(len(procs), "process", "processes"), plural(len(p.buckets), "stack", "different stacks"), how)
}

// bring scrolls no further than the selected bucket needs to be seen, its head
// before its end.
func (p *stacksPage) bring() {
	if p.moved {
		head, end := len(p.lines), 0
		for i, l := range p.lines {
			if l.bucket == p.cursor {
				head, end = min(head, i), i+1
			}
		}
		p.top = min(max(p.top, end-p.height), head)
		p.moved = false
	}
	p.top = max(0, min(p.top, len(p.lines)-p.height))
}

// draw lists the rows of all buckets.
func (p *stacksPage) draw(s *scene, w int) {
	p.fits = p.fitsAll()
	p.lines = p.lines[:0]
	for i := range p.buckets {
		p.lines = append(p.lines, stackLine{i, true, ""})
		if p.foldOf(i) == shut {
			continue
		}
		for _, text := range frameRows(s, p.member(&p.buckets[i]).thread, p.foldOf(i), w-1) {
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
	who := fmt.Sprintf("%s × %s", evidence.Thousands(len(b.members)), s.name(m.proc.PID))
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
	room, file := w-34, ""
	if b.file != nil && room > 16 {
		verb := map[part]string{holder: "holds ", waiter: "waits for "}[b.part]
		name := s.fileName(b.file)
		file = verb + s.fitEnd(name, min(room-len(verb), ansi.StringWidth(name)))
	}
	style := s.strong
	if b.part == holder {
		style = s.bad
	}
	left := s.dim.Render(sign) + " " + style.Render(s.fit(b.part.String(), 7)) + who
	return s.ends(left, file, w)
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
