package page

import (
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/sample"
	"cyrlock/ui/scene"
)

// crowds are three ways to hang for five thousand processes.
func crowds() map[string]evidence.Snapshot {
	behind := sample.Incident()
	seen := &behind.Files[2]
	for i := range 5000 {
		behind.Processes = append(behind.Processes, sample.SeenWaiter(30000+i, "INBOX", float64(i%600)))
		seen.Waiters = append(seen.Waiters, sample.Waits(30000+i, 22, float64(i%600), 4+i))
	}
	var pairs, links [][3]int
	for i := range 2000 {
		pairs = append(pairs, [3]int{i + 1, 10000 + i, 20000 + i})
	}
	for i := range 5000 {
		links = append(links, [3]int{i + 1, 10000 + i, 10001 + i})
	}
	people := func(s evidence.Snapshot) evidence.Snapshot {
		for i := range 5001 {
			s.Processes = append(s.Processes, sample.SeenWaiter(10000+i, "INBOX", 60), sample.SeenWaiter(20000+i, "INBOX", 60))
		}
		return s
	}
	return map[string]evidence.Snapshot{"5,000 behind one": behind, "2,000 chains": people(sample.Files(pairs...)), "5,000 in a row": people(sample.Files(links...))}
}

// BenchmarkVerdict is what a look and what a frame cost the screen.
func BenchmarkVerdict(b *testing.B) {
	theme := draw.NewTheme(nil, false, false, func(name string) string { return map[string]string{"TERM": "xterm", "LANG": "C.UTF-8"}[name] })
	for name, snapshot := range crowds() {
		report := diagnose.Diagnose(snapshot, diagnose.Options{})
		before := scene.New(theme, diagnose.DefaultThreshold)
		s := before.Next(report)
		p := &Verdict{}
		p.Refresh(s)
		p.View(s, 200, 60)
		for i := range p.rows {
			if p.rows[i].More > 0 { // unfold all
				p.Cursor = i
				p.toggle(s)
				break
			}
		}
		b.Run(name+"/next", func(b *testing.B) {
			for b.Loop() {
				before.Next(report)
			}
		})
		b.Run(name+"/refresh", func(b *testing.B) {
			for b.Loop() {
				p.Refresh(s)
			}
		})
		b.Run(name+"/view", func(b *testing.B) {
			for b.Loop() {
				p.View(s, 200, 60)
			}
		})
		b.Run(name+"/fold", func(b *testing.B) {
			for b.Loop() {
				p.Press(s, tea.KeyMsg{Type: tea.KeyEnd})
				p.Press(s, tea.KeyMsg{Type: tea.KeyLeft})
				p.Press(s, tea.KeyMsg{Type: tea.KeyLeft})
				p.Press(s, tea.KeyMsg{Type: tea.KeyRight})
				p.View(s, 200, 60)
			}
		})
		b.Run(name+"/evidence", func(b *testing.B) {
			p.Press(s, tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("e")})
			for b.Loop() {
				p.View(s, 200, 60)
			}
			p.Press(s, tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("e")})
		})
		f := &Fix{}
		b.Run(name+"/fix", func(b *testing.B) {
			for b.Loop() {
				f.Refresh(s)
				f.View(s, 200, 60)
			}
		})
	}
}
