package scene

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/draw"
)

// recorded is the scene of a hang that was provoked and recorded.
func recorded(t *testing.T, name string) *Scene {
	t.Helper()
	raw, err := os.ReadFile("../../diagnose/testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var s evidence.Snapshot
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	theme := draw.NewTheme(nil, true, true, func(string) string { return "" })
	return New(theme, diagnose.DefaultThreshold).Next(diagnose.Diagnose(s, diagnose.Options{}))
}

// TestMeaning: the first stack of every recorded hang, its part and what it means.
func TestMeaning(t *testing.T) {
	for name, want := range map[string]struct {
		part  Part
		frame string // among those that tell
		means string
	}{
		"seed.stalled-client":                           {Holder, "prot_flush_internal", "who waits for the lock, waits for that client"},
		"idle-holder.idle-holder":                       {Holder, "prot_fill", "while it waits for its client to say something"},
		"forgotten-lock.idle-holder":                    {Holder, "lockaccept", "an idle worker"},
		"stopped-holder.stopped-holder":                 {Holder, "prot_flush_internal", "it was stopped by a signal and does not go on"},
		"traced-holder.stopped-holder":                  {Holder, "prot_flush_internal", "it was stopped by debugger"},
		"signal-reentry.signal-reentry":                 {Holder, "malloc", "it waits for itself, with the lock on jwade.seen"},
		"uninterruptible-holder.uninterruptible-holder": {Holder, "index_checkseen", "where not even a signal wakes it"},
		"orphan-lock.orphan-lock":                       {Holder, "open", "it holds the lock on jwade.seen"},
		"shared-crowd.shared-crowd":                     {Holder, "prot_fill", "keeps the lock on cyrus.header"},
		"self-deadlock.self-deadlock":                   {Circle, "lock_reopen", "it waits for itself, and that never ends"},
		"cycle-of-two.cycle":                            {Circle, "lock_reopen", "a circle, which never ends by itself"},
		"cycle-of-three.cycle":                          {Circle, "lock_reopen", "a circle, which never ends by itself"},
		"foreign-holder.foreign-holder":                 {Waiter, "lock_reopen", "who waits for that, waits behind it"},
	} {
		s := recorded(t, name)
		if len(s.Buckets) == 0 {
			t.Errorf("%s: no stacks", name)
			continue
		}
		b := &s.Buckets[0]
		frames := b.Members[0].Thread.Frames
		tells := slices.ContainsFunc(b.Telling, func(i int) bool { return frames[i].Func == want.frame })
		if got := s.Meaning(b, b.Members[0]); b.Part != want.part || !tells || !strings.Contains(got, want.means) {
			t.Errorf("%s: %v, frames %v: %s", name, b.Part, b.Telling, got)
		}
		for _, b := range s.Buckets {
			if !slices.IsSorted(b.Telling) || len(slices.Compact(slices.Clone(b.Telling))) != len(b.Telling) {
				t.Errorf("%s: frames %v", name, b.Telling)
			}
		}
	}
}

// TestMeaningOfAWaiterThatHolds: who waits for it waits behind it.
func TestMeaningOfAWaiterThatHolds(t *testing.T) {
	s := recorded(t, "seed.stalled-client")
	for i := range s.Buckets {
		b := &s.Buckets[i]
		for _, m := range b.Members {
			holds := b.Part == Waiter && s.Holds(m.Proc.PID) != nil
			if says := strings.Contains(s.Meaning(b, m), "who waits for that, waits behind it"); says != holds {
				t.Errorf("%d: holds %v, says %v", m.Proc.PID, holds, says)
			}
		}
	}
}
