package diagnose

import (
	"strings"
	"testing"

	"cyrlock/evidence"
)

// Others wait for a minute, the holder last ran a moment ago: it is slow. How it
// is slow depends on what it does. Built from the recorded stalled client.
func TestHolderThatMovesNowAndThen(t *testing.T) {
	slow := func(change func(*evidence.Thread)) Root {
		s := load(t, "testdata/stalled-client.stalled-client.json")
		for i := range s.Files {
			for j := range s.Files[i].Waiters {
				s.Files[i].Waiters[j].SinceS = 60
			}
		}
		root := Diagnose(s, Options{}).Roots[0].PID
		p := s.Process(root)
		th := &p.Threads[0]
		th.SinceS, th.SinceHow = 0.3, "sched"
		change(th)
		return Diagnose(s, Options{}).Roots[0]
	}
	client := slow(func(*evidence.Thread) {})
	if client.Class != StalledClient || client.Confidence != Likely || !strings.Contains(client.Sentence, "that client reads slowly") {
		t.Errorf("a client that reads a little: %s (%s): %s", client.Class, client.Confidence, client.Sentence)
	}
	disk := slow(func(th *evidence.Thread) { th.State, th.Syscall, th.On = "D", "fsync", nil })
	if disk.Class != WorkingHolder || !strings.Contains(disk.Sentence, "disk again and again") {
		t.Errorf("a slow disk: %s: %s", disk.Class, disk.Sentence)
	}
	stuck := slow(func(th *evidence.Thread) { th.State, th.Syscall, th.On, th.SinceS = "D", "fsync", nil, 60 })
	if stuck.Class != UninterruptibleHolder {
		t.Errorf("a dead disk: %s: %s", stuck.Class, stuck.Sentence)
	}
}

// What the connection's timer says, on the recorded stalled client.
func TestWhyTheClientDoesNotTakeIt(t *testing.T) {
	for _, tt := range []struct {
		timer      string
		since      float64
		confidence Confidence
		meaning    string
	}{
		{"zero window", 0.5, Certain, "that client stopped reading"},
		{"retransmit", 0.5, Likely, "that client stopped reading"},
		{"retransmit", 60, Certain, "that client does not answer any more"},
	} {
		s := load(t, "testdata/stalled-client.stalled-client.json")
		p := s.Process(Diagnose(s, Options{}).Roots[0].PID)
		p.Threads[0].On.Conn.Timer, p.Threads[0].SinceS = tt.timer, tt.since
		if r := Diagnose(s, Options{}).Roots[0]; r.Class != StalledClient || r.Confidence != tt.confidence || !strings.Contains(r.Sentence, tt.meaning) {
			t.Errorf("%s for %v s: %s (%s): %s", tt.timer, tt.since, r.Class, r.Confidence, r.Sentence)
		}
	}
}
