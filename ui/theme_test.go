package ui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestTheme(t *testing.T) {
	for name, c := range map[string]struct {
		env                   []string
		options               Options
		ascii, colour, copies bool
	}{
		"xterm":           {[]string{"TERM", "xterm-256color", "LANG", "de_DE.UTF-8"}, Options{}, false, true, true},
		"tmux":            {[]string{"TERM", "tmux", "LANG", "C.utf8"}, Options{}, false, true, true},
		"LC_ALL wins":     {[]string{"TERM", "xterm", "LANG", "C.UTF-8", "LC_ALL", "C"}, Options{}, true, true, true},
		"LC_CTYPE wins":   {[]string{"TERM", "xterm", "LANG", "C", "LC_CTYPE", "C.UTF-8"}, Options{}, false, true, true},
		"no locale":       {[]string{"TERM", "xterm"}, Options{}, true, true, true},
		"NO_COLOR":        {[]string{"TERM", "xterm", "LANG", "C.UTF-8", "NO_COLOR", "1"}, Options{}, false, false, true},
		"--no-color":      {[]string{"TERM", "xterm", "LANG", "C.UTF-8"}, Options{NoColor: true}, false, false, true},
		"--ascii":         {[]string{"TERM", "xterm", "LANG", "C.UTF-8"}, Options{ASCII: true}, true, true, true},
		"console":         {[]string{"TERM", "linux", "LANG", "C.UTF-8"}, Options{}, true, true, false},
		"vt100":           {[]string{"TERM", "vt100", "LANG", "C.UTF-8"}, Options{}, true, false, false},
		"dumb":            {[]string{"TERM", "dumb", "LANG", "C.UTF-8"}, Options{}, true, false, false},
		"nothing is said": {nil, Options{}, true, false, false},
	} {
		got := themeFor(c.options, environment(c.env...))
		coloured := strings.Contains(got.bad.Render("x"), "\x1b")
		if got.ascii != c.ascii || coloured != c.colour || got.copies != c.copies {
			t.Errorf("%s: ascii %v, colour %v, copies %v", name, got.ascii, coloured, got.copies)
		}
		if got.ascii && !isASCII(got.rule+got.then+got.dots+got.dot+got.left+got.right+got.fork+got.last+got.line+got.open+got.shut+got.bar+got.under) {
			t.Errorf("%s: signs are not ASCII", name)
		}
	}
}

// TestSixteenColours: no sequence of 256 colours or more, whatever the terminal can.
func TestSixteenColours(t *testing.T) {
	for _, keys := range [][]string{nil, {"1"}, {"2"}, {"e"}} {
		view := screens(t, recorded(incident()), colour, 80, 24, keys...).View()
		if strings.Contains(view, "38;5") || strings.Contains(view, "38;2") {
			t.Errorf("%v: more than sixteen colours", keys)
		}
	}
}

// FuzzText: every way to bring text into a row gives the width asked for, and
// nothing that a terminal would obey.
func FuzzText(f *testing.F) {
	for _, s := range nasty {
		f.Add(s, 20, true)
		f.Add(s, 3, false)
	}
	f.Fuzz(func(t *testing.T, s string, w int, ascii bool) {
		env := colour
		if ascii {
			env = vt100
		}
		th := themeFor(Options{}, env)
		if w = w % 300; w < 0 {
			w = -w
		}
		clean := th.text(s)
		for name, row := range map[string]string{
			"fit": th.fit(clean, w), "fitRight": th.fitRight(clean, w), "fitEnd": th.fitEnd(clean, w),
			"ends": th.ends(clean, "x", w), "ends2": th.ends("x", clean, w), "styled": th.fit(th.bad.Render(clean)+clean, w),
		} {
			harmless(t, row)
			if got := ansi.StringWidth(row); got != w {
				t.Errorf("%s of %q is %d wide, want %d: %q", name, clean, got, w, row)
			}
			if ascii && !isASCII(row) {
				t.Errorf("%s: not ASCII: %q", name, row)
			}
		}
		rows := th.wrap(clean, w, 3)
		if len(rows) > 3 {
			t.Errorf("%d rows", len(rows))
		}
		for _, row := range rows {
			harmless(t, row)
			if got := ansi.StringWidth(row); got > max(w, 2) {
				t.Errorf("wrap of %q is %d wide, want %d: %q", clean, got, w, row)
			}
		}
	})
}
