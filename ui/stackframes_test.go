package ui

import (
	"fmt"
	"testing"

	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/sample"
)

// TestStackFrames shows the page in all of its states.
func TestStackFrames(t *testing.T) {
	running := sample.Incident()
	running.Processes[0].Threads[0] = evidence.Thread{TID: 24870, State: "R", Syscall: "running", Error: "running: no stack without stopping it (--stop)"}
	incident := sample.Incident()
	for _, state := range []struct {
		name  string
		shown evidence.Snapshot
		keys  []string
	}{
		{"frame", incident, []string{"n", "down", "down"}},
		{"whole", incident, []string{"n", " "}},
		{"members", incident, []string{"n", "n", "enter"}},
		{"process", incident, []string{"n", "enter", "enter"}},
		{"threads", threaded(), []string{"enter"}},
		{"running", running, nil},
		{"asked", incident, []string{"n", "S"}},
		{"asked-holder", incident, []string{"S"}},
		{"exact", incident, []string{"n", "S", "settle", "S"}},
		{"crowd", sample.Crowd(5000, 40), []string{"n", "n", "n", "right"}},
	} {
		for _, size := range [][2]int{{80, 24}, {40, 12}, {200, 60}} {
			for name, env := range map[string]func(string) string{"": without, "-ascii": vt100} {
				s := screens(t, &stoppable{one: one{snapshot: state.shown}}, env, size[0], size[1], "2")
				for _, k := range state.keys {
					if k == "settle" {
						settles(s)
						continue
					}
					press(t, s, k)
				}
				got := frame(t, s)
				if name != "" && !draw.IsASCII(got) {
					t.Errorf("%s: not ASCII", state.name)
				}
				if name == "" || size[0] == 80 {
					golden(t, fmt.Sprintf("stacks-%s-%dx%d%s", state.name, size[0], size[1], name), got)
				}
			}
		}
	}
}
