package page

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/evidence"
	"cyrlock/ui/keys"
	"cyrlock/ui/scene"
)

// Watch shows how the waiting goes on from look to look.
type Watch struct{ List }

// About is for the help.
func (p *Watch) About() string {
	return "How the waiting goes on: who came, who went, which hang ended."
}

// Keys are the page's own.
func (p *Watch) Keys(*scene.Scene) []key.Binding { return nil }

// Refresh keeps the place.
func (p *Watch) Refresh(*scene.Scene) {}

// Press moves among the events.
func (p *Watch) Press(s *scene.Scene, k tea.KeyMsg) Action {
	if keys.Is(k, s.Keys.Back) {
		return Back{}
	}
	return nil
}

// View is the page.
func (p *Watch) View(s *scene.Scene, w, h int) []string {
	return []string{" waiting now   " + evidence.Thousands(s.Report.Waiting)}
}

// Selected is nothing.
func (p *Watch) Selected(*scene.Scene) scene.Target { return scene.Target{} }

// Copy is nothing.
func (p *Watch) Copy(*scene.Scene) string { return "" }
