package main

import "strings"

// A span is text of one look, cells of them from x on.
type span struct {
	x, cells int
	text     string
	look     look
}

// spans are the words of a row. They break where the look does, at columns (two
// blanks or more), around what is drawn, and around wide letters, which fonts agree
// on least.
func spans(row []cell) []span {
	var all []span
	for x, c := range row {
		if c.wide == 0 || blank(c) || drawn(c.text) {
			continue
		}
		if n := len(all); n > 0 && all[n-1].goesOn(row, x) {
			all[n-1].cells = x + 1 - all[n-1].x
		} else {
			all = append(all, span{x: x, cells: c.wide, look: c.look})
		}
	}
	for i, s := range all {
		all[i].text = written(row[s.x : s.x+s.cells])
	}
	return all
}

// goesOn reports whether the cell at x belongs to the span: it stands at its end, or
// after one blank.
func (s span) goesOn(row []cell, x int) bool {
	end := s.x + s.cells
	near := end == x || end == x-1 && blank(row[end])
	return near && row[x].wide == 1 && row[s.x].wide == 1 && s.look.sameInk(row[x].look)
}

// written is the text of cells.
func written(cells []cell) string {
	var b strings.Builder
	for _, c := range cells {
		b.WriteString(c.text)
	}
	return b.String()
}

// blank cells show their paper alone.
func blank(c cell) bool { return c.text == " " && !c.look.underline || c.text == "" }

func (l look) sameInk(o look) bool {
	return l.ink == o.ink && l.bold == o.bold && l.underline == o.underline
}
