package ui

import (
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"

	"cyrlock/ui/draw"
	"cyrlock/ui/keys"
	"cyrlock/ui/page"
)

// A dialog asks before something is done that cannot be taken back. It lies over
// the page and hears every key.
//
// It takes no answer until no key has come for a moment: who types ahead, or holds
// the key down that opened it, has not read it. Only esc leaves it at any time.
type dialog struct {
	page.List // where it is scrolled to
	title     string
	risk      string // beside the title, however long that is
	text      []paragraph
	yes       key.Binding // a key that no hand finds by habit
	word      string      // to be typed instead, and then enter
	typed     string
	wrong     string // what was typed instead of the word
	do        func() tea.Cmd
	settled   bool
	keys      int    // that came before that
	asking    func() // gives up what it waits for itself; nil: it does not
}

// A paragraph is prose; one that warns is seen first.
type paragraph struct {
	text  string
	warns bool
	title string
	hangs bool // below the title of the one before
	line  bool // of a diff: it is not broken
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
	case keys.Is(k, m.Keys.Back):
		if m.dialog = nil; d.asking != nil {
			d.asking()
		}
	case d.asking != nil:
	case !d.settled:
		d.keys++
		return d.wait()
	case d.word != "":
		return m.answerInWords(k)
	case keys.Is(k, d.yes):
		m.dialog = nil
		return d.do()
	default:
		d.List.Press(k, m.Keys, 1<<10, m.bodyHeight())
	}
	return nil
}

// answerInWords takes the word, letter by letter. Arrows scroll.
func (m *model) answerInWords(k tea.KeyMsg) tea.Cmd {
	d := m.dialog
	const most = 20
	switch {
	case keys.Is(k, m.Keys.Enter):
		if d.typed == d.word {
			m.dialog = nil
			return d.do()
		}
		d.wrong, d.typed = d.typed, ""
	case keys.Is(k, m.Keys.Erase):
		if r := []rune(d.typed); len(r) > 0 {
			d.typed = string(r[:len(r)-1])
		}
	case keys.Is(k, m.Keys.Cut):
		d.typed = ""
	case k.Type == tea.KeyRunes, k.Type == tea.KeySpace:
		if d.wrong = ""; len(d.typed) < most {
			d.typed += page.Printable(string(k.Runes))
		}
	default:
		d.List.Press(k, m.Keys, 1<<10, m.bodyHeight())
	}
	return nil
}

// rows are one paragraph in w cells.
func (p paragraph) rows(t draw.Theme, w int) (rows []string) {
	const most = 12
	switch {
	case p.line:
		row := t.Fit(t.Text(strings.ReplaceAll(p.text, "\t", "    ")), w)
		switch {
		case strings.HasPrefix(p.text, "+"):
			row = t.Good.Render(row)
		case strings.HasPrefix(p.text, "-"):
			row = t.Bad.Render(row)
		}
		return []string{" " + row}
	case p.title == "" && !p.hangs:
		for _, row := range t.Wrap(p.text, w, most) {
			rows = append(rows, " "+row)
		}
	default:
		rows = t.Hang(p.title, p.text, w, most)
	}
	for i := range rows {
		if p.warns {
			rows[i] = t.Warn.Render(ansi.Strip(rows[i]))
		}
	}
	return rows
}

// view is the dialog in at most h rows of w cells: a rule with its title, the
// text, and a rule.
func (d *dialog) view(t draw.Theme, w, h int) []string {
	wide := min(w, draw.Sight) - 2
	var text []string
	for _, p := range d.text {
		text = append(text, p.rows(t, wide)...)
	}
	room := max(1, h-2)
	d.Cursor = max(0, min(d.Cursor, len(text)-room))
	more := len(text) > d.Cursor+room
	text = text[d.Cursor:min(len(text), d.Cursor+room)]
	rule := func(label string, style lipgloss.Style) string {
		return t.Dim.Render(t.Rule+t.Rule) + " " + style.Render(label) + " " + t.Dim.Render(strings.Repeat(t.Rule, max(0, w-4-lipgloss.Width(label))))
	}
	title := t.Fit(d.title, min(w-5-lipgloss.Width(d.risk), lipgloss.Width(d.title))) + d.risk
	rows := append([]string{rule(title, t.Title)}, text...)
	for d.word != "" && len(rows) < h-1 { // a plan is all there is to see
		rows = append(rows, "")
	}
	if more {
		return append(rows, rule("more: down", t.Dim))
	}
	return append(rows, t.Dim.Render(strings.Repeat(t.Rule, w)))
}

// dialogHints are the footer while the dialog waits for an answer.
func (m *model) dialogHints() string {
	d, leave := m.dialog, m.hint(keys.Named(m.Keys.Back, "leave it as it is"))
	if m.width < draw.RoomyWidth {
		leave = m.hint(keys.Named(m.Keys.Back, "leave"))
	}
	switch {
	case d.asking != nil:
		return " " + leave
	case !d.settled:
		return " " + m.Dim.Render("read first"+m.Dots)
	case d.word != "" && d.wrong != "":
		return " " + m.Bad.Render("that is not "+d.word) + "   type " + m.Title.Render(d.word) + ": " + m.Strong.Render("_") + "   " + leave
	case d.word != "":
		return " type " + m.Title.Render(d.word) + " and enter: " + m.Text(d.typed) + m.Strong.Render("_") + "   " + leave
	}
	return " " + m.hint(d.yes) + "   " + leave
}
