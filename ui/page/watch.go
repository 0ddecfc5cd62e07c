package page

import (
	"slices"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/diagnose"
	"cyrlock/ui/keys"
	"cyrlock/ui/scene"
)

// Watch shows how the waiting goes on from look to look: how many wait, which hangs
// there were, and what happened, the newest event last. On the last event the page
// follows: what happens next is selected.
type Watch struct {
	List
	events []diagnose.Event
	apart  bool // the user has left the last event
	height int
}

// About is for the help.
func (p *Watch) About() string {
	return "How the waiting goes on: how many wait over time, which hangs there were and how they ended, and what changed from look to look. Events are seen by looking: what comes and goes between two looks is not among them."
}

// Keys are the page's own.
func (p *Watch) Keys(s *scene.Scene) []key.Binding {
	if len(p.events) == 0 {
		return nil
	}
	own := []key.Binding{keys.Named(s.Keys.Enter, "stacks"), keys.Named(s.Keys.NextChain, "next hang")}
	if p.apart {
		own = append(own, keys.Named(s.Keys.End, "follow"))
	}
	return own
}

// Refresh stays on the selected event, or follows.
func (p *Watch) Refresh(s *scene.Scene) {
	selected := p.event()
	p.events = s.Events
	if !p.apart || selected == nil {
		p.follow()
		return
	}
	// The oldest drop out: the same event now stands earlier.
	p.Cursor = max(0, slices.Index(p.events, *selected))
}

func (p *Watch) follow() { p.Cursor, p.apart = max(0, len(p.events)-1), false }

func (p *Watch) event() *diagnose.Event {
	if p.Cursor < 0 || p.Cursor >= len(p.events) {
		return nil
	}
	e := p.events[p.Cursor]
	return &e
}

// Press moves among the events.
func (p *Watch) Press(s *scene.Scene, k tea.KeyMsg) Action {
	switch {
	case keys.Is(k, s.Keys.Back):
		return Back{}
	case keys.Is(k, s.Keys.Enter):
		if t := p.Selected(s); t.PID != 0 {
			return GoTo{StepStacks, t.PID}
		}
	case keys.Is(k, s.Keys.NextChain):
		p.jump(1)
	case keys.Is(k, s.Keys.PreviousChain):
		p.jump(-1)
	case p.List.Press(k, s.Keys, len(p.events), p.height):
		p.apart = p.Cursor < len(p.events)-1
	}
	return nil
}

// jump goes to the next event that begins or ends a hang.
func (p *Watch) jump(by int) {
	for i := p.Cursor + by; i >= 0 && i < len(p.events); i += by {
		if k := p.events[i].Kind; k == diagnose.HangBegan || k == diagnose.HangCleared {
			p.Cursor, p.apart = i, i < len(p.events)-1
			return
		}
	}
}

// Selected is the process of the event, if it still is that process.
func (p *Watch) Selected(s *scene.Scene) scene.Target {
	e := p.event()
	if e == nil {
		return scene.Target{}
	}
	t := scene.Target{}
	if proc := s.Proc(e.PID); proc != nil && proc.Start == e.Start {
		t.PID = e.PID
	}
	for i := range s.Report.Files {
		if f := &s.Report.Files[i]; e.File != "" && f.Path == e.File {
			t.File = f
		}
	}
	return t
}
