// Package draw is how text becomes rows: colours, signs, widths. What it returns is
// exactly as wide as asked, and nothing from outside can move the cursor.
package draw

import (
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// A Theme is how things are drawn on one terminal: every colour and every sign
// that is not ASCII. Colour only repeats what a word says already.
type Theme struct {
	ASCII  bool
	Copies bool // the terminal may know OSC 52
	styles
	glyphs
}

// styles use the sixteen named colours alone: they survive the console, a serial
// line and the user's own palette.
type styles struct {
	Title, Alarm, Bad, Warn, Good, Dim, Strong, Cursor lipgloss.Style
}

type glyphs struct {
	Rule, Then, Dots, Dot, Left, Right, Fork, Last, Line, Open, Shut, Bar, Under string
	Levels                                                                       string // of a bar, the lowest first
}

var (
	boxes = glyphs{Rule: "─", Then: "›", Dots: "…", Dot: "·", Left: "←", Right: "→", Fork: "├ ", Last: "└ ", Line: "│ ", Open: "▾", Shut: "▸", Bar: "▌", Under: "↳", Levels: "▁▂▃▄▅▆▇█"}
	plain = glyphs{Rule: "-", Then: ">", Dots: "...", Dot: "-", Left: "<-", Right: "->", Fork: "|-", Last: "`-", Line: "| ", Open: "-", Shut: "+", Bar: "|", Under: "^", Levels: "_.-=+*%#"}
)

// NewTheme reads the terminal's abilities off the environment alone: a question
// to the terminal may never be answered.
func NewTheme(out io.Writer, ascii, noColor bool, env func(string) string) Theme {
	simple := simpleTerminal(env("TERM"))
	t := Theme{ASCII: ascii || simple || !UTF8Locale(env), Copies: !simple, glyphs: boxes}
	if t.ASCII {
		t.glyphs = plain
	}
	// A renderer of our own: its profile is set, so it asks nothing.
	r := lipgloss.NewRenderer(out)
	r.SetHasDarkBackground(true)
	r.SetColorProfile(termenv.ANSI)
	if noColor || env("NO_COLOR") != "" || colourless(env("TERM")) {
		r.SetColorProfile(termenv.Ascii)
	}
	t.styles = newStyles(r)
	return t
}

func newStyles(r *lipgloss.Renderer) styles {
	colour := func(c string) lipgloss.Style { return r.NewStyle().Foreground(lipgloss.Color(c)) }
	return styles{
		Title:  r.NewStyle().Bold(true),
		Strong: r.NewStyle().Bold(true),
		Alarm:  colour("1").Bold(true).Reverse(true), // seen also where red is not
		Bad:    colour("1").Bold(true),
		Warn:   colour("3").Bold(true),
		Good:   colour("2").Bold(true),
		Dim:    colour("6"),
		Cursor: r.NewStyle().Reverse(true),
	}
}

// simpleTerminal tells of those that have few signs beyond ASCII, the console's
// font among them, and that may print an OSC 52 sequence as rubbish.
func simpleTerminal(term string) bool {
	return term == "linux" || colourless(term)
}

// UTF8Locale says whether the locale is one of UTF-8; of its variables the first that
// is set counts, in the order of locale(7).
func UTF8Locale(env func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(env(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}

// colourless are terminals that print colour sequences as rubbish, or have none.
func colourless(term string) bool {
	return term == "" || term == "dumb" || strings.HasPrefix(term, "vt")
}

// The smallest screen that shows a page, and the smallest with rules around it.
const (
	LeastWidth, LeastHeight = 40, 12
	RoomyWidth, RoomyHeight = 64, 18
)
