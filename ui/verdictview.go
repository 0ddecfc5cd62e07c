package ui

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

func (p *verdictPage) view(s *scene, w, h int) []string {
	if p.why {
		p.height = h
		rows := p.evidence(s, w)
		p.scroll.cursor = min(p.scroll.cursor, max(0, len(rows)-h))
		from := p.scroll.cursor
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
func cramped(h int) bool { return h < roomyHeight-4 }

// room takes the height of the tree. Where all processes fit, none is only counted.
func (p *verdictPage) room(s *scene, h int) {
	p.height = h
	n := 0
	for _, r := range s.report.Roots {
		n += 1 + max(1, len(r.Members)) + len(r.Victims)
	}
	if all := n <= h; all != p.all {
		p.all = all
		p.refresh(s)
	}
}

// short is the first advice in one row.
func (p *verdictPage) short(s *scene, w int) string {
	r := p.root(s)
	if r == nil || len(r.Advice) == 0 {
		return ""
	}
	return s.fit(" Safe: "+adviceWords(s, r.Advice[0], r.PID), w)
}

// said is the one sentence, with how sure it is.
func (p *verdictPage) said(s *scene, w, most int) []string {
	text, sure := s.report.Summary, ""
	if r := p.root(s); r != nil {
		sure = sureWords(r.Confidence)
		if p.node() != nil && p.node().root > 0 {
			text = r.Sentence
		}
		if n := len(s.report.Roots); n > 1 && p.node() != nil {
			sure = fmt.Sprintf("%s, chain %d of %d", sure, p.node().root+1, n)
		}
	}
	rows := s.wrap(text, w-2, most)
	for i := range rows {
		rows[i] = " " + s.strong.Render(rows[i])
	}
	if sure == "" || len(rows) == 0 {
		return rows
	}
	last := len(rows) - 1
	if ansi.StringWidth(rows[last])+len(sure)+3 > w && last+1 < most {
		rows, last = append(rows, ""), last+1
	}
	rows[last] = s.ends(rows[last], s.dim.Render(sure)+" ", w)
	return rows
}

func sureWords(c diagnose.Confidence) string {
	if c == diagnose.Guess {
		return "a guess"
	}
	return string(c)
}

// tree draws the visible rows.
func (p *verdictPage) tree(s *scene, w int) []string {
	h := p.height
	room := h
	if len(p.nodes) > h {
		room-- // the last row says that there are more
	}
	from, to := p.window(len(p.nodes), room)
	var rows []string
	for i := from; i < to; i++ {
		rows = append(rows, s.row(p.nodeRow(s, &p.nodes[i], w-1), i == p.cursor, w))
	}
	if len(p.nodes) > h {
		rows = append(rows, s.dim.Render(fmt.Sprintf(" %s rows %d to %d of %s", s.dots, from+1, to, evidence.Thousands(len(p.nodes)))))
	}
	return rows
}

// row marks the selected row with a sign, and with reverse video where there is any.
func (s *scene) row(text string, selected bool, w int) string {
	if selected {
		return s.cursor.Render(s.fit(">"+ansi.Strip(text), w))
	}
	return s.fit(" "+text, w)
}

// details are how it is known and what to do, in at most most rows.
func (p *verdictPage) details(s *scene, w, most int) []string {
	r := p.root(s)
	if r == nil {
		return nil
	}
	var safe []string
	if len(r.Advice) > 0 {
		a := r.Advice[0]
		safe = s.hang("Safe to do", adviceWords(s, a, r.PID), w, 2)
		if a.Command != "" {
			safe = append(safe, " "+strings.Repeat(" ", 14)+s.strong.Render(a.Command))
		}
	}
	var rows []string
	if room := most - len(safe); room > 0 {
		rows = p.known(s, r, w, room)
		if r.Doubt != "" && room > len(rows) {
			rows = append(rows, s.hang("In doubt", r.Doubt, w, 1)...)
		}
	}
	return append(rows, safe...)
}

// known are the reasons, each a row of its own where there is room, else as many
// as fit in three.
func (p *verdictPage) known(s *scene, r *diagnose.Root, w, room int) []string {
	var rows []string
	for i, why := range r.Why {
		rows = append(rows, s.hang(onlyFirst(i, "How we know"), why, w, 4)...)
	}
	if len(rows) < room {
		return rows
	}
	return s.hang("How we know", strings.Join(r.Why, " "+s.dot+" "), w, min(room, 3))
}

func adviceWords(s *scene, a diagnose.Advice, pid int) string {
	what := a.Action
	if a.Action == "end" && pid != 0 {
		what += " " + s.name(pid)
	}
	return fmt.Sprintf("%s: %s (risk: %s)", what, a.Why, cmp.Or(a.Risk, "unknown"))
}

// quiet is what to see where nobody waits.
func (p *verdictPage) quiet(s *scene, w int) []string {
	var rows []string
	c := s.report.Host.Cyrus
	say := func(title, text string) { rows = append(rows, s.hang(title, text, w, 3)...) }
	if c.Master != 0 {
		say("Cyrus", cyrusWords(s, c))
	} else {
		say("Cyrus", "no running master was found")
	}
	if c.Conf != "" {
		say("Configuration", s.text(c.Conf))
	}
	for i, g := range s.report.Gaps {
		if i == 3 {
			say("", fmt.Sprintf("%d more: e", len(s.report.Gaps)-i))
			break
		}
		say("Not read", gapWords(s, g))
	}
	rows = append(rows, "")
	say("To ask more", "/ and a user or a file, then enter: who has it open, and what those processes do")
	return rows
}

func cyrusWords(s *scene, c evidence.Cyrus) string {
	out := fmt.Sprintf("master %d is running", c.Master)
	if c.Version != "" {
		out += ", version " + s.text(c.Version)
	}
	if c.Lock != "" {
		out += ", locks with " + s.text(c.Lock)
	}
	return out
}

func gapWords(s *scene, g evidence.Gap) string {
	out := s.text(g.What)
	if g.PID != 0 {
		out += " of " + s.name(g.PID)
	}
	return out + ": " + s.text(g.Why)
}
