package page

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/diagnose"
	"cyrlock/ui/keys"
	"cyrlock/ui/scene"
)

// Fix lists what can be done about the hang, the safest first, and what each
// choice costs.
type Fix struct {
	List
	height int
}

// About is for the help.
func (p *Fix) About() string {
	return "What can be done about this hang, the safest first, with what each choice cures and what it costs."
}

// Keys are the page's own.
func (p *Fix) Keys(s *scene.Scene) []key.Binding {
	return []key.Binding{keys.Named(s.Keys.Copy, "copy the command")}
}

// Refresh keeps the place.
func (p *Fix) Refresh(*scene.Scene) {}

func (p *Fix) advice(s *scene.Scene) []diagnose.Advice {
	if len(s.Report.Roots) == 0 {
		return nil
	}
	return s.Report.Roots[0].Advice
}

// Press moves among the choices.
func (p *Fix) Press(s *scene.Scene, k tea.KeyMsg) Action {
	if keys.Is(k, s.Keys.Back) {
		return Back{}
	}
	p.List.Press(k, s.Keys, len(p.advice(s)), p.height)
	return nil
}

// View is the page.
func (p *Fix) View(s *scene.Scene, w, h int) []string {
	var rows []string
	p.height = h
	for i, a := range p.advice(s) {
		rows = append(rows, s.Row(s.Advice(a, s.RootPID()), i == p.Cursor, w))
	}
	return rows[:min(len(rows), h)]
}

// Selected is the process that the choice is about.
func (p *Fix) Selected(s *scene.Scene) scene.Target { return scene.Target{PID: max(0, s.RootPID())} }

// Copy is the command of the choice.
func (p *Fix) Copy(s *scene.Scene) string {
	if all := p.advice(s); p.Cursor < len(all) {
		return all[p.Cursor].Command
	}
	return ""
}
