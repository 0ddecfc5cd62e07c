package plain

import (
	"context"
	"errors"
	"testing"

	"cyrlock/evidence"
	"cyrlock/ui/sample"
)

// stoppable is a made-up machine whose processes can be attached to.
type stoppable struct {
	sample.Recorded
	asked *[]int // pids
	err   error
}

func (s stoppable) Exact(_ context.Context, pid int, start uint64) (evidence.Process, error) {
	if s.asked != nil {
		*s.asked = append(*s.asked, pid)
	}
	for _, p := range s.Processes {
		if p.PID == pid && p.Start == start {
			t := p.Threads[0]
			t.StopUS, t.Method = 27, "stop"
			p.Threads = []evidence.Thread{t}
			return p, s.err
		}
	}
	return evidence.Process{PID: pid}, errors.New("gone")
}

// TestExact: nothing is attached to before the word is typed.
func TestExact(t *testing.T) {
	unicodeLocale(t)
	var asked []int
	m := stoppable{sample.Recorded(sample.Incident()), &asked, nil}
	golden(t, "exact", later(transcript(t, m, Options{}, "2", "x", "2", "x", "exact", "24901", "x", "Attach", "readings", "q")))
	if len(asked) != 1 || asked[0] != 24901 {
		t.Errorf("attached to %v, want 24901 once", asked)
	}
	asked = nil
	for _, o := range []Options{{ReadOnly: true}, {Label: "recorded"}} {
		transcript(t, m, o, "2", "2", "x", "attach", "q")
	}
	if len(asked) != 0 {
		t.Errorf("attached to %v", asked)
	}
}
