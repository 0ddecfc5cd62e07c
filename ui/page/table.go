package page

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"cyrlock/evidence"
	"cyrlock/ui/scene"
)

// A column is one of a table of T.
type column[T any] struct {
	title string
	width int // 0: what the others leave
	side  side
	text  func(it T, width int) string
}

// side is where the text of a column stands, and which end of it gives way.
type side int

const (
	left  side = iota
	right      // numbers
	end        // of a path, the end tells
)

// A table is columns that fill a row together.
type table[T any] []column[T]

// newTable gives the one column without a width what the others leave of w, but
// not less than least.
func newTable[T any](w, least int, columns ...column[T]) table[T] {
	t, grows := table[T](columns), 0
	for i, c := range t {
		w -= c.width + t.gap(i)
		if c.width == 0 {
			grows = i
		}
	}
	t[grows].width = max(w, least)
	return t
}

// gap is what stands before a column: more behind a number, which has no space of
// its own at its end.
func (t table[T]) gap(i int) int {
	switch {
	case i == 0:
		return 0
	case t[i-1].side == right && t[i].side != right:
		return 2
	}
	return 1
}

// row is one thing, cell by cell.
func (t table[T]) row(s *scene.Scene, it T) string {
	return t.lay(s, func(c column[T]) string { return c.text(it, c.width) })
}

// head is the row of titles.
func (t table[T]) head(s *scene.Scene) string {
	return t.lay(s, func(c column[T]) string { return c.title })
}

// listed draws those of a list that h rows show. Where that is not all, the head
// says which. The one at the cursor is marked, unless the cursor is elsewhere; others
// have the mark of their process, where they are one's.
func (t table[T]) listed(s *scene.Scene, all []T, list *List, h, w int, marked bool) []string {
	from, to := list.window(len(all), h)
	if to-from < len(all) {
		t.say(evidence.Thousands(from+1)+"-"+evidence.Thousands(to), " of "+evidence.Thousands(len(all)))
	}
	rows := []string{s.Dim.Render("  " + t.head(s))}
	for i := from; i < to; i++ {
		mark := " "
		if party, ok := any(all[i]).(scene.Party); ok {
			mark = s.Mark(party.PID)
		}
		rows = append(rows, s.MarkedRow(mark, " "+t.row(s, all[i]), marked && i == list.Cursor, w))
	}
	return rows
}

// say puts a text behind the first title that leaves room for it, at least for
// its beginning.
func (t table[T]) say(text, more string) {
	for _, said := range []string{text + more, text} {
		for i, c := range t {
			if len(c.title)+2+len(said) <= c.width {
				t[i].title += "  " + said
				return
			}
		}
	}
}

func (t table[T]) lay(s *scene.Scene, text func(column[T]) string) string {
	var b strings.Builder
	for i, c := range t {
		for range t.gap(i) {
			b.WriteByte(' ')
		}
		switch c.side {
		case right:
			b.WriteString(s.FitRight(text(c), c.width))
		case end:
			b.WriteString(s.FitEnd(text(c), c.width))
		default:
			b.WriteString(s.Fit(text(c), c.width))
		}
	}
	return b.String()
}

// shortName is "imapd 24870" in w cells: the number, which names it, stays whole.
func shortName(s *scene.Scene, name string, w int) string {
	at := strings.LastIndexByte(name, ' ')
	if at < 0 || ansi.StringWidth(name) <= w {
		return name
	}
	number := name[at:]
	return strings.TrimRight(s.Fit(name[:at], max(1, w-len(number))), " ") + number
}
