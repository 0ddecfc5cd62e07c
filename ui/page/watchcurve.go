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
