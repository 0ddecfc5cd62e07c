package ui

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"cyrlock/evidence"
	"cyrlock/ui/sample"
)

// TestHostileFind: nothing of a stranger's moves the cursor, wherever on the page.
func TestHostileFind(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 4 {
		m := &one{snapshot: sample.Hostile(r)}
		m.snapshot.Focus = &evidence.Focus{User: sample.Nasty[r.IntN(len(sample.Nasty))], Paths: []evidence.SeenPath{
			{Path: sample.Nasty[r.IntN(len(sample.Nasty))], How: sample.Nasty[r.IntN(len(sample.Nasty))]}, {Path: m.snapshot.Files[2].Path, How: sample.Nasty[0]}}}
		for _, size := range [][2]int{{80, 24}, {40, 12}, {200, 60}, {64, 18}, {120, 30}} {
			for _, keys := range [][]string{{"enter"}, {"enter", "end"}, {"right"}, {"right", "enter"}, {"right", "down", "enter", "down"}, {"/", "x", "enter"}, {"down", "enter", "enter"}} {
				s := screens(t, m, colour, size[0], size[1], append([]string{"1"}, keys...)...)
				if s.crash != nil {
					t.Fatal(s.crash)
				}
				view := s.View()
				exact(t, view, size[0], size[1])
				harmless(t, view)
			}
		}
	}
}

// TestFindFrames are what the page can say, in every size.
func TestFindFrames(t *testing.T) {
	then, unasked := sample.Incident(), sample.Incident()
	unasked.Files[2].Open = nil
	for _, c := range []struct {
		name string
		now  evidence.Snapshot
		keys []string
		says evidence.Snapshot // the answer to the last key
	}{
		{"users", then, []string{"right"}, then},
		{"answer", then, []string{"right", "enter"}, answer(aboutJwade)},
		{"nobody", then, []string{"/", "l", "s", "m", "i", "t", "h", "enter"}, nobody()},
		{"processes", unasked, []string{"enter"}, answer(aboutFile)},
		{"crowd", sample.Crowd(5000, 3), []string{"enter"}, sample.Crowd(5000, 3)},
		{"files", chained(40), []string{"end"}, then},
		{"typing", then, []string{"/", "l", "m", "t"}, then},
		{"nothing", then, []string{"/", "z", "z"}, then},
		{"hostile", sample.Hostile(rand.New(rand.NewPCG(5, 6))), []string{"enter"}, then},
	} {
		for _, size := range [][2]int{{80, 24}, {40, 12}, {120, 36}, {200, 60}} {
			t.Run(fmt.Sprintf("%s-%dx%d", c.name, size[0], size[1]), func(t *testing.T) {
				m := &one{snapshot: c.now}
				s := screens(t, m, without, size[0], size[1], append([]string{"1"}, c.keys[:len(c.keys)-1]...)...)
				m.snapshot = c.says
				press(t, s, c.keys[len(c.keys)-1])
				golden(t, fmt.Sprintf("find-%s-%dx%d", c.name, size[0], size[1]), frame(t, s))
			})
		}
	}
}

// chained is the incident beside n other files, each with a waiter.
func chained(n int) evidence.Snapshot {
	s := sample.Incident()
	s.Files = append(s.Files, sample.Chains(n).Files...)
	return s
}
