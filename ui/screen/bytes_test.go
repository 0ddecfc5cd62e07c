package screen

import (
	"fmt"
	"strings"
	"testing"
)

// page is a frame as the screens have: styled rows, each with an age of its own,
// and a clock at the bottom.
func page(w, h, waiters int, seconds float64) frame {
	rows := make([]string, h)
	for y := range rows {
		switch {
		case y == 0:
			rows[y] = fit("\x1b[1m cyrlock\x1b[0m  mail1   Find › Stacks › \x1b[1mVERDICT\x1b[0m", 42, w)
		case y == 1 || y == h-2:
			rows[y] = "\x1b[36m" + strings.Repeat("─", w) + "\x1b[0m"
		case y < 2+waiters && y < h-2:
			age := fmt.Sprintf("%.1fs", seconds+float64(y)*7.3)
			rows[y] = fit(fmt.Sprintf("   \x1b[36m├\x1b[0m %6s imapd %d  \x1b[1;31m%9s\x1b[0m  jwade  192.0.2.3", "WAITS", 24800+y, age), 60, w)
		case y == h-1:
			rows[y] = fit(fmt.Sprintf(" seen 09:14:%02d  ? help  q quit", int(seconds)%60), 30, w)
		default:
			rows[y] = strings.Repeat(" ", w)
		}
	}
	return frame{strings.Join(rows, "\n"), w, h}
}

func fit(s string, is, w int) string { return s + strings.Repeat(" ", max(0, w-is)) }

// TestBytes holds what a refresh may cost in which only ages and clocks change, and
// what a whole screen does.
func TestBytes(t *testing.T) {
	for _, test := range []struct{ w, h, waiters, clocks, whole int }{
		{80, 24, 12, 300, 2000},
		{80, 24, 20, 450, 2300},
		{200, 60, 40, 1000, 6000},
		{40, 12, 8, 200, 1000},
	} {
		var c canvas
		f := page(test.w, test.h, test.waiters, 4)
		if n := len(c.draw(f)); n > test.whole {
			t.Errorf("%dx%d: %d bytes for the whole screen", test.w, test.h, n)
		} else {
			t.Logf("%dx%d: %d bytes for the whole screen", test.w, test.h, n)
		}
		most := 0
		for s := 6.0; s < 240; s += 2.3 {
			most = max(most, len(c.draw(page(test.w, test.h, test.waiters, s))))
		}
		t.Logf("%dx%d: at most %d bytes for %d ages", test.w, test.h, most, test.waiters)
		if most > test.clocks {
			t.Errorf("%dx%d: %d bytes for %d ages", test.w, test.h, most, test.waiters)
		}
	}
}

// TestSent shows what is sent in cases that terminals differ in.
func TestSent(t *testing.T) {
	for _, test := range []struct{ name, before, after, want string }{
		{"nothing", "abc def ", "abc def ", ""},
		{"the same look", "abc def ", "\x1b[1m\x1b[mabc\x1b[31m\x1b[0m def ", ""},
		{"one cell", "abc def ", "abX def ", "\x1b[2;3HX\x1b[H"},
		{"first column", "abc def ", "Xbc def ", "\x1b[2HX\x1b[H"},
		{"two close together", "abcdefgh", "XbcdeYgh", "\x1b[2HXbcdeY\x1b[H"},
		{"close, but styled", "ab\x1b[1mcd\x1b[mefgh", "Xb\x1b[1mcd\x1b[mYfgh", "\x1b[2HX\x1b[2;5HY\x1b[H"},
		{"a style", "abc def ", "abc \x1b[1;31mdef\x1b[m ", "\x1b[2;5H\x1b[1;31mdef\x1b[m\x1b[H"},
		{"from style to style", "abc def ", "\x1b[7mab\x1b[0;36mc\x1b[m def ", "\x1b[2H\x1b[7mab\x1b[0;36mc\x1b[m\x1b[H"},
		{"the end of a row", "abc def ", "abc     ", "\x1b[2;5H\x1b[K\x1b[H"},
		{"not erased in a colour", "abc def ", "ab\x1b[41mc\x1b[m     ", "\x1b[2;3H\x1b[41mc\x1b[2;5H\x1b[m\x1b[K\x1b[H"},
		{"the last cell: no scrolling", "abc defg", "abc defX", "\x1b[2;8H\x1b[?7lX\x1b[?7h\x1b[H"},
		{"after what is wide", "abcdefgh", "世cXefgh", "\x1b[2H世\x1b[2;4HX\x1b[H"},
		{"after a mark", "abcdefgh", "e\u0301Xcdefgh", "\x1b[2He\u0301\x1b[2;2HX\x1b[H"},
		{"wide over wide", "世界cd  ", "世カcd  ", "\x1b[2;3Hカ\x1b[H"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var c canvas
			c.draw(frame{"above\n" + test.before, 8, 2})
			if got := string(c.draw(frame{"above\n" + test.after, 8, 2})); got != test.want {
				t.Errorf("sent %q, want %q", got, test.want)
			}
		})
	}
}

func BenchmarkWhole(b *testing.B) {
	f := page(200, 60, 40, 4)
	var c canvas
	for b.Loop() {
		c.forget()
		c.draw(f)
	}
	b.ReportMetric(float64(len(c.out)), "bytes")
}

func BenchmarkAges(b *testing.B) {
	frames := []frame{page(200, 60, 40, 4), page(200, 60, 40, 6)}
	var c canvas
	n := 0
	for b.Loop() {
		c.draw(frames[n%2])
		n++
	}
	b.ReportMetric(float64(len(c.out)), "bytes")
}
