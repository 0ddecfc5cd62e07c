package ui

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"cyrlock/evidence"
	"cyrlock/ui/sample"
)

// at is the machine as it is some seconds after the first look.
func at(s evidence.Snapshot, seconds float64) evidence.Snapshot {
	s.Taken = s.Taken.Add(time.Duration(seconds * float64(time.Second)))
	for i := range s.Files {
		for j := range s.Files[i].Waiters {
			s.Files[i].Waiters[j].SinceS += seconds
		}
	}
	return s
}

// watched is a hang that goes on for ten seconds, gets a waiter more, and clears.
func watched(t *testing.T, env func(string) string, w, h int) *model {
	t.Helper()
	m := &one{snapshot: sample.Incident()}
	s := screens(t, m, env, w, h, "5")
	for i := 1; i <= 5; i++ {
		m.snapshot = at(sample.Incident(), float64(2*i))
		if i >= 3 { // one more comes
			header := &m.snapshot.Files[1]
			header.Waiters = append(header.Waiters, sample.Waits(25100, 9, float64(2*(i-3))+1, 10))
			m.snapshot.Processes = append(m.snapshot.Processes, evidence.Process{PID: 25100, Start: 7, Comm: "lmtpd", Cyrus: true, State: "S", Threads: []evidence.Thread{{TID: 25100, State: "S", Syscall: "flock"}}})
		}
		look(t, s, epoch.Add(time.Duration(2*i)*time.Second))
	}
	m.snapshot = at(sample.Incident(), 12)
	m.snapshot.Files = m.snapshot.Files[:1]
	m.snapshot.Processes = m.snapshot.Processes[len(m.snapshot.Processes)-3:]
	look(t, s, epoch.Add(12*time.Second))
	return s
}

// TestWatch: what happened is there in every size, and the verdict says that the
// hang is over.
func TestWatch(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {40, 12}, {200, 60}} {
		for name, env := range map[string]func(string) string{"utf8": without, "ascii": vt100} {
			s := watched(t, env, size[0], size[1])
			golden(t, fmt.Sprintf("cleared-watch-%dx%d-%s", size[0], size[1], name), frame(t, s))
			press(t, s, "3")
			golden(t, fmt.Sprintf("cleared-verdict-%dx%d-%s", size[0], size[1], name), frame(t, s))
		}
	}
}

// TestWatchFollows: the last event is selected until the user leaves it, and then
// the same event stays.
func TestWatchFollows(t *testing.T) {
	m := &one{snapshot: sample.Incident()}
	s := screens(t, m, without, 80, 24, "5")
	shows(t, s, "\n>09:14:02 HANG", "follows")
	come := func(pid int, after float64) {
		m.snapshot = at(sample.Incident(), after)
		m.snapshot.Files[1].Waiters = append(m.snapshot.Files[1].Waiters, sample.Waits(pid, 9, 1, 10))
		look(t, s, epoch.Add(time.Duration(after)*time.Second))
	}
	come(31, 2)
	shows(t, s, "\n>09:14:04 process 31 began to wait")
	press(t, s, "up")
	come(32, 4)
	shows(t, s, "newer, G follows", "\n>09:14:02 HANG")
	press(t, s, "G")
	shows(t, s, "follows", "\n>09:14:06 process 32 began to wait")
	press(t, s, "N")
	shows(t, s, "\n>09:14:02 HANG")
}

// TestWatchProvesNothing: a look that fails ends no hang.
func TestWatchProvesNothing(t *testing.T) {
	m := &one{snapshot: sample.Incident()}
	s := screens(t, m, without, 80, 24, "5")
	m.snapshot = at(sample.Incident(), 2)
	m.snapshot.Files, m.snapshot.Processes = nil, nil
	m.err = errors.New("took too long")
	look(t, s, epoch.Add(2*time.Second))
	shows(t, s, "LASTS", "The last look failed")
	hides(t, s, "CLEARED", "cleared")
}

// TestMarks: what is new since the look before is marked on every page that lists it,
// and one look later it is not new.
func TestMarks(t *testing.T) {
	m := &one{snapshot: sample.Incident()}
	s := screens(t, m, without, 80, 40)
	m.snapshot = at(sample.Incident(), 2)
	seen := &m.snapshot.Files[2]
	seen.Waiters = append(seen.Waiters, sample.Waits(31, 22, 1, 4))
	newcomer := sample.SeenWaiter(31, "INBOX", 1)
	m.snapshot.Processes = append(m.snapshot.Processes, newcomer)
	look(t, s, epoch.Add(2*time.Second))
	shows(t, s, "\n+└ 4 imapd 31")
	press(t, s, "1")
	shows(t, s, "\n+ waiter 4 imapd 31")
	press(t, s, "2", "n", "enter")
	shows(t, s, "\n+imapd 31")
	look(t, s, epoch.Add(4*time.Second))
	hides(t, s, "\n+imapd 31")
}
