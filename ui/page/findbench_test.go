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

// manyFiles are n files, each with a holder and a waiter of its own.
func manyFiles(n int) evidence.Snapshot {
	var links [][3]int
	for i := range n {
		links = append(links, [3]int{i + 1, 100_000 + i, 200_000 + i})
	}
	s := sample.Files(links...)
	for i := range n {
		s.Processes = append(s.Processes, sample.SeenWaiter(200_000+i, "INBOX", 60))
	}
	return s
}

// busy are the machines on which nothing may be slow.
func busy(n int) map[string]evidence.Snapshot {
	return map[string]evidence.Snapshot{"waiters": sample.Crowd(n, 3), "files": manyFiles(n)}
}

// colours is a scene as most terminals show it.
func colours(s evidence.Snapshot) *scene.Scene {
	theme := draw.NewTheme(nil, false, false, func(name string) string {
		return map[string]string{"TERM": "xterm", "LANG": "C.UTF-8"}[name]
	})
	return scene.New(theme, diagnose.DefaultThreshold).Next(diagnose.Diagnose(s, diagnose.Options{}))
}

// BenchmarkFind: what the user waits for after a look, and after a key: under 3 ms
// each.
func BenchmarkFind(b *testing.B) {
	for name, snapshot := range busy(5000) {
		s := colours(snapshot)
		for state, prepare := range map[string]func(*Find){
			"list":     func(*Find) {},
			"users":    func(p *Find) { p.tab = users },
			"filtered": func(p *Find) { p.filter = "imapd" },
			"inside":   func(p *Find) { p.inside, p.fileID = true, p.rows[0].ID },
		} {
			p := &Find{}
			p.Refresh(s)
			prepare(p)
			b.Run(name+"/"+state+"/refresh", func(b *testing.B) {
				for b.Loop() {
					p.Refresh(s)
				}
			})
			b.Run(name+"/"+state+"/view", func(b *testing.B) {
				for b.Loop() {
					p.View(s, 200, 56)
				}
			})
		}
		b.Run(name+"/look", func(b *testing.B) { // away from the screen
			for b.Loop() {
				scene.New(s.Theme, s.Limit).Next(s.Report)
			}
		})
	}
}

// TestFindDrawsWhatIsSeen: a frame costs the same whether ten wait or thousands.
func TestFindDrawsWhatIsSeen(t *testing.T) {
	cost := func(n int, name string, key tea.KeyType) float64 {
		s, p := colours(busy(n)[name]), &Find{}
		p.Refresh(s)
		p.Press(s, tea.KeyMsg{Type: key})
		return testing.AllocsPerRun(5, func() { p.View(s, 80, 20) })
	}
	for _, name := range []string{"waiters", "files"} {
		for _, key := range []tea.KeyType{tea.KeyEsc, tea.KeyEnter, tea.KeyRight} {
			if few, many := cost(100, name, key), cost(5000, name, key); many > 1.2*few+20 {
				t.Errorf("%s, after %v: %v allocations for a frame with a hundred, %v with thousands", name, key, few, many)
			}
		}
	}
}
