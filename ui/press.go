package ui

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"
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
		if m.editing() {
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
	if find, ok := m.pages[m.step].(*findPage); ok && m.editing() && !is(k, m.keys.Suspend) && k.String() != "ctrl+c" {
		return m.act(find.edit(&m.scene, k))
	}
	switch {
	case is(k, m.keys.Quit):
		return tea.Quit
	case is(k, m.keys.Suspend):
		return m.suspend()
	case is(k, m.keys.Again):
		return m.again()
	case is(k, m.keys.Pause):
		m.paused = !m.paused
	case is(k, m.keys.Copy):
		return m.copy()
	case is(k, m.keys.Help):
		m.toggle(m.helpSheet())
	case is(k, m.keys.Commands):
		m.toggle(m.commandSheet())
	case m.over != nil && (is(k, m.keys.Back) || is(k, m.keys.Enter)):
		m.over = nil
	case m.over != nil && m.over.list.press(k, m.keys, len(m.over.rows), m.bodyHeight()):
	case is(k, m.keys.Next):
		m.walk((m.step + 1) % steps)
	case k.String() == "shift+tab":
		m.walk((m.step + steps - 1) % steps)
	case is(k, m.keys.Find):
		m.walk(stepFind)
	case is(k, m.keys.Stacks):
		m.walk(stepStacks)
	case is(k, m.keys.Verdict):
		m.walk(stepVerdict)
	case is(k, m.keys.Filter) && m.step != stepFind:
		m.walk(stepFind)
		return m.act(m.pages[stepFind].press(&m.scene, k))
	case m.over != nil: // the page below does not hear it
	default:
		return m.act(m.pages[m.step].press(&m.scene, k))
	}
	return nil
}

// act does what a page asked for.
func (m *model) act(a action) tea.Cmd {
	switch a := a.(type) {
	case goTo:
		m.deeper(a.step)
		if p, ok := m.pages[a.step].(interface{ seek(*scene, int) }); ok {
			p.seek(&m.scene, a.pid)
		}
	case ask:
		return m.search(a.query)
	case back:
		if n := len(m.before); n > 0 {
			m.step, m.before = m.before[n-1], m.before[:n-1]
		}
	}
	return nil
}

// walk goes along the path. Who comes back to a step has not come from anywhere
// beyond it.
func (m *model) walk(to step) {
	if at := slices.Index(m.before, to); at >= 0 {
		m.before, m.step = m.before[:at], to
	}
	m.deeper(to)
}

// deeper goes to a step and remembers the way back.
func (m *model) deeper(to step) {
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
