package ui

import (
	"fmt"
	"testing"

	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/sample"
)

// TestFrames shows every page in every size and with every kind of terminal. The
// words must say without colour what they say with it.
func TestFrames(t *testing.T) {
	pages := []struct {
		name string
		keys []string
	}{
		{"verdict", nil},
		{"evidence", []string{"e"}},
		{"find", []string{"1"}},
		{"stacks", []string{"2"}},
		{"fix", []string{"4"}},
		{"watch", []string{"5"}},
		{"help", []string{"?"}},
		{"commands", []string{"c"}},
	}
	terminals := []struct {
		name        string
		env, bright func(string) string
	}{{"utf8", without, colour}, {"ascii", vt100, console}}
	for _, size := range [][2]int{{80, 24}, {40, 12}, {200, 60}} {
		for _, page := range pages {
			for _, term := range terminals {
				name := fmt.Sprintf("%s-%dx%d-%s", page.name, size[0], size[1], term.name)
				t.Run(name, func(t *testing.T) {
					got := frame(t, screens(t, sample.Recorded(sample.Incident()), term.env, size[0], size[1], page.keys...))
					golden(t, name, got)
					if term.name == "ascii" && !draw.IsASCII(got) {
						t.Error("not ASCII")
					}
					bright := screens(t, sample.Recorded(sample.Incident()), term.bright, size[0], size[1], page.keys...)
					if coloured := frame(t, bright); coloured != got {
						t.Errorf("colour changes the words:\n%s", coloured)
					}
					golden(t, name+"-colour", paint(t, bright))
				})
			}
		}
	}
}

// TestSituations shows what is not the incident.
func TestSituations(t *testing.T) {
	healthy := sample.Incident()
	healthy.Files, healthy.Processes = healthy.Files[:1], nil
	blind := evidence.Snapshot{Taken: epoch, Gaps: []evidence.Gap{{What: evidence.LockTable, Why: "open /proc/locks: permission denied: run as root"}}}
	gaps := sample.Incident()
	gaps.Gaps = []evidence.Gap{{PID: 24870, What: "stack", Why: "permission denied: run as root"}}
	gaps.Processes[0].Threads[0].Frames, gaps.Processes[0].Threads[0].Error = nil, "permission denied: run as root"
	chains := sample.Incident()
	chains.Files = append(chains.Files, sample.Files([3]int{8, 24102, 24103}).Files...)
	for name, s := range map[string]evidence.Snapshot{"healthy": healthy, "blind": blind, "gaps": gaps, "chains": chains,
		"circle": circle()} {
		for page, key := range map[string]string{"verdict": "3", "find": "1", "stacks": "2", "fix": "4"} {
			golden(t, name+"-"+page, frame(t, screens(t, sample.Recorded(s), without, 80, 24, key)))
		}
	}
}

// circle is two who wait for each other, and one behind them.
func circle() evidence.Snapshot {
	s := sample.Incident()
	s.Files = sample.Files([3]int{1, 24870, 24876}, [3]int{2, 24876, 24870}, [3]int{3, 24876, 24901}).Files
	return s
}
