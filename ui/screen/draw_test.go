package screen

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// seen is what a terminal shows, cell by cell with its style.
func seen(term *vt.Emulator) []string {
	var rows []string
	for y := range term.Height() {
		var row strings.Builder
		for x := range term.Width() {
			c := term.CellAt(x, y)
			if c == nil || c.Width == 0 {
				continue // the second half of what is wide
			}
			text := c.Content
			if text == "" {
				text = " "
			}
			fmt.Fprintf(&row, "%s%v|", text, c.Style)
		}
		rows = append(rows, row.String())
	}
	return rows
}

func sameScreen(t *testing.T, what string, got, want *vt.Emulator) {
	t.Helper()
	g, w := seen(got), seen(want)
	for y := range w {
		if y >= len(g) || g[y] != w[y] {
			t.Fatalf("%s: row %d is\n%q, want\n%q", what, y, g[y], w[y])
		}
	}
}

// simply draws a frame without any art, by a way of its own: row by row, each whole.
func simply(f frame) *vt.Emulator {
	term := vt.NewEmulator(f.w, f.h)
	for y, row := range strings.Split(f.text, "\n") {
		fmt.Fprintf(term, "\x1b[%dH%s\x1b[m", y+1, row)
	}
	return term
}

// allowed is all that may reach a terminal.
var allowed = regexp.MustCompile(`^(\x1b\[([0-9]+(;[0-9]+)?)?H|\x1b\[[0-9;]*m|\x1b\[K|\x1b\[\?7[hl]|[^\x00-\x1f\x7f-\x{9f}])*$`)

// A painted frame is made of these: what tools say, wide characters, marks, signs.
var pieces = []string{"imapd ", "4.0s ", "12.5s", " ", "  ", "        ", "/var/imap/user/j.seen", "─", "▌", "é", "e\u0301", "世", "界", "ü", "…", "x", "│ ", "カ"}

var styles = []string{"\x1b[1m", "\x1b[0m", "\x1b[m", "\x1b[7m", "\x1b[31m", "\x1b[1;31m", "\x1b[36m", "\x1b[42;30m", "\x1b[95m", "\x1b[4m", "\x1b[22m", "\x1b[39;49m", "\x1b[27;24m", "\x1b[101m"}

// randomRow is w cells.
func randomRow(r *rand.Rand, w int) string {
	var row strings.Builder
	left := w
	for left > 0 {
		if r.IntN(4) == 0 {
			row.WriteString(styles[r.IntN(len(styles))])
			continue
		}
		piece := ansi.Truncate(pieces[r.IntN(len(pieces))], left, "")
		row.WriteString(piece)
		left -= ansi.StringWidth(piece)
		if piece == "" {
			row.WriteByte(' ')
			left--
		}
		if r.IntN(12) == 0 {
			row.WriteString(ansi.ResetStyle + strings.Repeat(" ", left))
			left = 0
		}
	}
	return row.String()
}

// changed is a frame like f, with some of its rows or all of them new.
func changed(r *rand.Rand, f frame) frame {
	rows := strings.Split(f.text, "\n")
	for len(rows) < f.h {
		rows = append(rows, "")
	}
	rows = rows[:f.h]
	few := r.IntN(2) == 0
	for y := range rows {
		switch {
		case rows[y] == "" || !few && r.IntN(3) > 0 || ansi.StringWidth(rows[y]) != f.w:
			rows[y] = randomRow(r, f.w)
		case r.IntN(3) == 0:
			// Something in the middle, as an age is.
			cut := r.IntN(f.w)
			head := ansi.Truncate(rows[y], cut, "")
			head += strings.Repeat(" ", cut-ansi.StringWidth(head))
			n := min(1+r.IntN(6), f.w-cut)
			tail := ansi.TruncateLeft(rows[y], cut+n, "")
			tail = ansi.Truncate(tail, f.w-cut-n, "")
			rows[y] = head + randomRow(r, n) + tail
			rows[y] += strings.Repeat(" ", f.w-ansi.StringWidth(rows[y]))
		}
	}
	f.text = strings.Join(rows, "\n")
	return f
}

// FuzzDraw: after any frames, in any order and size, the terminal shows the last as
// if it had shown nothing else.
func FuzzDraw(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(seed, uint8(20), uint8(6))
	}
	f.Add(uint64(7), uint8(80), uint8(24))
	f.Add(uint64(8), uint8(1), uint8(1))
	f.Fuzz(func(t *testing.T, seed uint64, w, h uint8) {
		r := rand.New(rand.NewPCG(seed, 0))
		now := frame{w: 1 + int(w)%120, h: 1 + int(h)%40}
		term := vt.NewEmulator(now.w, now.h)
		var c canvas
		for range 12 {
			switch r.IntN(10) {
			case 0:
				now = frame{w: 1 + r.IntN(90), h: 1 + r.IntN(30)}
				term.Resize(now.w, now.h)
			case 1: // somebody else writes to the terminal
				fmt.Fprintf(term, "\x1b[%d;3Hwall: reboot in\r\n5 minutes", 1+r.IntN(now.h))
				c.forget()
			}
			now = changed(r, now)
			sent := c.draw(now)
			if !allowed.Match(sent) || !utf8.Valid(sent) {
				t.Fatalf("sent %q", sent)
			}
			if _, err := term.Write(sent); err != nil {
				t.Fatal(err)
			}
			sameScreen(t, fmt.Sprintf("frame %q", now.text), term, simply(now))
			if again := c.draw(now); len(again) > 0 {
				t.Fatalf("the same frame again sent %q", again)
			}
		}
	})
}

// FuzzHostile: whatever a frame holds, what is sent draws and does no more, and
// drawing on top of other frames or of nothing shows the same.
func FuzzHostile(f *testing.F) {
	for _, s := range []string{"\x1b]52;c;ZXZpbA==\a", "\x1b[2J\x1b[31", "\x1b[" + strings.Repeat("1;", 40) + "m", "\x9b31mred", "\xff\xfe", "a\u202eb", "👨‍👩‍👧", "❤️", "🇩🇪",
		"x\x00\r\b\ty", "\u0301alone", "a" + strings.Repeat("\u0301", 3000), "\x1b[38;5;196mx", "\x1bP+q544e\x1b\\", "\x1b[4:3mcurly", "世\n界", "\x1b[9999999999999999999mx", "\x1b[>4;2m", "กำ"} {
		f.Add("\x1b[31mplain "+s+" text", s)
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		const w, h = 17, 3
		term := vt.NewEmulator(w, h)
		var c canvas
		for _, text := range []string{one, two, one + two, two + "\n" + one} {
			now := frame{text, w, h}
			sent := c.draw(now)
			if !allowed.Match(sent) || !utf8.Valid(sent) {
				t.Fatalf("%q sent %q", text, sent)
			}
			if len(sent) > w*h*(longest+24) {
				t.Fatalf("%q sent %d bytes", text, len(sent))
			}
			if _, err := term.Write(sent); err != nil {
				t.Fatal(err)
			}
			fresh := vt.NewEmulator(w, h)
			if _, err := fresh.Write(new(canvas).draw(now)); err != nil {
				t.Fatal(err)
			}
			sameScreen(t, fmt.Sprintf("frame %q", text), term, fresh)
		}
	})
}
