package page

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/scene"
)

// frameLead is the room before a frame: for the bar of one that matters.
const frameLead = 4

// frameRows is one frame in one row of w cells, with what marks it at the right. The
// mark and the arguments of the frame to look for get a row of their own where
// they do not fit. The remark marks a frame that says nothing by itself.
func frameRows(s *scene.Scene, t *evidence.Thread, i, w int, remark string) []string {
	const arguments = 12 // more do not fit in any row
	f := &t.Frames[i]
	text := fmt.Sprintf("#%-2d %s", i, s.Call(f, arguments))
	where, mark := s.Where(f), frameMark(s, t, i)
	if remark != "" && mark == "" {
		mark = s.Left + " " + remark
	}
	right := strings.TrimSpace(where + " " + mark)
	room := w - frameLead
	spare := room - ansi.StringWidth(right) - 1
	name, _, _ := strings.Cut(text, " (")
	switch {
	case ansi.StringWidth(text) <= spare, mark == "" && ansi.StringWidth(where) <= room/2,
		f.Role != diagnose.RoleLockReopen && ansi.StringWidth(name)+len(" (")+len(s.Dots) <= spare:
		return []string{lit(s, f, s.Ends(text, right, room), name, mark)}
	case mark == "":
		return []string{lit(s, f, s.Fit(text, room), name, mark)}
	case ansi.StringWidth(right) > room:
		right = mark
	}
	return []string{lit(s, f, s.Fit(text, room), name, ""), lit(s, f, s.Ends("", right, room), "", mark)}
}

// wholeFrame is one frame with all of its arguments, in as many rows as it takes.
func wholeFrame(s *scene.Scene, t *evidence.Thread, i, w int) []string {
	const most = 40
	f := &t.Frames[i]
	number, mark := fmt.Sprintf("#%-2d ", i), frameMark(s, t, i)
	hang := len(number)
	rows := wrapped(s.Frame(f), w-frameLead-hang)
	if len(rows) > most {
		rows = append(rows[:most-1], s.Dots)
	}
	name, _, _ := strings.Cut(s.Call(f, 1), " (")
	for j := range rows {
		if j > 0 {
			number, name = strings.Repeat(" ", hang), ""
		}
		rows[j] = number + rows[j]
		right := ""
		if j == len(rows)-1 && ansi.StringWidth(rows[j])+ansi.StringWidth(mark)+1 <= w-frameLead {
			right = mark
		}
		rows[j] = lit(s, f, s.Ends(rows[j], right, w-frameLead), name, right)
		if right != "" {
			mark = ""
		}
	}
	if mark != "" {
		rows = append(rows, lit(s, f, s.Ends("", mark, w-frameLead), "", mark))
	}
	return rows
}

// wrapped breaks text into rows of at most w cells, at spaces alone: a path that is
// broken at its hyphens cannot be read, or copied.
func wrapped(text string, w int) []string {
	w = max(1, w)
	rows := []string{""}
	for _, word := range strings.SplitAfter(text, " ") {
		last := &rows[len(rows)-1]
		if ansi.StringWidth(*last+strings.TrimRight(word, " ")) <= w {
			*last += word
			continue
		}
		broken := strings.Split(ansi.Hardwrap(word, w, true), "\n")
		if *last == "" {
			rows = rows[:len(rows)-1]
		}
		rows = append(rows, broken...)
	}
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " ")
	}
	return rows
}

// lit puts the bar before a frame that matters, and colours its name and its mark.
func lit(s *scene.Scene, f *evidence.Frame, row, name, mark string) string {
	if !scene.Lit(f) {
		if mark != "" {
			row = strings.Replace(row, mark, s.Dim.Render(mark), 1)
		}
		return strings.Repeat(" ", frameLead) + row
	}
	if name != "" {
		row = strings.Replace(row, name, s.Strong.Render(name), 1)
	}
	if mark != "" {
		row = strings.Replace(row, mark, s.Warn.Render(mark), 1)
	}
	return "  " + s.Warn.Render(s.Bar) + " " + row
}

// frameMark says in words why a frame matters, once for several in a row.
func frameMark(s *scene.Scene, t *evidence.Thread, i int) string {
	f := &t.Frames[i]
	words := scene.Mark(f)
	if words == "" || i > 0 && t.Frames[i-1].Role == f.Role && !f.Signal {
		return ""
	}
	return s.Left + " " + words
}

// missingRows say why there is no stack, or not all of it.
func missingRows(s *scene.Scene, t *evidence.Thread, w int) []string {
	rows := s.Wrap(s.Missing(t), w-frameLead, 3)
	for i := range rows {
		rows[i] = strings.Repeat(" ", frameLead) + rows[i]
	}
	return rows
}
