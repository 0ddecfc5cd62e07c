package page

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/scene"
)

func (p *Stacks) View(s *scene.Scene, w, h int) []string {
	if len(p.buckets) == 0 {
		return []string{"", " No process waits, and none was asked for: there are no stacks to show.", " 1 Find, then / and a user or a file, looks at those who have it open."}
	}
	rows := []string{" " + p.summary()}
	meaning := s.Wrap("What this means: "+s.Meaning(p.bucket()), w-2, 3)
	if cramped(h) {
		meaning = nil
	}
	p.height = max(1, h-len(rows)-len(meaning)-min(1, len(meaning)))
	p.draw(s, min(w, draw.Sight))
	p.bring()
	for _, line := range p.lines[p.Top:min(len(p.lines), p.Top+p.height)] {
		if line.head {
			line.text = p.head(s, &p.buckets[line.bucket], p.foldOf(line.bucket), min(w, draw.Sight)-1)
		}
		rows = append(rows, s.Row(line.text, line.head && line.bucket == p.Cursor, w))
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

func (p *Stacks) summary() string {
	procs, stopped := map[int]bool{}, 0
	for _, b := range p.buckets {
		for _, m := range b.Members {
			procs[m.Proc.PID] = true
			if m.Thread.Method == "stop" {
				stopped++
			}
		}
	}
	how := "read without stopping anything"
	if stopped > 0 {
		how = scene.Plural(stopped, "was", "were") + " stopped for a moment"
	}
	return fmt.Sprintf("%s, %s, %s", scene.Plural(len(procs), "process", "processes"), scene.Plural(len(p.buckets), "stack", "different stacks"), how)
}

// bring scrolls no further than the selected bucket needs to be seen, its head
// before its end.
func (p *Stacks) bring() {
	if p.moved {
		head, end := len(p.lines), 0
		for i, l := range p.lines {
			if l.bucket == p.Cursor {
				head, end = min(head, i), i+1
			}
		}
		p.Top = min(max(p.Top, end-p.height), head)
		p.moved = false
	}
	p.Top = max(0, min(p.Top, len(p.lines)-p.height))
}

// draw lists the rows of all buckets.
func (p *Stacks) draw(s *scene.Scene, w int) {
	p.fits = p.fitsAll()
	p.lines = p.lines[:0]
	for i := range p.buckets {
		p.lines = append(p.lines, stackLine{i, true, ""})
		if p.foldOf(i) == shut {
			continue
		}
		for _, text := range frameRows(s, p.member(&p.buckets[i]).Thread, p.foldOf(i), w-1) {
			p.lines = append(p.lines, stackLine{i, false, text})
		}
	}
}

// head counts the processes of a bucket and names the first.
func (p *Stacks) head(s *scene.Scene, b *scene.Bucket, f fold, w int) string {
	sign := s.Open
	if f == shut {
		sign = s.Shut
	}
	m := p.member(b)
	who := fmt.Sprintf("%s × %s", evidence.Thousands(len(b.Members)), s.Name(m.Proc.PID))
	if s.ASCII {
		who = strings.Replace(who, "×", "x", 1)
	}
	for i, o := range b.Members {
		if i == 4 {
			who += " " + s.Dots
			break
		}
		if o.Proc != m.Proc {
			who += fmt.Sprintf(" %d", o.Proc.PID)
		}
	}
	room, file := w-34, ""
	if b.File != nil && room > 16 {
		verb := map[scene.Part]string{scene.Holder: "holds ", scene.Waiter: "waits for "}[b.Part]
		name := s.FileName(b.File)
		file = verb + s.FitEnd(name, min(room-len(verb), ansi.StringWidth(name)))
	}
	style := s.Strong
	if b.Part == scene.Holder {
		style = s.Bad
	}
	left := s.Dim.Render(sign) + " " + style.Render(s.Fit(b.Part.String(), 7)) + who
	return s.Ends(left, file, w)
}

// Copy is the stack of the selected process as gdb would print it.
func (p *Stacks) Copy(s *scene.Scene) string {
	b := p.bucket()
	if b == nil {
		return ""
	}
	const width = 200
	rows := []string{p.head(s, b, full, width)}
	return draw.PlainText(append(rows, frameRows(s, p.member(b).Thread, full, width)...))
}
