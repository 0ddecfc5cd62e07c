package ui

import (
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"cyrlock/ui/draw"
	"cyrlock/ui/keys"
	"cyrlock/ui/page"
)

// A dialog asks before something is done that cannot be taken back. It lies over
// the page and hears every key.
//
// It takes no answer until no key has come for a moment: who types ahead, or holds
// the key down that opened it, has not read it.
type dialog struct {
	page.List // where it is scrolled to
	title     string
	text      []paragraph
	yes       key.Binding // a key that no hand finds by habit
	do        func() tea.Cmd
	settled   bool
	keys      int // that came before that
}

// A paragraph is prose; one that warns is seen first.
type paragraph struct {
	text  string
	warns bool
}

// settle is how long no key may come. Keyboards wait up to 660 ms before a key
// that is held repeats (X11; the console 250 ms).
const settle = 700 * time.Millisecond

// settled tells that the moment after so many keys is over.
type settled struct {
	dialog *dialog
	keys   int
}

func (d *dialog) wait() tea.Cmd {
	n := d.keys
	return tea.Tick(settle, func(time.Time) tea.Msg { return settled{d, n} })
}

// open lays a dialog over the page.
func (m *model) open(d *dialog) tea.Cmd {
	m.dialog, m.over = d, nil
	return d.wait()
}

func (m *model) settle(s settled) {
	if s.keys == s.dialog.keys {
		s.dialog.settled = true
	}
}

// answer is one key to the dialog.
func (m *model) answer(k tea.KeyMsg) tea.Cmd {
	d := m.dialog
	switch {
	case !d.settled:
		d.keys++
		return d.wait()
	case keys.Is(k, m.Keys.Back):
		m.dialog = nil
	case keys.Is(k, d.yes):
		m.dialog = nil
		return d.do()
	default:
		d.List.Press(k, m.Keys, 1<<10, m.bodyHeight())
	}
	return nil
}

// view is the dialog in at most h rows of w cells: a rule with its title, the
// text, and a rule.
func (d *dialog) view(t draw.Theme, w, h int) []string {
	wide := min(w, draw.Sight) - 2
	var text []string
	for _, p := range d.text {
		for _, row := range t.Wrap(p.text, wide, 12) {
			if p.warns {
				row = t.Warn.Render(row)
			}
			text = append(text, " "+row)
		}
	}
	room := max(1, h-2)
	d.Cursor = max(0, min(d.Cursor, len(text)-room))
	more := len(text) > d.Cursor+room
	text = text[d.Cursor:min(len(text), d.Cursor+room)]
	rule := func(label string, style lipgloss.Style) string {
		label = t.Fit(label, min(w-5, lipgloss.Width(label)))
		return t.Dim.Render(t.Rule+t.Rule) + " " + style.Render(label) + " " + t.Dim.Render(strings.Repeat(t.Rule, max(0, w-4-lipgloss.Width(label))))
	}
	rows := append([]string{rule(d.title, t.Title)}, text...)
	if more {
		return append(rows, rule("more: down", t.Dim))
	}
	return append(rows, t.Dim.Render(strings.Repeat(t.Rule, w)))
}

// hints are the footer while the dialog waits for an answer.
func (m *model) dialogHints() string {
	if !m.dialog.settled {
		return " " + m.Dim.Render("read first"+m.Dots)
	}
	return " " + m.hint(m.dialog.yes) + "   " + m.hint(keys.Named(m.Keys.Back, "leave it as it is"))
}
