package page

import (
	"fmt"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/diagnose"
	"cyrlock/ui/draw"
	"cyrlock/ui/sample"
	"cyrlock/ui/scene"
)

// BenchmarkStacks is a new look and the frame after it, with 5,000 processes: the
// goal is 3 ms.
func BenchmarkStacks(b *testing.B) {
	for _, places := range []int{1, 2000} {
		s := crowdScene(places)
		for _, state := range []struct{ name, keys string }{{"stacks", ""}, {"unfolded", " "}, {"end", "G  "}, {"processes", "\r"}, {"process", "\r\r"}} {
			b.Run(fmt.Sprintf("%d/%s", places, state.name), func(b *testing.B) {
				p := &Stacks{}
				p.Refresh(s)
				p.View(s, 200, 56)
				typed(p, s, "n"+state.keys)
				for b.Loop() {
					p.Refresh(s)
					p.View(s, 200, 56)
				}
			})
		}
	}
}

func crowdScene(places int) *scene.Scene {
	theme := draw.NewTheme(nil, false, false, func(name string) string {
		return map[string]string{"TERM": "xterm-256color", "LANG": "C.UTF-8"}[name]
	})
	return scene.New(theme, diagnose.DefaultThreshold).Next(diagnose.Diagnose(sample.Crowd(5000, places), diagnose.Options{}))
}

// typed presses keys one by one.
func typed(p Page, s *scene.Scene, keys string) {
	for _, r := range keys {
		k := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}}
		switch r {
		case '\r':
			k = tea.KeyMsg{Type: tea.KeyEnter}
		case ' ':
			k = tea.KeyMsg{Type: tea.KeySpace, Runes: []rune{' '}}
		}
		p.Press(s, k)
	}
}

// TestOnlyWhatIsVisible: a frame asks for no more rows than it may show, however
// many stacks there are.
func TestOnlyWhatIsVisible(t *testing.T) {
	s, p := crowdScene(2000), &Stacks{}
	p.Refresh(s)
	for _, keys := range []string{"", "G", "g", "nnn   ", "G "} {
		typed(p, s, keys)
		p.View(s, 80, 20)
		drawn := 0
		list := p.strip(p.entries(), p.height, func(i int) []string { drawn++; return p.entry(s, i, 80, 80) })
		if rows := list.draw(); len(rows) != p.height || drawn > 2*p.height {
			t.Errorf("%q: %d rows of %d, %d entries drawn", keys, len(rows), p.height, drawn)
		}
	}
}
