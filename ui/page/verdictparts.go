package page

import (
	"fmt"
	"strings"

	"cyrlock/diagnose"
	"cyrlock/ui/draw"
	"cyrlock/ui/scene"
)

// safe is the best advice with its command.
func (p *Verdict) safe(s *scene.Scene, r *diagnose.Root, w int) []string {
	if len(r.Advice) == 0 {
		return nil
	}
	a := r.Advice[0]
	rows := s.Hang("Safe to do", s.Advice(a), w, 3)
	return append(rows, commandRows(s, a.Command, w)...)
}

// everySafe is every advice with its command.
func (p *Verdict) everySafe(s *scene.Scene, r *diagnose.Root, w int) []string {
	var rows []string
	for i, a := range r.Advice {
		title := ""
		switch {
		case i == 0:
			title = "Safe to do"
		case a.When == diagnose.Now:
			title = "Or"
		case r.Advice[i-1].When == diagnose.Now:
			title = "Next time"
		}
		rows = append(rows, s.Hang(title, s.Advice(a), w, 4)...)
		rows = append(rows, commandRows(s, a.Command, w)...)
	}
	return rows
}

// commandRows are what to type. Styles come after the wrapping, which they would
// disturb.
func commandRows(s *scene.Scene, command string, w int) []string {
	if command == "" {
		return nil
	}
	rows := s.Hang("", s.Text(command), w, 3)
	for i := range rows {
		rows[i] = s.Strong.Render(rows[i])
	}
	return rows
}

// doubt is what would make the verdict sure.
func (p *Verdict) doubt(s *scene.Scene, r *diagnose.Root, w int) []string {
	if r.Doubt == "" {
		return nil
	}
	return s.Hang("To be sure", s.Text(r.Doubt), w, 3)
}

// aside is what hangs beside the mail server.
func (p *Verdict) aside(s *scene.Scene, w, most int) []string {
	switch n := len(s.Report.Aside); {
	case n == 0:
		return nil
	case most == 1 && n == 1:
		return s.Hang("Beside it", "another program hangs, not the mail server: e", w, 1)
	case most == 1:
		return s.Hang("Beside it", fmt.Sprintf("%d hangs of other programs, not of the mail server: e", n), w, 1)
	}
	var lines []string
	for _, r := range s.Report.Aside {
		lines = append(lines, "not the mail server: "+s.Text(r.Sentence))
	}
	return list(s, "Beside it", lines, w)
}

// over are the last hangs that are over.
func (p *Verdict) over(s *scene.Scene, title string, w, most int) []string {
	var lines []string
	for _, h := range s.Over() {
		if len(lines) == most {
			break
		}
		lines = append(lines, s.Cleared(h))
	}
	return list(s, title, lines, w)
}

// plainWords explain what kind of hang it is.
func plainWords(s *scene.Scene, text string, w int) []string {
	rows := s.Hang("What it means", text, w, 4)
	for i := range rows {
		rows[i] = s.Dim.Render(rows[i])
	}
	return rows
}

// quiet is what to see where nobody waits: that it is so, what was there before,
// and what was looked at.
func (p *Verdict) quiet(s *scene.Scene, w, h int) []string {
	rows := p.said(s, w, max(2, h/2))
	if over := p.over(s, "Cleared", w, 5); len(over) > 0 {
		rows = append(append(rows, over...), "")
	}
	say := func(title, text string) { rows = append(rows, s.Hang(title, text, w, 3)...) }
	for i, gap := range s.Gaps() {
		if i == 3 {
			say("", fmt.Sprintf("%d more: e", len(s.Gaps())-i))
			break
		}
		say(onlyFirst(i, "Not read"), gap)
	}
	if cramped(h) {
		return rows[:min(len(rows), h)]
	}
	c := s.Report.Host.Cyrus
	if c.Master != 0 {
		say("Cyrus", s.Cyrus(c))
	} else {
		say("Cyrus", "no running master was found")
	}
	if c.Conf != "" {
		say("Configuration", s.Text(c.Conf))
	}
	if len(s.Report.Aside) > 1 || len(s.Report.Roots) > 0 { // the sentence has the first
		rows = append(rows, p.aside(s, w, 3)...)
	}
	rows = append(rows, "")
	say("To ask more", "/ and a user or a file, then enter: who has it open, and what those processes do")
	rows = append(rows, "")
	return append(rows, plainWords(s, s.VerdictMeaning(), w)...)
}

// evidence is everything the verdict on one chain rests on, as much of it as fits
// from where it was scrolled to.
func (p *Verdict) evidence(s *scene.Scene, w, h int) []string {
	rows := p.everything(s, min(w, draw.Sight))
	if p.long, p.height = len(rows), h; len(rows) <= h {
		return rows
	}
	room := max(1, h-1) // the last row says where one is
	p.height = room
	p.scroll.Cursor = max(0, min(p.scroll.Cursor, len(rows)-room))
	from := p.scroll.Cursor
	to := from + room
	where := s.Dim.Render(fmt.Sprintf(" %s rows %d to %d of %d", s.Dots, from+1, to, len(rows)))
	return append(rows[from:to:to], where)[:h]
}

// Copy is the report of one chain as plain text.
func (p *Verdict) Copy(s *scene.Scene) string {
	const width, most = 100, 200
	rows := p.said(s, width, 20)
	for i := range p.rows {
		r := &p.rows[i]
		if r.Root != p.chain() {
			continue
		}
		if len(rows) > most {
			rows = append(rows, s.Dots+" and more")
			break
		}
		rows = append(rows, " "+drawRow(s, r, width))
	}
	rows = append(rows, "")
	return strings.TrimLeft(draw.PlainText(append(rows, p.everything(s, width)...)), "\n")
}
