package page

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/scene"
)

// View is the curve, the hangs, what is known of the log, and what happened.
func (p *Watch) View(s *scene.Scene, w, h int) []string {
	rows := p.curve(s, w)
	hangs := p.hangs(s, w, max(1, h/8))
	if cramped(h) {
		hangs = hangs[:min(len(hangs), 1)]
	}
	rows = append(rows, hangs...)
	rows = append(rows, p.log(s, w, h)...)
	switch title := p.title(s, w); {
	case !cramped(h):
		rows = append(rows, "", title)
	case p.paused || p.editing || p.filter != "":
		rows = append(rows, title)
	}
	whole := p.whole(s, w, h)
	p.height = max(1, h-len(rows)-len(whole))
	if w < abreast {
		rows = append(rows, filled(p.entries(s, w), p.height)...)
		return append(rows, whole...)[:h]
	}
	left := w / 2
	tree := filled(p.tree(s, w-left-3), p.height)
	for i, row := range filled(p.entries(s, left), p.height) {
		rows = append(rows, s.Fit(row, left)+" "+s.Dim.Render(s.Line)+tree[i])
	}
	return append(rows, whole...)[:h]
}

// entries are those in sight.
func (p *Watch) entries(s *scene.Scene, w int) []string {
	if len(p.rows) == 0 {
		if p.filter != "" {
			return []string{" Nothing that happened has " + s.Text(p.filter) + " in it."}
		}
		return []string{" Nothing has changed since the first look."}
	}
	var rows []string
	from, to := p.window(len(p.rows), p.height)
	for i := from; i < to; i++ {
		rows = append(rows, s.Row(p.entryRow(s, p.rows[i], w-1), i == p.Cursor, w))
	}
	return rows
}

// whole is the selected entry, all of it, where its row is too short for it.
func (p *Watch) whole(s *scene.Scene, w, h int) []string {
	e := p.entry()
	if e == nil && p.said == "" || cramped(h) {
		return nil
	}
	text := p.said
	if text == "" {
		text = e.At.Format("15:04:05") + " " + s.Told(e)
	}
	const most = 3
	if p.said == "" && p.inFull(s, e, text, w) {
		return make([]string, 1+most)
	}
	rows := []string{""}
	for _, row := range s.Wrap(text, min(w, draw.Sight)-2, most) {
		rows = append(rows, " "+row)
	}
	return filled(rows, 1+most) // as many for each, lest the list jump
}

// inFull tells whether the row of an entry says all of its text.
func (p *Watch) inFull(s *scene.Scene, e *scene.Entry, text string, w int) bool {
	if w >= abreast {
		w /= 2
	}
	return strings.Join(strings.Fields(ansi.Strip(p.entryRow(s, e, w-1))), " ") == strings.Join(strings.Fields(text), " ")
}

// tree is who waits now, to be seen beside what happens.
func (p *Watch) tree(s *scene.Scene, w int) []string {
	all := s.Rows(scene.Folds{})
	if len(all) == 0 {
		return []string{" Nobody waits now."}
	}
	var rows []string
	for i := range all {
		if len(rows) == p.height-1 && i < len(all)-1 {
			return append(rows, s.Dim.Render(" "+s.Dots+" 3 Verdict shows the rest"))
		}
		mark := " "
		if all[i].More == 0 {
			mark = s.Mark(all[i].PID)
		}
		row := drawRow(s, &all[i], w-1)
		if wait, ok := p.story.WaitsAt(s, all[i].Node); ok && all[i].More == 0 {
			row = s.Ends(row, p.progress(s, &wait, w), w-1)
		}
		rows = append(rows, s.MarkedRow(mark, row, false, w))
	}
	return rows
}

// title says what the list is, and whether it follows.
func (p *Watch) title(s *scene.Scene, w int) string {
	at := len(p.rows) - 1 - p.Cursor
	right := "follows "
	switch {
	case p.paused:
		right = fmt.Sprintf("PAUSED, %s new, space goes on ", evidence.Thousands(p.newer()))
	case p.apart:
		right = evidence.Thousands(at) + " newer, G follows "
	}
	left := " WHAT HAPPENED"
	switch gone := p.story.Missing(); {
	case p.editing:
		left = " Only with: " + s.Text(p.filter) + s.Strong.Render("_")
	case p.filter != "":
		left = " ONLY WITH " + s.Text(p.filter) + ", esc shows all"
	case gone > 0 && w >= draw.RoomyWidth:
		left += ", without " + evidence.Plural(gone, "line", "lines")
	}
	if p.paused || p.filter != "" || p.editing {
		return s.Ends(s.Warn.Render(left), s.Warn.Render(right), w)
	}
	return s.Dim.Render(s.Ends(left, right, w))
}

// Copy is the whole history as text.
func (p *Watch) Copy(s *scene.Scene) string {
	const width = 200
	var rows []string
	for _, h := range s.Hangs {
		rows = append(rows, hangRow(s, h, width), "   "+s.Text(h.What), "   "+s.Text(h.How))
	}
	for _, e := range p.rows {
		rows = append(rows, p.entryRow(s, e, width))
	}
	return draw.PlainText(rows)
}
