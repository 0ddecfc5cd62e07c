package ui

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/x/ansi"

	"cyrlock/ui/draw"
	"cyrlock/ui/keys"
	"cyrlock/ui/page"
	"cyrlock/ui/scene"
)

func (m *model) roomy() bool { return m.width >= draw.RoomyWidth && m.height >= draw.RoomyHeight }

func (m *model) bodyHeight() int {
	if m.roomy() {
		return m.height - 4
	}
	return m.height - 2
}

// View is exactly the screen. The first call comes before the size is known.
func (m *model) View() (view string) {
	if m.width <= 0 || m.height <= 0 || m.crash != nil {
		return ""
	}
	defer func() {
		if r := recover(); r != nil {
			m.crash = fmt.Errorf("screens: internal error: %v\n%s", r, debug.Stack())
			m.end()
			view = ""
		}
	}()
	if m.width < draw.LeastWidth || m.height < draw.LeastHeight {
		return m.frame([]string{"make the window larger"})
	}
	rule := m.Dim.Render(strings.Repeat(m.Rule, m.width))
	rows := []string{m.header()}
	if m.roomy() {
		rows = append(rows, rule)
	}
	rows = append(rows, m.body(m.bodyHeight())...)
	if m.roomy() {
		rows = append(rows, m.ruleWith(m.status()))
	}
	return m.frame(append(rows, m.footer()))
}

// frame makes rows exactly the screen.
func (m *model) frame(rows []string) string {
	out := make([]string, m.height)
	for i := range out {
		row := ""
		if i < len(rows) {
			row = rows[i]
		}
		out[i] = m.Fit(row, m.width)
	}
	return strings.Join(out, "\n")
}

// body is h rows: what went wrong with the look, then the page or what lies over it.
func (m *model) body(h int) []string {
	var rows []string
	if m.failure != nil {
		for _, row := range m.Wrap("The last look failed: "+m.Text(scene.FirstLine(m.failure)), m.width-4, 2) {
			rows = append(rows, m.Bad.Render(" ! ")+row)
		}
	}
	switch {
	case m.over != nil:
		rows = append(rows, m.over.view(m.Scene, m.width, h-len(rows))...)
	case !m.Seen:
		rows = append(rows, "", m.waiting())
	default:
		rows = append(rows, m.pages[m.step].View(m.Scene, m.width, h-len(rows))...)
	}
	for len(rows) < h {
		rows = append(rows, "")
	}
	if m.dialog != nil {
		over := m.dialog.view(m.Theme, m.width, h)
		return append(rows[:h-len(over)], over...)
	}
	return rows[:h]
}

func (m *model) waiting() string {
	if !m.looking {
		return " Nothing could be seen. r looks again."
	}
	return " Looking at the locks of this machine" + m.Dots
}

// header says where one is, of what machine, and the verdict in one word. A small
// screen has no other place for the status.
func (m *model) header() string {
	badge := ""
	if m.Seen {
		word, style := m.Badge(m.Report.Verdict)
		if m.Report.Waiting > 0 {
			word += " " + scene.Since(m.Report.OldestS, "")
		}
		badge = style.Render(strings.TrimSpace(word)) + " "
	}
	if !m.roomy() {
		at := fmt.Sprintf(" %d/%d %s", m.step+1, page.Steps, m.Title.Render(strings.ToUpper(m.step.String())))
		return m.Ends(at+"  "+m.shortStatus(), badge, m.width)
	}
	var path []string
	for s := range page.Steps {
		name := s.String()
		if s == m.step {
			name = m.Title.Render(strings.ToUpper(name))
		}
		path = append(path, name)
	}
	way := strings.Join(path, " "+m.Then+" ")
	name := " " + m.Title.Render("cyrlock") + "  " + m.Text(m.Report.Host.Name)
	left := m.Fit(name, max(24, min(m.width/2, ansi.StringWidth(name)+2)))
	return m.Ends(left+way, badge, m.width)
}

// ruleWith is the lower rule with how old the data is.
func (m *model) ruleWith(text string) string {
	if text == "" {
		return m.Dim.Render(strings.Repeat(m.Rule, m.width))
	}
	text = ansi.Truncate(text, m.width-6, m.Dots)
	n := m.width - ansi.StringWidth(text) - 4
	return m.Dim.Render(strings.Repeat(m.Rule, max(0, n))) + " " + text + " " + m.Dim.Render(m.Rule+m.Rule)
}

// footer is a message if there is one, else the keys.
func (m *model) footer() string {
	switch {
	case m.dialog != nil:
		return m.dialogHints()
	case m.prompt != nil:
		return m.promptRow()
	case m.note != "":
		return " " + m.note
	}
	shown := m.pages[m.step]
	own := shown.Keys(m.Scene)
	if m.over != nil {
		own = []key.Binding{keys.Named(m.Keys.Back, "close"), m.Keys.Copy}
	} else if !m.editing() {
		const most = 3 // of the page's own; more come last, if there is room
		first, more := own[:min(len(own), most)], own[min(len(own), most):]
		own = append(slices.Clone(first), m.Keys.Next, m.Keys.Commands)
		if m.step != page.StepFind && m.step != page.StepWatch { // which have it themselves
			own = append(own, m.Keys.Filter)
		}
		own = append(own, more...)
	}
	tail := m.hint(m.Keys.Help) + "  " + m.hint(m.Keys.Quit)
	if m.editing() {
		tail = ""
	}
	line := ""
	for _, b := range own {
		more := line + " " + m.hint(b) + " "
		if ansi.StringWidth(more)+ansi.StringWidth(tail)+1 > m.width {
			break
		}
		line = more
	}
	return line + " " + tail
}

func (m *model) editing() bool {
	p, ok := m.pages[m.step].(page.Editor)
	return ok && m.over == nil && p.Editing()
}

func (m *model) hint(b key.Binding) string {
	name, _, _ := strings.Cut(b.Help().Key, " ")
	return m.Title.Render(name) + " " + b.Help().Desc
}
