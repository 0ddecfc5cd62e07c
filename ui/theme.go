package ui

import (
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"cyrlock/diagnose"
)

// A theme is how things are drawn on one terminal: every colour and every sign
// that is not ASCII. Colour only repeats what a word says already.
type theme struct {
	ascii  bool
	copies bool // the terminal may know OSC 52
	styles
	glyphs
}

// styles use the sixteen named colours alone: they survive the console, a serial
// line and the user's own palette.
type styles struct {
	title, bad, warn, good, dim, strong, cursor lipgloss.Style
}

type glyphs struct {
	rule, then, dots, dot, left, right, fork, last, line, open, shut, bar, under string
}

var (
	boxes = glyphs{rule: "─", then: "›", dots: "…", dot: "·", left: "←", right: "→", fork: "├ ", last: "└ ", line: "│ ", open: "▾", shut: "▸", bar: "▌", under: "↳"}
	plain = glyphs{rule: "-", then: ">", dots: "...", dot: "-", left: "<-", right: "->", fork: "|-", last: "`-", line: "| ", open: "v", shut: ">", bar: "|", under: "^"}
)

// themeFor reads the terminal's abilities off the environment alone: a question
// to the terminal may never be answered.
func themeFor(o Options, env func(string) string) theme {
	simple := simpleTerminal(env("TERM"))
	t := theme{ascii: o.ASCII || simple || !UTF8Locale(env), copies: !simple, glyphs: boxes}
	if t.ascii {
		t.glyphs = plain
	}
	// A renderer of our own: its profile is set, so it asks nothing.
	r := lipgloss.NewRenderer(o.Out)
	r.SetHasDarkBackground(true)
	r.SetColorProfile(termenv.ANSI)
	if o.NoColor || env("NO_COLOR") != "" || colourless(env("TERM")) {
		r.SetColorProfile(termenv.Ascii)
	}
	t.styles = newStyles(r)
	return t
}

func newStyles(r *lipgloss.Renderer) styles {
	colour := func(c string) lipgloss.Style { return r.NewStyle().Foreground(lipgloss.Color(c)) }
	return styles{
		title:  r.NewStyle().Bold(true),
		strong: r.NewStyle().Bold(true),
		bad:    colour("1").Bold(true),
		warn:   colour("3").Bold(true),
		good:   colour("2").Bold(true),
		dim:    colour("6"),
		cursor: r.NewStyle().Reverse(true),
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

// verdict gives the word for a verdict with its colour.
func (t theme) verdict(v diagnose.Verdict) (word string, style lipgloss.Style) {
	switch v {
	case diagnose.Healthy:
		return "OK", t.good
	case diagnose.Slow:
		return "SLOW", t.warn
	case diagnose.Hung:
		return "HUNG", t.bad
	}
	return "UNKNOWN", t.warn
}
