package ui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"cyrlock/ui/draw"
	"cyrlock/ui/sample"
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
		got := draw.NewTheme(nil, c.options.ASCII, c.options.NoColor, environment(c.env...))
		coloured := strings.Contains(got.Bad.Render("x"), "\x1b")
		if got.ASCII != c.ascii || coloured != c.colour || got.Copies != c.copies {
			t.Errorf("%s: ascii %v, colour %v, copies %v", name, got.ASCII, coloured, got.Copies)
		}
		if got.ASCII && !draw.IsASCII(got.Rule+got.Then+got.Dots+got.Dot+got.Left+got.Right+got.Fork+got.Last+got.Line+got.Open+got.Shut+got.Bar+got.Under) {
			t.Errorf("%s: signs are not ASCII", name)
		}
	}
}

// TestSixteenColours: no sequence of 256 colours or more, whatever the terminal can.
func TestSixteenColours(t *testing.T) {
	for _, keys := range [][]string{nil, {"1"}, {"2"}, {"e"}} {
		view := screens(t, sample.Recorded(sample.Incident()), colour, 80, 24, keys...).View()
		if strings.Contains(view, "38;5") || strings.Contains(view, "38;2") {
			t.Errorf("%v: more than sixteen colours", keys)
		}
	}
}

// FuzzText: every way to bring text into a row gives the width asked for, and
// nothing that a terminal would obey.
func FuzzText(f *testing.F) {
	for _, s := range sample.Nasty {
		f.Add(s, 20, true)
		f.Add(s, 3, false)
	}
	f.Fuzz(func(t *testing.T, s string, w int, ascii bool) {
		env := colour
		if ascii {
			env = vt100
		}
		th := draw.NewTheme(nil, false, false, env)
		if w = w % 300; w < 0 {
			w = -w
		}
		clean := th.Text(s)
		for name, row := range map[string]string{
			"fit": th.Fit(clean, w), "fitRight": th.FitRight(clean, w), "fitEnd": th.FitEnd(clean, w),
			"ends": th.Ends(clean, "x", w), "ends2": th.Ends("x", clean, w), "styled": th.Fit(th.Bad.Render(clean)+clean, w),
		} {
			harmless(t, row)
			if got := ansi.StringWidth(row); got != w {
				t.Errorf("%s of %q is %d wide, want %d: %q", name, clean, got, w, row)
			}
			if ascii && !draw.IsASCII(row) {
				t.Errorf("%s: not ASCII: %q", name, row)
			}
		}
		rows := th.Wrap(clean, w, 3)
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
