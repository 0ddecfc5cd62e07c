package tests

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cyrlock/evidence"
	"cyrlock/lab"
	"cyrlock/probe"
	"cyrlock/probe/stack"
)

// exactMachine can stop a process for its stack.
func exactMachine(t *testing.T, r *lab.Running) *probe.Machine {
	t.Helper()
	looks, stops := stack.New(stack.Options{}), stack.New(stack.Options{Stop: true})
	t.Cleanup(func() { looks.Close(); stops.Close() })
	return probe.New(probe.Options{Conf: r.Conf, Tracer: looks, Exact: stops})
}

// seenFile looks until jwade's seen file is as it should be.
func seenFile(t *testing.T, m *probe.Machine, r *lab.Running, is func(evidence.Snapshot, evidence.File) bool) (evidence.Snapshot, evidence.File) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		s, err := m.Look(t.Context(), evidence.Query{})
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(s.Files, func(f evidence.File) bool { return f.Path == r.Seen })
		if i >= 0 && is(s, s.Files[i]) {
			return s, s.Files[i]
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s was never as it should be: %+v", r.Seen, s.Files)
		}
	}
}

// An exact stack of a holder and of a waiter: each has one, the holder keeps its
// lock, and the waiter goes on waiting; but it has asked again, and so have those
// behind it, as the price said beforehand.
func TestExactStack(t *testing.T) {
	r := start(t, lab.Seed)
	m := exactMachine(t, r)
	root, waiter := r.PIDs["root"][0], r.PIDs["waiter"][0]
	const old = 1.0 // seconds; sched tells a wait to a fraction of that
	s, f := seenFile(t, m, r, func(_ evidence.Snapshot, f evidence.File) bool {
		return len(f.Waiters) == 3 && len(f.Holders) == 1 && youngest(f) > old
	})
	if f.Waiters[0].PID != waiter || f.Holders[0].PID != root {
		t.Fatalf("%+v", f)
	}
	for pid, want := range map[int]struct{ call, frame string }{root: {"write", "prot_"}, waiter: {"flock", "lock_reopen"}} {
		seen := s.Process(pid)
		p, err := m.Exact(t.Context(), pid, seen.Start)
		if err != nil {
			t.Fatal(err)
		}
		th := p.Threads[0]
		named := slices.ContainsFunc(th.Frames, func(f evidence.Frame) bool { return strings.HasPrefix(f.Func, want.frame) })
		if p.PID != pid || p.Start != seen.Start || p.Service != seen.Service || p.User != seen.User || th.Method != "stop" || th.StopUS <= 0 || th.Syscall != want.call || !named {
			t.Errorf("%+v", p)
		}
		t.Logf("%s %d: stopped for %.0f µs, told before: %+v", p.Service, pid, th.StopUS, s.StopCost(pid))
	}
	if c := s.StopCost(waiter); c.Waits != 1 || c.Behind != 2 || c.Threads != 1 || c.Interrupts != nil {
		t.Errorf("the price of the waiter's stack: %+v", c)
	}
	if c := s.StopCost(root); c.Waits != 0 || !slices.Equal(c.Interrupts, []string{"write"}) {
		t.Errorf("the price of the holder's stack: %+v", c)
	}

	asBefore := func(p *evidence.Process, call string) bool {
		return p != nil && p.State == "S" && p.Tracer == 0 && p.Threads[0].Syscall == call
	}
	seenFile(t, m, r, func(s evidence.Snapshot, f evidence.File) bool {
		if len(f.Holders) != 1 || f.Holders[0].PID != root {
			t.Fatalf("the holder has lost its lock: %+v", f.Holders)
		}
		return asBefore(s.Process(root), "write") && asBefore(s.Process(waiter), "flock") &&
			len(f.Waiters) == 3 && !slices.ContainsFunc(f.Waiters, func(w evidence.Waiter) bool { return w.SinceS >= old })
	})
}

// youngest is the shortest wait for a file, in seconds.
func youngest(f evidence.File) float64 {
	least := f.Waiters[0].SinceS
	for _, w := range f.Waiters {
		least = min(least, w.SinceS)
	}
	return least
}

// One that somebody traces cannot be stopped, and the words name who.
func TestExactOfTraced(t *testing.T) {
	r := start(t, "traced-holder")
	m := exactMachine(t, r)
	root := r.PIDs["root"][0]
	seen, _ := m.Processes(t.Context(), []int{root})
	p, err := m.Exact(t.Context(), root, seen[0].Start)
	if err == nil || !strings.Contains(err.Error(), "debugger ("+strconv.Itoa(p.Tracer)+") traces it already") || p.PID != root || p.Tracer == 0 {
		t.Errorf("%v; %+v", err, p)
	}
}
