package ui

import (
	"slices"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/ui/keys"
	"cyrlock/ui/page"
	"cyrlock/ui/scene"
)

// typed takes keys one by one: what arrives in one packet, Bubble Tea makes one
// message of. Pasted text is no command.
func (m *model) typed(k tea.KeyMsg) tea.Cmd {
	if k.Type != tea.KeyRunes {
		return m.press(k)
	}
	if k.Alt { // esc and a key in one packet; there is no key with alt here
		k.Alt = false
		return tea.Batch(m.press(tea.KeyMsg{Type: tea.KeyEsc}), m.typed(k))
	}
	if k.Paste {
		if m.editing() || m.prompt != nil {
			return m.press(k)
		}
		return nil
	}
	var cmds []tea.Cmd
	for _, r := range k.Runes {
		k.Runes = []rune{r}
		if cmd := m.press(k); cmd != nil {
			cmds = append(cmds, cmd)
		}
	}
	return tea.Batch(cmds...)
}

// press is one key: first what it means everywhere, then what it means on the page.
func (m *model) press(k tea.KeyMsg) tea.Cmd {
	if m.dialog != nil && !keys.Is(k, m.Keys.Suspend) && k.String() != "ctrl+c" {
		return m.answer(k)
	}
	if m.prompt != nil && !keys.Is(k, m.Keys.Suspend) && k.String() != "ctrl+c" {
		return m.prompted(k)
	}
	if m.editing() && !keys.Is(k, m.Keys.Suspend) && k.String() != "ctrl+c" {
		return m.act(m.pages[m.step].(page.Editor).Edit(m.Scene, k))
	}
	switch {
	case keys.Is(k, m.Keys.Quit):
		return tea.Quit
	case keys.Is(k, m.Keys.Redraw):
		m.redraw()
	case keys.Is(k, m.Keys.Suspend):
		return m.suspend()
	case keys.Is(k, m.Keys.Again):
		return m.again()
	case keys.Is(k, m.Keys.Pause):
		return m.pause()
	case keys.Is(k, m.Keys.Save):
		return m.save()
	case keys.Is(k, m.Keys.Command):
		m.prompt = newPrompt()
	case keys.Is(k, m.Keys.Copy):
		return m.copy()
	case keys.Is(k, m.Keys.Help):
		m.toggle(m.helpSheet())
	case keys.Is(k, m.Keys.Commands):
		m.toggle(m.commandSheet())
	case m.over != nil && (keys.Is(k, m.Keys.Back) || keys.Is(k, m.Keys.Enter)):
		m.over = nil
	case m.over != nil && m.over.List.Press(k, m.Keys, len(m.over.rows), m.bodyHeight()):
	case keys.Is(k, m.Keys.Next):
		m.walk((m.step + 1) % page.Steps)
	case keys.Is(k, m.Keys.Previous):
		m.walk((m.step + page.Steps - 1) % page.Steps)
	case m.stepOf(k) >= 0:
		m.walk(m.stepOf(k))
	case keys.Is(k, m.Keys.Filter) && m.step == page.StepWatch: // which has its own
		return m.pressOn(page.StepWatch, k)
	case keys.Is(k, m.Keys.Filter):
		return m.pressOn(page.StepFind, k)
	case keys.Is(k, m.Keys.Why) && m.step != page.StepVerdict:
		m.visitEvidence()
	case keys.Is(k, m.Keys.Why):
		return m.pressOn(page.StepVerdict, k)
	case m.over != nil: // the page below does not hear it
	default:
		return m.pressOn(m.step, k)
	}
	return nil
}

// stepOf is the step that a key leads to; -1: none.
func (m *model) stepOf(k tea.KeyMsg) page.Step {
	return page.Step(slices.IndexFunc(m.Keys.Steps[:], func(b key.Binding) bool { return keys.Is(k, b) }))
}

// pressOn is a key that belongs to one page, wherever it is pressed.
func (m *model) pressOn(s page.Step, k tea.KeyMsg) tea.Cmd {
	if m.over = nil; s != m.step {
		m.walk(s)
	}
	return m.act(m.pages[s].Press(m.Scene, k))
}

// act does what a page asked for.
func (m *model) act(a page.Action) tea.Cmd {
	switch a := a.(type) {
	case page.GoTo:
		m.deeper(a.Step)
		m.seek(a.PID)
	case page.Ask:
		return m.search(a.Query)
	case page.Prepare:
		return m.prepare(a)
	case page.Undo:
		return m.takeBack(a.ID)
	case page.TestLog:
		return m.askTest()
	case page.Exact:
		return m.askExact(scene.Who{PID: a.PID, Start: a.Start})
	case page.Back:
		if n := len(m.before); n > 0 {
			m.step, m.before = m.before[n-1], m.before[:n-1]
		}
	}
	return nil
}

// walk goes along the path. Who comes back to a step has not come from anywhere
// beyond it.
func (m *model) walk(to page.Step) {
	pid := m.along()
	if at := slices.Index(m.before, to); at >= 0 {
		m.before, m.step = m.before[:at], to
	}
	m.deeper(to)
	m.seek(pid)
}

// along is the process that goes along to another page.
func (m *model) along() int {
	if now := m.pages[m.step].Selected(m.Scene).PID; now != m.stood {
		return now
	}
	return m.carried
}

// visitEvidence shows the evidence; esc leads back to where it was asked for, and from
// there on as before.
func (m *model) visitEvidence() {
	pid := m.along()
	m.deeper(page.StepVerdict)
	m.seek(pid)
	m.pages[page.StepVerdict].(*page.Verdict).Evidence()
}

// seek has the page stand on a process, and carries it along the path: a page that
// can only stand near it, and was not moved on, passes the same process on.
func (m *model) seek(pid int) {
	m.carried = pid
	if p, ok := m.pages[m.step].(page.Seeker); ok && pid != 0 {
		p.Seek(m.Scene, pid)
	}
	m.stood = m.pages[m.step].Selected(m.Scene).PID
}

// deeper goes to a step and remembers the way back.
func (m *model) deeper(to page.Step) {
	m.over = nil
	if to == m.step {
		return
	}
	const most = 16
	m.before = append(m.before[max(0, len(m.before)-most):], m.step)
	m.step = to
}

func (m *model) toggle(s *sheet) {
	if m.over != nil && m.over.title == s.title {
		m.over = nil
		return
	}
	m.over = s
}
