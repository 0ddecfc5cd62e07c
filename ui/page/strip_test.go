package page

import (
	"fmt"
	"strings"
	"testing"
)

// TestStrip: the cursor's entry is in sight, rows below it are used, and no row is
// empty while there are entries above.
func TestStrip(t *testing.T) {
	rows := func(i int) (out []string) { // of i%3+1 rows
		for j := range i%3 + 1 {
			out = append(out, fmt.Sprintf("%d.%d", i, j))
		}
		return out
	}
	for _, c := range []struct {
		cursor, top, h int
		want           string
	}{
		{0, 0, 4, "0.0 1.0 1.1 2.0"},
		{3, 0, 4, "2.0 2.1 2.2 3.0"}, // no further than it needs
		{2, 0, 4, "2.0 2.1 2.2 3.0"}, // two entries above would not fit
		{1, 5, 4, "1.0 1.1 2.0 2.1"},
		{9, 0, 4, "8.0 8.1 8.2 9.0"},
		{9, 9, 20, "0.0 1.0 1.1 2.0 2.1 2.2 3.0 4.0 4.1 5.0 5.1 5.2 6.0 7.0 7.1 8.0 8.1 8.2 9.0"},
		{8, 8, 2, "8.0 8.1"}, // larger than the window
		{99, 99, 4, "8.0 8.1 8.2 9.0"},
	} {
		l := List{c.cursor, c.top}
		if got := strings.Join(l.strip(10, c.h, rows).draw(), " "); got != c.want {
			t.Errorf("%+v: got %s", c, got)
		}
	}
	l := List{5, 5}
	if got := l.strip(0, 4, rows).draw(); len(got) > 0 {
		t.Errorf("of nothing: %v", got)
	}
}

// TestWrapped: rows break at spaces alone, and what is too long for a row is cut
// in pieces; nothing is lost.
func TestWrapped(t *testing.T) {
	for _, c := range []struct {
		text string
		w    int
		want string
	}{
		{"", 10, ""},
		{"open (path=/x-y/z-1, n=2)", 12, "open|(path=/x-y/z|-1, n=2)"},
		{`f (s="a  b", t=1)`, 9, `f (s="a|b", t=1)`},
		{"one two", 3, "one|two"},
		{"日本語 x", 4, "日本|語 x"},
	} {
		if got := strings.Join(wrapped(c.text, c.w), "|"); got != c.want {
			t.Errorf("%q in %d: %q", c.text, c.w, got)
		}
	}
}
