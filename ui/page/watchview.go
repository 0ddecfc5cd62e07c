package page

import (
	"fmt"
	"strings"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/scene"
)

// View is the curve, the hangs, and the events.
func (p *Watch) View(s *scene.Scene, w, h int) []string {
	rows := p.curve(s, w)
	hangs := p.hangs(s, w, max(1, h/4))
	if cramped(h) {
		hangs = hangs[:min(len(hangs), 1)]
	}
	rows = append(rows, hangs...)
	if !cramped(h) {
		rows = append(rows, "", s.Dim.Render(p.title(s, w)))
	}
	whole := p.whole(s, min(w, draw.Sight), h)
	p.height = max(1, h-len(rows)-len(whole))
	if w < abreast {
		rows = append(rows, filled(p.list(s, w), p.height)...)
		return append(rows, whole...)[:h]
	}
	left := w / 2
	tree := filled(p.tree(s, w-left-3), p.height)
	for i, row := range filled(p.list(s, left), p.height) {
		rows = append(rows, s.Fit(row, left)+" "+s.Dim.Render(s.Line)+tree[i])
	}
	return append(rows, whole...)[:h]
}

// list is the visible events.
func (p *Watch) list(s *scene.Scene, w int) []string {
	if len(p.events) == 0 {
		return []string{" Nothing has changed since the first look."}
	}
	var rows []string
	from, to := p.window(len(p.events), p.height)
	for i := from; i < to; i++ {
		rows = append(rows, s.Row(eventRow(s, p.events[i], w-1), i == p.Cursor, w))
	}
	return rows
}

// whole is the selected event, all of it: a row may be too short for it.
func (p *Watch) whole(s *scene.Scene, w, h int) []string {
	e := p.event()
	if e == nil || cramped(h) {
		return nil
	}
	const most = 3
	rows := []string{""}
	for _, row := range s.Wrap(e.At.Format("15:04:05")+" "+s.Text(e.Text), w-2, most) {
		rows = append(rows, " "+row)
	}
	return filled(rows, 1+most) // as many for each, lest the list jump
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
		rows = append(rows, s.MarkedRow(mark, drawRow(s, &all[i], w-1), false, w))
	}
	return rows
}

// title says what the list is, and whether it follows.
func (p *Watch) title(s *scene.Scene, w int) string {
	right := "follows "
	if p.apart {
		right = fmt.Sprintf("%s newer, G follows ", evidence.Thousands(len(p.events)-1-p.Cursor))
	}
	return s.Ends(" WHAT HAPPENED", right, w)
}

func eventRow(s *scene.Scene, e diagnose.Event, w int) string {
	text := s.Text(e.Text)
	switch e.Kind {
	case diagnose.HangBegan:
		text = s.Bad.Render("HANG") + " " + text
	case diagnose.HangCleared:
		text = s.Good.Render("CLEARED") + " " + text
	}
	return s.Fit(e.At.Format("15:04:05")+" "+text, w)
}

// curve is how many waited over time, and what that means in numbers.
func (p *Watch) curve(s *scene.Scene, w int) []string {
	if len(s.Points) == 0 {
		return []string{" No look could tell yet how many wait."}
	}
	most, last := 0, s.Points[len(s.Points)-1]
	for _, point := range s.Points {
		most = max(most, point.Waiting)
	}
	words := fmt.Sprintf("%s now, %s at most since %s", evidence.Thousands(last.Waiting), evidence.Thousands(most), s.Points[0].At.Format("15:04:05"))
	if w < draw.RoomyWidth {
		return []string{" waiting " + words, " " + bars(s, min(w-2, 60), most)}
	}
	return []string{" waiting   " + bars(s, min(60, w-len(words)-16), most) + "   " + words}
}

// bars are n cells, each as high as the most that waited in its share of the time.
func bars(s *scene.Scene, n, most int) string {
	levels := []rune(s.Levels)
	first, last := s.Points[0].At, s.Points[len(s.Points)-1].At
	span := max(last.Sub(first), time.Duration(n)) // a first look fills one cell
	high := make([]int, n)
	for i := range high {
		high[i] = -1
	}
	for _, point := range s.Points {
		at := min(n-1, int(int64(point.At.Sub(first))*int64(n)/int64(span)))
		high[at] = max(high[at], point.Waiting)
	}
	var out strings.Builder
	before := -1
	for _, waiting := range high {
		if waiting < 0 {
			waiting = before // nobody looked: as it was
		}
		before = waiting
		switch {
		case waiting < 0 || waiting == 0 && most == 0:
			out.WriteRune(levels[0])
		default:
			out.WriteRune(levels[(waiting*(len(levels)-1)+max(1, most)-1)/max(1, most)])
		}
	}
	return out.String()
}

// hangs are those that last and the last of those that are over, in most rows.
func (p *Watch) hangs(s *scene.Scene, w, most int) []string {
	var rows []string
	for i, h := range s.Hangs {
		if i == most {
			rows[most-1] = s.Dim.Render(fmt.Sprintf(" %s %d hangs before these", s.Dots, len(s.Hangs)-most+1))
			break
		}
		rows = append(rows, hangRow(s, h, w))
	}
	return rows
}

// hangRow tells a hang in a row: whether it lasts, how long, who, and how it ended.
func hangRow(s *scene.Scene, h diagnose.Hang, w int) string {
	who := s.Text(h.Holder)
	if who == "" {
		who = "holder not seen"
	}
	how := fmt.Sprintf("%s, %s waited, %s", who, evidence.Thousands(h.Most), s.Short(h.File))
	if h.Cleared.IsZero() {
		lasts := s.Report.Taken.Sub(h.Began).Seconds()
		return s.Fit(" "+s.Bad.Render("LASTS")+"   "+s.FitRight(diagnose.Age(lasts), 6)+"  "+how, w)
	}
	return s.Fit(" "+s.Good.Render("cleared")+" "+h.Cleared.Format("15:04:05")+" after "+diagnose.Age(h.Cleared.Sub(h.Began).Seconds())+"  "+how, w)
}

// Copy is the whole history as text.
func (p *Watch) Copy(s *scene.Scene) string {
	const width = 200
	var rows []string
	for _, h := range s.Hangs {
		rows = append(rows, hangRow(s, h, width), "   "+s.Text(h.What), "   "+s.Text(h.How))
	}
	for _, e := range p.events {
		rows = append(rows, eventRow(s, e, width))
	}
	return draw.PlainText(rows)
}
