package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/page"
	"cyrlock/ui/sample"
)

// stoppable is a Machine that can attach, and notes whom it attached to.
type stoppable struct {
	one
	stopped []int
	fails   error
}

func (m *stoppable) Exact(_ context.Context, pid int, start uint64) (evidence.Process, error) {
	m.stopped = append(m.stopped, pid)
	p := m.snapshot.Process(pid)
	if p == nil || p.Start != start {
		return evidence.Process{}, fmt.Errorf("no exact stack of process %d: it has ended", pid)
	}
	exact := *p
	exact.Threads = nil
	for i, t := range p.Threads {
		t.Method, t.StopUS, t.Frames = "stop", 85+float64(i), slices.Clone(t.Frames)
		for j := range t.Frames {
			t.Frames[j].How = "cfi"
		}
		exact.Threads = append(exact.Threads, t)
	}
	return exact, m.fails
}

// settles lets the moment pass in which a dialog takes no answer.
func settles(s *model) {
	if s.dialog != nil {
		s.Update(settled{s.dialog, s.dialog.keys})
	}
}

func stopper() *stoppable { return &stoppable{one: one{snapshot: sample.Incident()}} }

// TestExact: S asks, S again attaches, and what came is shown beside when it was
// seen; space goes back to the stack that was read without stopping.
func TestExact(t *testing.T) {
	m := stopper()
	s := screens(t, m, without, 80, 24, "2", "n", "S")
	shows(t, s, "Attach to imapd 24876?", "imapd 24876 WAITS for user/p/jwade.seen,", "at place 1 of 3", "may come last",
		"The 2 behind it ask", "2m14s so far, from zero again", "about 100 µs", "Hardly worth it")
	settles(s)
	shows(t, s, "S attach", "esc leave it as it is")
	if len(m.stopped) > 0 {
		t.Fatal("attached unasked")
	}
	press(t, s, "S")
	if s.dialog != nil || fmt.Sprint(m.stopped) != "[24876]" {
		t.Fatalf("attached to %v", m.stopped)
	}
	shows(t, s, "exact, seen 09:14:02, stood still 85 µs", "imapd 24876 stood still 85 µs")
	if n := len(s.deeds); n == 0 || !strings.Contains(s.deeds[n-1].text, "attached for an exact stack: imapd 24876 stood still 85 µs") {
		t.Errorf("deeds: %v", s.deeds)
	}
	press(t, s, " ")
	shows(t, s, "read without stopping it; space: the exact one of 09:14:02")
	press(t, s, " ")
	shows(t, s, "exact, seen 09:14:02")
	look(t, s, epoch.Add(time.Minute)) // it stays as long as the process does
	shows(t, s, "exact, seen 09:14:02")
	press(t, s, "esc")
	shows(t, s, "holds cyrus.header", "exact")
	press(t, s, "esc")
	shows(t, s, "1 exact")
	press(t, s, "S")
	shows(t, s, "about 100 µs (here so far at most 85 µs)")
	press(t, s, "esc")

	m.snapshot = sample.Incident()
	m.snapshot.Processes[1].Start++ // another process
	look(t, s, epoch.Add(2*time.Minute))
	hides(t, s, "1 exact")
}

// TestExactDuringALook: a look that began before does not lose the stack.
func TestExactDuringALook(t *testing.T) {
	m := stopper()
	s := screens(t, m, without, 80, 24, "2", "S")
	began := s.look()
	settles(s)
	press(t, s, "S")
	s.Update(began())
	shows(t, s, "exact, seen")
}

// TestAskFirst: keys that were typed ahead answer nothing, and only one key means
// yes.
func TestAskFirst(t *testing.T) {
	m := stopper()
	s := screens(t, m, without, 80, 24, "2", "S")
	first := settled{s.dialog, s.dialog.keys}
	shows(t, s, "read first")
	press(t, s, "S", "S", "enter", "esc")
	s.Update(first) // the moment begins anew with each key
	press(t, s, "S")
	if s.dialog == nil || len(m.stopped) > 0 {
		t.Fatalf("answered by keys that were typed ahead: %v", m.stopped)
	}
	settles(s)
	press(t, s, "enter", " ", "y", "2", "q", "?", "c", "/", ":")
	if s.dialog == nil || len(m.stopped) > 0 {
		t.Fatalf("answered by a key of habit: %v", m.stopped)
	}
	press(t, s, "esc")
	if s.dialog != nil || len(m.stopped) > 0 {
		t.Fatalf("esc: %v", m.stopped)
	}
	if _, cmd := s.Update(tea.KeyMsg{Type: tea.KeyCtrlC}); cmd == nil {
		t.Error("ctrl-c does not quit")
	}
	press(t, s, "S")
	if _, cmd := s.Update(tea.KeyMsg{Type: tea.KeyCtrlC}); cmd == nil {
		t.Error("ctrl-c does not quit while it asks")
	}
}

// TestExactRefused: what cannot or must not be done is not even asked.
func TestExactRefused(t *testing.T) {
	traced := sample.Incident()
	traced.Processes[0].Tracer, traced.Processes[0].TracerName = 99, "gdb\x1b[2J"
	for want, c := range map[string]struct {
		m Machine
		o Options
	}{
		"nothing can be attached to here":           {sample.Recorded(sample.Incident()), Options{}},
		"a recording has no processes":              {stopper(), Options{Label: "recorded"}},
		"read-only: nothing is attached to":         {stopper(), Options{ReadOnly: true}},
		"imapd 24870 is traced by 99 (gdb\\x1b[2J)": {&stoppable{one: one{snapshot: traced}}, Options{}},
	} {
		s := newModel(t.Context(), c.m, c.o, draw.NewTheme(nil, false, true, without))
		s.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
		look(t, s, epoch)
		press(t, s, "2", "S")
		shows(t, s, want)
		if s.dialog != nil {
			t.Errorf("%s: it asks", want)
		}
		if press(t, s, "esc", "2"); c.o.ReadOnly || c.o.Label != "" { // the note is gone
			hides(t, s, "S exact")
			press(t, s, "enter")
			hides(t, s, "S exact")
			press(t, s, "?")
			hides(t, s, "S attaches", "exact")
		}
	}
}

// TestExactOfWhatIsGone: the process may end while the question is read.
func TestExactOfWhatIsGone(t *testing.T) {
	m := stopper()
	s := screens(t, m, without, 80, 24, "2", "S")
	settles(s)
	gone := sample.Incident()
	gone.Processes[0].Start++
	m.snapshot = gone
	look(t, s, epoch.Add(time.Second))
	press(t, s, "S")
	shows(t, s, "that process has ended")
	if len(m.stopped) > 0 {
		t.Errorf("attached to %v", m.stopped)
	}
}

// TestExactAsksAnew: one that held the lock when it was asked, and waits now, has
// more to lose.
func TestExactAsksAnew(t *testing.T) {
	m := stopper()
	s := screens(t, m, without, 80, 24, "2", "S")
	hides(t, s, "WAITS for")
	shows(t, s, "The kernel counts its 2m14s", "It holds user/p/jwade.seen all the while", "Its system call write may return")
	settles(s)
	m.snapshot = sample.Incident()
	m.snapshot.Files[1].Waiters = append(m.snapshot.Files[1].Waiters, sample.Waits(24870, 3, 1, 10))
	look(t, s, epoch.Add(time.Second))
	press(t, s, "S")
	shows(t, s, "imapd 24870 WAITS for")
	if s.dialog == nil || len(m.stopped) > 0 {
		t.Errorf("attached to %v", m.stopped)
	}
}

// TestExactFails: the reason is said, and noted.
func TestExactFails(t *testing.T) {
	m := stopper()
	m.snapshot.Processes[0].Threads[0].Frames, m.snapshot.Processes[0].Threads[0].Error = nil, "running"
	m.fails = errors.New("no exact stack of process 24870: PTRACE_SEIZE: operation not permitted\x1b[2J")
	s := screens(t, m, without, 80, 24, "2", "S")
	settles(s)
	press(t, s, "S")
	shows(t, s, `no exact stack of process 24870: PTRACE_SEIZE: operation not permitted`)
	if n := len(s.deeds); n == 0 || !strings.Contains(s.deeds[n-1].text, "not permitted") {
		t.Errorf("deeds: %v", s.deeds)
	}
	s.pages[page.StepStacks].Refresh(s.Scene)
}
