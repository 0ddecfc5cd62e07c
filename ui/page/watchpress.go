package page

import (
	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/ui/keys"
	"cyrlock/ui/scene"
)

// TestLog asks for a line to be sent, and looked for in the logs.
type TestLog struct{}

// Press moves among the entries.
func (p *Watch) Press(s *scene.Scene, k tea.KeyMsg) Action {
	p.said = ""
	switch {
	case keys.Is(k, s.Keys.Filter):
		p.editing = true
	case keys.Is(k, s.Keys.Back):
		if p.filter == "" {
			return Back{}
		}
		p.filter = ""
		p.list()
	case keys.Is(k, s.Keys.Enter):
		return p.deeper(s)
	case keys.Is(k, s.Keys.Fold):
		p.pause()
	case keys.Is(k, s.Keys.Test):
		return TestLog{}
	case keys.Is(k, s.Keys.NextChain):
		p.jump(1)
	case keys.Is(k, s.Keys.PreviousChain):
		p.jump(-1)
	case keys.Is(k, s.Keys.End) && p.paused:
		p.pause() // who wants the end wants what comes
		p.follow()
	case p.List.Press(k, s.Keys, len(p.rows), p.height):
		p.apart = p.Cursor < len(p.rows)-1
	}
	return nil
}

// deeper goes to the stack of the process of the selected entry.
func (p *Watch) deeper(s *scene.Scene) Action {
	e := p.entry()
	switch t := p.Selected(s); {
	case t.PID != 0:
		return GoTo{StepStacks, t.PID}
	case e == nil:
	case e.PID() == 0:
		p.said = "This is not about one process: there is no stack to see."
	case s.Proc(e.PID()) != nil:
		p.said = s.Name(e.PID()) + " is another process with the same number, or not known to be the same."
	default:
		p.said = "The last look did not see it: it has no part in a hang now, or is gone."
	}
	return nil
}

// Editing tells whether a filter is being typed.
func (p *Watch) Editing() bool { return p.editing }

// Edit takes keys while a filter is typed.
func (p *Watch) Edit(s *scene.Scene, k tea.KeyMsg) Action {
	switch {
	case keys.Is(k, s.Keys.Back), keys.Is(k, s.Keys.Enter):
		p.editing = false
	case k.Type == tea.KeyUp, k.Type == tea.KeyDown:
		p.editing = false
		return p.Press(s, k)
	default:
		p.filter = Edited(p.filter, s.Keys, k)
		p.list()
	}
	return nil
}
