package page

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/scene"
)

func (p *Verdict) View(s *scene.Scene, w, h int) []string {
	if p.why {
		p.height = h
		rows := p.evidence(s, w)
		p.scroll.Cursor = min(p.scroll.Cursor, max(0, len(rows)-h))
		from := p.scroll.Cursor
		return rows[from:min(len(rows), from+h)]
	}
	if len(p.nodes) == 0 {
		return append(append(p.said(s, w, h/2), ""), p.quiet(s, w)...)
	}
	if cramped(h) { // the sentence and the tree; e has the rest
		rows := p.said(s, w, h/2)
		p.room(s, max(2, h-len(rows)-1))
		return append(append(rows, p.tree(s, w)...), p.short(s, w))
	}
	rows := append(p.said(s, w, h/4), "")
	details := p.details(s, w, h/3)
	p.room(s, max(2, h-len(rows)-len(details)-1))
	rows = append(append(rows, p.tree(s, w)...), "")
	return append(rows, details...)
}

// cramped tells that the body is too low for more than the most important.
func cramped(h int) bool { return h < draw.RoomyHeight-4 }

// room takes the height of the tree. Where all processes fit, none is only counted.
func (p *Verdict) room(s *scene.Scene, h int) {
	p.height = h
	n := 0
	for _, r := range s.Report.Roots {
		n += 1 + max(1, len(r.Members)) + len(r.Victims)
	}
	if all := n <= h; all != p.all {
		p.all = all
		p.Refresh(s)
	}
}

// short is the first advice in one row.
func (p *Verdict) short(s *scene.Scene, w int) string {
	r := p.root(s)
	if r == nil || len(r.Advice) == 0 {
		return ""
	}
	return s.Fit(" Safe: "+s.Advice(r.Advice[0], r.PID), w)
}

// said is the one sentence, with how sure it is.
func (p *Verdict) said(s *scene.Scene, w, most int) []string {
	text, sure := s.Report.Summary, ""
	if r := p.root(s); r != nil {
		sure = scene.Sure(r.Confidence)
		if p.node() != nil && p.node().Root > 0 {
			text = r.Sentence
		}
		if n := len(s.Report.Roots); n > 1 && p.node() != nil {
			sure = fmt.Sprintf("%s, chain %d of %d", sure, p.node().Root+1, n)
		}
	}
	rows := s.Wrap(text, w-2, most)
	for i := range rows {
		rows[i] = " " + s.Strong.Render(rows[i])
	}
	if sure == "" || len(rows) == 0 {
		return rows
	}
	last := len(rows) - 1
	if ansi.StringWidth(rows[last])+len(sure)+3 > w && last+1 < most {
		rows, last = append(rows, ""), last+1
	}
	rows[last] = s.Ends(rows[last], s.Dim.Render(sure)+" ", w)
	return rows
}

// tree draws the visible rows.
func (p *Verdict) tree(s *scene.Scene, w int) []string {
	h := p.height
	room := h
	if len(p.nodes) > h {
		room-- // the last row says that there are more
	}
	from, to := p.window(len(p.nodes), room)
	var rows []string
	for i := from; i < to; i++ {
		rows = append(rows, s.Row(p.nodeRow(s, &p.nodes[i], w-1), i == p.Cursor, w))
	}
	if len(p.nodes) > h {
		rows = append(rows, s.Dim.Render(fmt.Sprintf(" %s rows %d to %d of %s", s.Dots, from+1, to, evidence.Thousands(len(p.nodes)))))
	}
	return rows
}

// details are how it is known and what to do, in at most most rows.
func (p *Verdict) details(s *scene.Scene, w, most int) []string {
	r := p.root(s)
	if r == nil {
		return nil
	}
	var safe []string
	if len(r.Advice) > 0 {
		a := r.Advice[0]
		safe = s.Hang("Safe to do", s.Advice(a, r.PID), w, 2)
		if a.Command != "" {
			safe = append(safe, " "+strings.Repeat(" ", 14)+s.Strong.Render(a.Command))
		}
	}
	var rows []string
	if room := most - len(safe); room > 0 {
		rows = p.known(s, r, w, room)
		if r.Doubt != "" && room > len(rows) {
			rows = append(rows, s.Hang("In doubt", r.Doubt, w, 1)...)
		}
	}
	return append(rows, safe...)
}

// known are the reasons, each a row of its own where there is room, else as many
// as fit in three.
func (p *Verdict) known(s *scene.Scene, r *diagnose.Root, w, room int) []string {
	var rows []string
	for i, why := range r.Why {
		rows = append(rows, s.Hang(onlyFirst(i, "How we know"), why, w, 4)...)
	}
	if len(rows) < room {
		return rows
	}
	return s.Hang("How we know", strings.Join(r.Why, " "+s.Dot+" "), w, min(room, 3))
}

// quiet is what to see where nobody waits.
func (p *Verdict) quiet(s *scene.Scene, w int) []string {
	var rows []string
	c := s.Report.Host.Cyrus
	say := func(title, text string) { rows = append(rows, s.Hang(title, text, w, 3)...) }
	if c.Master != 0 {
		say("Cyrus", s.Cyrus(c))
	} else {
		say("Cyrus", "no running master was found")
	}
	if c.Conf != "" {
		say("Configuration", s.Text(c.Conf))
	}
	for i, g := range s.Report.Gaps {
		if i == 3 {
			say("", fmt.Sprintf("%d more: e", len(s.Report.Gaps)-i))
			break
		}
		say("Not read", s.Gap(g))
	}
	rows = append(rows, "")
	say("To ask more", "/ and a user or a file, then enter: who has it open, and what those processes do")
	return rows
}
