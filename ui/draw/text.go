package draw

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"cyrlock/evidence"
)

// PlainText joins rows without styles.
func PlainText(rows []string) string {
	for i := range rows {
		rows[i] = strings.TrimRight(ansi.Strip(rows[i]), " ")
	}
	return strings.Join(rows, "\n") + "\n"
}

// Everything that reaches the screen passes through here, so that a frame is
// exactly the screen: a row that wraps shears every row below it, and a frame
// that is too tall loses its header.

// longest bounds text from outside before it is measured, in bytes: a process
// title may be megabytes.
const longest = 4096

// Text makes a stranger's text safe to draw. Where terminals do not agree on how
// wide it is, it is shown escaped.
func (t Theme) Text(s string) string {
	if len(s) > longest {
		s = s[:longest]
	}
	s = evidence.Clean(s)
	if t.ASCII {
		return escape(s)
	}
	each, marks, before := 0, 0, ' '
	for _, r := range s {
		w := ansi.StringWidth(string(r))
		each += w
		if w == 0 {
			marks++
		}
		// A variation selector makes what is before it wider, or not; a mark that is
		// on no letter goes to whatever this text is put behind.
		if r >= 0xfe00 && r <= 0xfe0f || unicode.Is(unicode.M, r) && !unicode.IsLetter(before) && !unicode.Is(unicode.M, before) {
			return escape(s)
		}
		before = r
	}
	if each != ansi.StringWidth(s) || marks > each {
		return escape(s)
	}
	return s
}

// Plain is a sentence of ours in the characters that the terminal has.
func (t Theme) Plain(s string) string {
	if t.ASCII {
		return escape(s)
	}
	return s
}

// escape writes everything beyond ASCII as \u00fc.
func escape(s string) string {
	if IsASCII(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Fit makes s exactly w cells wide. Styles in s are kept and ended.
func (t Theme) Fit(s string, w int) string {
	if w <= 0 {
		return ""
	}
	if t.ASCII {
		s = escape(s)
	}
	if ansi.StringWidth(s) > w {
		s = ansi.Truncate(s, w, t.tail(w))
		if strings.Contains(s, "\x1b") {
			s += ansi.ResetStyle
		}
	}
	return s + strings.Repeat(" ", max(0, w-ansi.StringWidth(s)))
}

func (t Theme) tail(w int) string {
	if w <= len(t.Dots) {
		return ""
	}
	return t.Dots
}

// FitRight is fit with the text at the right.
func (t Theme) FitRight(s string, w int) string {
	s = strings.TrimRight(t.Fit(s, w), " ")
	return strings.Repeat(" ", max(0, w-ansi.StringWidth(s))) + s
}

// FitEnd is fit, but what is too long loses its beginning: of a path, the end tells.
func (t Theme) FitEnd(s string, w int) string {
	if t.ASCII {
		s = escape(s)
	}
	if over := ansi.StringWidth(s) - w; over > 0 && w > 0 {
		s = ansi.TruncateLeft(s, over+len([]rune(t.tail(w))), t.tail(w))
	}
	return t.Fit(s, w)
}

// Sight is how far apart two ends of a row may be before the eye loses the row.
const Sight = 120

// Ends puts a at the left and b at the right of w cells; b is what stays whole.
func (t Theme) Ends(a, b string, w int) string {
	room := w - ansi.StringWidth(b)
	if b == "" || room <= 0 {
		return t.Fit(a, w)
	}
	return t.Fit(a, room-1) + " " + b
}

// Wrap breaks prose at its spaces into rows of at most w cells, and at most most rows.
func (t Theme) Wrap(s string, w, most int) []string {
	if w <= 0 || most <= 0 {
		return nil
	}
	if t.ASCII {
		s = escape(s)
	}
	var rows []string
	for _, row := range Fold(s, w) {
		if ansi.StringWidth(row) <= w {
			rows = append(rows, row)
		} else { // a word that is longer has rows of its own
			rows = append(rows, strings.Split(ansi.Hardwrap(row, w, true), "\n")...)
		}
	}
	if len(rows) > most {
		rows = rows[:most]
		tail := t.tail(w)
		rows[most-1] = ansi.Truncate(rows[most-1], w-ansi.StringWidth(tail), "") + tail
	}
	return rows
}

// Hang is wrap with a title before the first row and the rest indented below it.
func (t Theme) Hang(title, s string, w, most int) []string {
	if w < RoomyWidth {
		if title != "" {
			title += ": "
		}
		rows := t.Wrap(title+s, w-2, most)
		for i := range rows {
			rows[i] = " " + rows[i]
		}
		return rows
	}
	const indent = 15
	rows := t.Wrap(s, w-indent-1, most)
	for i := range rows {
		head := ""
		if i == 0 {
			head = title
		}
		rows[i] = " " + t.Dim.Render(t.Fit(head, indent-1)) + rows[i]
	}
	return rows
}

// Row marks the selected row with a sign, and with reverse video where there is any.
func (s Theme) Row(text string, selected bool, w int) string {
	return s.MarkedRow(" ", text, selected, w)
}

// MarkedRow is Row with a mark of one cell before it, where the cursor is not.
func (s Theme) MarkedRow(mark, text string, selected bool, w int) string {
	if selected {
		return s.Cursor.Render(s.Fit(">"+ansi.Strip(text), w))
	}
	if mark != " " {
		mark = s.Warn.Render(mark)
	}
	return s.Fit(mark+text, w)
}
