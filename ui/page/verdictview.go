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

// The parts of the page from top to bottom. Where there is room, details stand
// beside the tree.
const (
	said = iota
	tree
	below
	suffers
	known
	doubt
	safe
	aside
	plainly
	before
	verdictParts
)

// wide is from when on the details stand beside the tree.
const wide = 160

// View is the page.
func (p *Verdict) View(s *scene.Scene, w, h int) []string {
	switch {
	case p.why:
		return p.evidence(s, w, h)
	case len(p.rows) == 0:
		return p.quiet(s, w, h)
	case cramped(h):
		return p.small(s, w, h)
	case w >= wide:
		return p.beside(s, w, h)
	}
	all := newParts(verdictParts, h)
	all.offer(said, p.said(s, w, h/2))
	all.offer(below, []string{""})
	p.fill(s, all, w)
	all.rows[tree] = p.tree(s, w, len(all.rows[tree]))
	return all.all()
}

// fill gives the rows that are left to the tree and to what is known, the most
// needed first: what can be done, who is at the root, who suffers, how one knows.
func (p *Verdict) fill(s *scene.Scene, all *parts, w int) {
	r := p.root(s)
	all.offer(safe, p.safe(s, r, w))
	all.grow(tree, min(4, len(p.rows)))
	all.offer(suffers, s.Hang("Who suffers", s.ImpactInShort(r.Impact), w, 2))
	all.offer(known, s.Hang("How we know", whole(s, s.Why(r, true), w, 2), w, 2))
	all.offer(aside, p.aside(s, w, 1))
	p.everyone(s, len(all.rows[tree])+all.room)
	all.grow(tree, len(p.rows))
	p.more(s, all, r, w)
}

// more says the rest where there is room.
func (p *Verdict) more(s *scene.Scene, all *parts, r *diagnose.Root, w int) {
	all.offer(doubt, p.doubt(s, r, w))
	all.offer(safe, p.everySafe(s, r, w))
	all.offer(known, list(s, "How we know", s.Why(r, true), w))
	all.offer(suffers, s.Hang("Who suffers", s.Impact(r.Impact), w, 4))
	all.offer(plainly, plainWords(s, scene.Meaning(r.Class), w))
	all.offer(aside, p.aside(s, w, 4))
	all.offer(before, p.over(s, "Earlier", w, 1))
}

// everyone takes the height of the tree. Where all processes fit, none is only counted.
func (p *Verdict) everyone(s *scene.Scene, h int) {
	if all := s.Everyone() <= h; all != p.folds.All {
		p.folds.All = all
		p.Refresh(s)
	}
}

// beside puts the tree at the left and what is known at the right.
func (p *Verdict) beside(s *scene.Scene, w, h int) []string {
	r := p.root(s)
	top := p.said(s, w, h/3)
	left, right := w*3/5, w-w*3/5-2
	h = max(1, h-len(top))
	side := newParts(verdictParts, h)
	side.offer(safe, p.safe(s, r, right))
	side.offer(suffers, s.Hang("Who suffers", s.ImpactInShort(r.Impact), right, 2))
	side.offer(known, s.Hang("How we know", whole(s, s.Why(r, true), right, 3), right, 3))
	side.offer(aside, p.aside(s, right, 1))
	p.more(s, side, r, right)
	for _, at := range []int{suffers, known, doubt, safe, aside} { // and air between them
		if rows := side.rows[at]; len(rows) > 0 {
			side.offer(at, append(rows[:len(rows):len(rows)], ""))
		}
	}
	p.everyone(s, h)
	rows, details := p.tree(s, left, h), side.all()
	for i := range max(len(rows), len(details)) {
		row := ""
		if i < len(rows) {
			row = rows[i]
		}
		row = s.Fit(row, left)
		if i < len(details) {
			row += "  " + details[i]
		}
		top = append(top, row)
	}
	return top
}

// cramped tells that the body is too low for more than the most important.
func cramped(h int) bool { return h < draw.RoomyHeight-4 }

// small is the sentence, the selected rows of the tree, and what can be done; e
// has the rest.
func (p *Verdict) small(s *scene.Scene, w, h int) []string {
	all := newParts(verdictParts, h)
	r := p.root(s)
	var do []string
	if len(r.Advice) > 0 {
		a := r.Advice[0]
		do = append(do, s.Fit(" Safe: "+s.Action(a)+", risk "+s.Text(a.Risk), w))
		if a.Command != "" {
			do = append(do, s.Fit("   "+s.Strong.Render(s.Text(a.Command)), w))
		} else {
			do = append(do, s.Hang("", s.Text(a.Why), w, 4)...)
		}
	}
	all.offer(safe, do)
	text := p.said(s, w, max(2, h-len(do)-1))
	all.offer(said, text[:len(text)-1]) // how sure it is may be in the last row, too
	p.everyone(s, all.room)
	all.grow(tree, len(p.rows))
	all.rows[tree] = p.tree(s, w, len(all.rows[tree]))
	return all.all()
}

// said is the one sentence, with the class and how sure that is at its end or in
// the row below, which is empty otherwise.
func (p *Verdict) said(s *scene.Scene, w, most int) []string {
	text, sure := s.Report.Summary, ""
	if r := p.root(s); r != nil {
		sure = string(r.Class) + ", " + scene.Sure(r.Confidence)
		if w < draw.RoomyWidth {
			sure = scene.Sure(r.Confidence)
		}
		if n := len(s.Trees); n > 1 {
			text = r.Sentence
			sure += fmt.Sprintf(", chain %s of %s", evidence.Thousands(p.chain()+1), evidence.Thousands(n))
		}
	}
	w = min(w, draw.Sight)
	rows := s.Wrap(s.Text(text), w-2, max(1, most-1))
	for i := range rows {
		rows[i] = " " + s.Strong.Render(rows[i])
	}
	rows = append(rows, "")
	if at := len(rows) - 2; at >= 0 && sure != "" {
		if ansi.StringWidth(rows[at])+len(sure)+3 > w {
			at++
		}
		rows[at] = s.Ends(rows[at], s.Dim.Render(sure)+" ", w)
	}
	return rows
}

// tree draws h rows of the tree.
func (p *Verdict) tree(s *scene.Scene, w, h int) []string {
	p.height = h
	room := h
	if len(p.rows) > h && h > 3 {
		room-- // the last row says that there are more
	}
	from, to := p.window(len(p.rows), room)
	rows := make([]string, 0, h)
	for i := from; i < to; i++ {
		mark := " "
		if r := &p.rows[i]; r.More == 0 {
			mark = s.Mark(r.PID)
		}
		rows = append(rows, s.MarkedRow(mark, drawRow(s, &p.rows[i], w-1), i == p.Cursor, w))
	}
	if room < h {
		rows = append(rows, s.Dim.Render(fmt.Sprintf(" %s rows %s to %s of %s", s.Dots, evidence.Thousands(from+1), evidence.Thousands(to), evidence.Thousands(len(p.rows)))))
	}
	return rows
}

// onlyFirst is a heading that stands before the first of several lines.
func onlyFirst(i int, title string) string {
	if i == 0 {
		return title
	}
	return ""
}

// list is lines below each other under one heading.
func list(s *scene.Scene, title string, lines []string, w int) []string {
	var rows []string
	for i, line := range lines {
		rows = append(rows, s.Hang(onlyFirst(i, title), line, w, 8)...)
	}
	return rows
}

// whole joins as many pieces as fit whole, and says how many there are beyond.
func whole(s *scene.Scene, pieces []string, w, rows int) string {
	for n := len(pieces); n > 0; n-- {
		text := strings.Join(pieces[:n], " "+s.Dot+" ")
		if n < len(pieces) {
			text += fmt.Sprintf(" %s %d more: e", s.Dot, len(pieces)-n)
		}
		if len(s.Hang("How we know", text, w, rows+1)) <= rows {
			return text
		}
	}
	return evidence.Plural(len(pieces), "piece", "pieces") + " of evidence: e"
}
