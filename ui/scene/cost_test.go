package scene

import (
	"strings"
	"testing"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/sample"
)

// costOf puts the cost of attaching to a process of the incident into one text.
func costOf(t *testing.T, s evidence.Snapshot, pid int) (warned, said, cannot string) {
	t.Helper()
	theme := draw.NewTheme(nil, false, true, func(string) string { return "" })
	look := New(theme, diagnose.DefaultThreshold).Next(diagnose.Diagnose(s, diagnose.Options{}))
	p := look.Proc(pid)
	if p == nil {
		t.Fatalf("no process %d", pid)
	}
	costs, cannot := look.Cost(Who{pid, p.Start})
	for _, c := range costs {
		if c.Warns {
			warned += c.Text + "\n"
		} else {
			said += c.Text + "\n"
		}
	}
	return warned, said, cannot
}

// TestCost: what is said before a process is attached to fits what it does.
func TestCost(t *testing.T) {
	incident := func(change func(*evidence.Snapshot)) evidence.Snapshot {
		s := sample.Incident()
		change(&s)
		return s
	}
	same := func(*evidence.Snapshot) {}
	call := func(name string) func(*evidence.Snapshot) {
		return func(s *evidence.Snapshot) { s.Processes[0].Threads[0].Syscall = name }
	}
	for name, c := range map[string]struct {
		s      evidence.Snapshot
		pid    int
		warned string
		said   string
		cannot string
	}{
		"first waiter":     {s: incident(same), pid: 24876, warned: "at place 1 of 3. Stopped, it leaves the queue and asks again, and may come last. The 2 behind it ask again, too. The kernel counts their waits, 2m14s so far, from zero again; here the count goes on"},
		"waiter before it": {s: incident(same), pid: 24901, warned: "at place 2 of 3. Stopped, it leaves the queue and asks again, and may come last. The one behind it asks again, too."},
		"last waiter":      {s: incident(same), pid: 24950, warned: "at place 3 of 3. Stopped, it leaves the queue and asks again, and may come last. The kernel counts its wait, 1m40s so far"},
		"holds, too":       {s: incident(same), pid: 24950, said: "It holds " + sample.HeaderFile + " all the while"},
		"polls":            {s: incident(func(s *evidence.Snapshot) { s.Files[2].Waiters[1].Polls = true }), pid: 24901, said: "Its system call goes on"},
		"holder":           {s: incident(same), pid: 24870, said: "Its system call write may return with what was written so far, as it may at any time: nothing is lost.\nThe kernel counts its 2m14s without a move from zero again. Here the count goes on"},
		"epoll":            {s: incident(call("epoll_wait")), pid: 24870, said: "epoll_wait returns early (EINTR)"},
		"futex":            {s: incident(call("futex")), pid: 24870, said: "Its system call goes on as if nothing had been"},
		"D state":          {s: incident(func(s *evidence.Snapshot) { s.Processes[0].Threads[0].State = "D" }), pid: 24870, warned: "It will not stop in time"},
		"guess":            {s: incident(func(s *evidence.Snapshot) { s.Processes[0].Threads[0].Frames[2].How = "guess" }), pid: 24870, said: "without, 1 frame is a guess"},
		"no stack":         {s: incident(func(s *evidence.Snapshot) { s.Processes[0].Threads[0].Frames = nil }), pid: 24870, said: "Worth it: without, there is no whole stack."},
		"threads": {s: incident(func(s *evidence.Snapshot) {
			s.Processes[0].Threads = append(s.Processes[0].Threads, evidence.Thread{TID: 7})
		}), pid: 24870, said: "Each of its 2 threads stands still by itself for about 100"},
		"traced": {s: incident(func(s *evidence.Snapshot) { s.Processes[0].Tracer, s.Processes[0].TracerName = 9, "gdb" }), pid: 24870, cannot: "traced by 9 (gdb)"},
	} {
		warned, said, cannot := costOf(t, c.s, c.pid)
		if !strings.Contains(warned, c.warned) || !strings.Contains(said, c.said) || !strings.Contains(cannot, c.cannot) || (cannot != "") != (c.cannot != "") {
			t.Errorf("%s: warned:\n%ssaid:\n%scannot: %s", name, warned, said, cannot)
		}
	}
}

// TestCostKnowsTheProcess: another process with the same pid is not the one.
func TestCostKnowsTheProcess(t *testing.T) {
	look := New(draw.Theme{}, 0).Next(diagnose.Diagnose(sample.Incident(), diagnose.Options{}))
	if _, cannot := look.Cost(Who{24870, 1}); !strings.Contains(cannot, "has ended") {
		t.Errorf("%q", cannot)
	}
}
