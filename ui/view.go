package ui

import (
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/x/ansi"
)

// The smallest screen that shows a page, and the smallest with rules around it.
const (
	leastWidth, leastHeight = 40, 12
	roomyWidth, roomyHeight = 64, 18
)

func (m *model) roomy() bool { return m.width >= roomyWidth && m.height >= roomyHeight }

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
	if m.width < leastWidth || m.height < leastHeight {
		return m.frame([]string{"make the window larger"})
	}
	rule := m.dim.Render(strings.Repeat(m.rule, m.width))
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
		out[i] = m.fit(row, m.width)
	}
	return strings.Join(out, "\n")
}

// body is h rows: what went wrong with the look, then the page or what lies over it.
func (m *model) body(h int) []string {
	var rows []string
	if m.failure != nil {
		for _, row := range m.wrap("The last look failed: "+m.text(firstLine(m.failure)), m.width-4, 2) {
			rows = append(rows, m.bad.Render(" ! ")+row)
		}
	}
	switch {
	case m.over != nil:
		rows = append(rows, m.over.view(&m.scene, m.width, h-len(rows))...)
	case !m.seen:
		rows = append(rows, "", m.waiting())
	default:
		rows = append(rows, m.pages[m.step].view(&m.scene, m.width, h-len(rows))...)
	}
	for len(rows) < h {
		rows = append(rows, "")
	}
	return rows[:h]
}

func (m *model) waiting() string {
	if !m.looking {
		return " Nothing could be seen. r looks again."
	}
	return " Looking at the locks of this machine" + m.dots
}

// header says where one is, of what machine, and the verdict in one word.
func (m *model) header() string {
	badge := ""
	if m.seen {
		word, style := m.verdict(m.report.Verdict)
		if m.report.Waiting > 0 {
			word += " " + since(m.report.OldestS, "")
		}
		badge = style.Render(strings.TrimSpace(word)) + " "
	}
	var path []string
	for s := range steps {
		name := s.String()
		if s == m.step {
			name = m.title.Render(strings.ToUpper(name))
		}
		path = append(path, name)
	}
	way := strings.Join(path, " "+m.then+" ")
	if !m.roomy() {
		return m.ends(" "+way, badge, m.width)
	}
	name := " " + m.title.Render("cyrlock") + "  " + m.host()
	left := m.fit(name, max(24, min(m.width/2, ansi.StringWidth(name)+2)))
	return m.ends(left+way, badge, m.width)
}

// ruleWith is the lower rule with how old the data is.
func (m *model) ruleWith(text string) string {
	if text == "" {
		return m.dim.Render(strings.Repeat(m.rule, m.width))
	}
	text = ansi.Truncate(text, m.width-6, m.dots)
	n := m.width - ansi.StringWidth(text) - 4
	return m.dim.Render(strings.Repeat(m.rule, max(0, n))) + " " + text + " " + m.dim.Render(m.rule+m.rule)
}

// old is from when on the age of the data is shown: fresh data needs no age.
const old = 3 * time.Second

// status says when the data was seen, and why it is old if it is.
func (m *model) status() string {
	if !m.seen {
		return ""
	}
	when := "seen " + m.report.Taken.Format("15:04:05")
	if m.options.Label == recordedLabel {
		when = "recorded " + m.report.Taken.Format("2006-01-02 15:04:05 -0700")
	}
	if n := len(m.report.Gaps); n > 0 && m.step == stepVerdict {
		when += fmt.Sprintf(", %d not read: e", n)
	}
	age := m.now.Sub(m.dataAt)
	aged := ", " + ageWords(age) + " old"
	switch {
	case m.failure != nil:
		return m.bad.Render("OLD DATA") + " " + when + aged + ", r looks again"
	case m.paused:
		return m.warn.Render("PAUSED") + " " + when + aged
	case m.options.Label == recordedLabel:
		return when
	case age > m.pace+old:
		if m.looking {
			aged += ", still looking"
		}
		return when + aged
	case m.pace >= 2*m.options.Every:
		if age > old {
			when += aged
		}
		return when + ", every " + ageWords(m.pace) + ": a look is costly here"
	}
	return when
}

// ageWords are whole seconds: the age changes every second at most.
func ageWords(d time.Duration) string { return d.Truncate(time.Second).String() }

// footer is a message if there is one, else the keys.
func (m *model) footer() string {
	if m.note != "" {
		return " " + m.note
	}
	if !m.roomy() && (m.failure != nil || m.paused) {
		return " " + m.status()
	}
	page := m.pages[m.step]
	own := page.keys(&m.scene)
	if m.over != nil {
		own = []key.Binding{named(m.keys.Back, "close"), m.keys.Copy}
	} else if !m.editing() {
		own = append(own, m.keys.Next, m.keys.Commands)
		if m.step != stepFind {
			own = append(own, m.keys.Filter)
		}
	}
	tail := m.hint(m.keys.Help) + "  " + m.hint(m.keys.Quit)
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
	find, ok := m.pages[m.step].(*findPage)
	return ok && m.over == nil && find.editing
}

func (m *model) hint(b key.Binding) string {
	name, _, _ := strings.Cut(b.Help().Key, " ")
	return m.title.Render(name) + " " + b.Help().Desc
}
