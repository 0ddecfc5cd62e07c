package ui

import (
	"fmt"
	"slices"

	"github.com/charmbracelet/bubbles/key"

	"cyrlock/ui/draw"
	"cyrlock/ui/page"
	"cyrlock/ui/scene"
)

// A sheet lies over a page until esc: help, or commands.
type sheet struct {
	page.List
	title string
	rows  []sheetRow
}

// A sheetRow is a heading, a line of text, or something that can be copied.
type sheetRow struct {
	text  string
	copy  string // what y copies; empty: nothing
	prose bool   // wrapped when drawn, as the width may change
}

func (h *sheet) view(s *scene.Scene, w, height int) []string {
	type drawn struct {
		text string
		row  int
	}
	var all []drawn
	at := 0
	for i, r := range h.rows {
		if i == h.Cursor {
			at = len(all)
		}
		rows := []string{r.text}
		if r.prose {
			rows = s.Wrap(r.text, w-2, 12)
		}
		for _, text := range rows {
			all = append(all, drawn{text, i})
		}
	}
	more := len(all) > height && height > 1
	if more {
		height-- // the last row says that there are more
	}
	switch {
	case !slices.ContainsFunc(h.rows, func(r sheetRow) bool { return r.copy != "" }): // nothing to select: it scrolls
		h.Top = max(0, min(at, len(all)-height))
	case at >= h.Top+height:
		h.Top = at - height + 1
	default:
		h.Top = max(0, min(h.Top, at, len(all)-1))
	}
	var out []string
	for _, d := range all[h.Top:min(len(all), h.Top+height)] {
		out = append(out, s.Row(d.text, d.row == h.Cursor && h.rows[d.row].copy != "", w))
	}
	if more {
		out = append(out, s.Dim.Render(fmt.Sprintf(" %s rows %d to %d of %d", s.Dots, h.Top+1, min(len(all), h.Top+height), len(all))))
	}
	return out
}

// copy is the selected command, or all of the text.
func (h *sheet) copy() string {
	if h.Cursor < len(h.rows) && h.rows[h.Cursor].copy != "" {
		return h.rows[h.Cursor].copy
	}
	var all []string
	for _, r := range h.rows {
		all = append(all, r.text)
	}
	return draw.PlainText(all)
}

const helpTitle = "help"

// helpSheet is made from the page's own keys and the key map.
func (m *model) helpSheet() *sheet {
	shown := m.pages[m.step]
	out := &sheet{title: helpTitle}
	say := func(text string) { out.rows = append(out.rows, sheetRow{text: text}) }
	out.rows = append(out.rows, sheetRow{text: m.step.String() + ". " + shown.About(), prose: true})
	list := func(keys []key.Binding) {
		const column = 26
		abreast := max(1, (m.width-2)/column)
		for i := 0; i < len(keys); i += abreast {
			line := ""
			for _, b := range keys[i:min(i+abreast, len(keys))] {
				line += m.Fit(m.Fit(m.Title.Render(b.Help().Key), 10)+b.Help().Desc, column-1) + " "
			}
			say(" " + line)
		}
	}
	say("")
	list(shown.Keys(m.Scene))
	say("")
	list(others(m.Keys.Everywhere(), shown.Keys(m.Scene)))
	list(m.Keys.Moves())
	say("")
	say(" After a colon, as much of a word as tells it apart:")
	for _, v := range verbs() {
		say("  " + m.Fit(m.Fit(m.Title.Render(v.name)+" "+v.takes, 24)+v.does, 76))
	}
	for _, text := range []string{
		m.touches(),
		"HUNG: somebody waits longer than " + m.Limit.String() + ". SLOW: somebody waits, not for long or behind one that makes progress.",
		"Before a process, + says that it began to wait since the look before, * that it has got its lock.",
	} {
		say("")
		out.rows = append(out.rows, sheetRow{prose: true, text: text})
	}
	return out
}

// touches says what changes something here: looking never does.
func (m *model) touches() string {
	out := "Looking opens no mail file, stops no process, and changes nothing. "
	switch {
	case m.options.ReadOnly || m.recorded():
		return out + "From here nothing can be changed."
	case m.options.Fixer == nil:
		return out + "Only S touches a process, for an exact stack, and asks first."
	}
	return out + "S touches a process, for an exact stack, and asks first. What is advised on Fix is done only when its word was typed."
}

// others are the keys that the page has not given a meaning of its own.
func others(keys, own []key.Binding) []key.Binding {
	return slices.DeleteFunc(keys, func(b key.Binding) bool {
		return slices.ContainsFunc(own, func(o key.Binding) bool { return o.Help().Key == b.Help().Key })
	})
}
