package probe

import (
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cyrlock/evidence"
)

// Fifty processes that never answer cost one limit, not fifty, and those that do
// answer are all heard; nobody silent is asked again.
func TestCrew(t *testing.T) {
	const limit = 200 * time.Millisecond
	c := newCrew("/proc", nil, limit)
	never := make(chan struct{})
	defer close(never)
	var pids []int
	for pid := 1; pid <= 500; pid++ {
		pids = append(pids, pid)
	}
	stuck := func(pid int) bool { return pid%10 == 0 }
	heard := make(map[int]int)
	begin := time.Now()
	silent := ask(t.Context(), c, pids, func(_ *reader, pid int) int {
		if stuck(pid) {
			<-never
		}
		return -pid
	}, func(pid, answer int) { heard[pid] = answer })
	if took := time.Since(begin); took > 10*limit {
		t.Errorf("took %v", took)
	}
	slices.Sort(silent)
	for pid := 1; pid <= 500; pid++ {
		_, told := slices.BinarySearch(silent, pid)
		if told != stuck(pid) || (heard[pid] == -pid) == stuck(pid) {
			t.Errorf("process %d: silent %v, heard %d", pid, told, heard[pid])
		}
	}
	var mu sync.Mutex
	asked := 0
	if silent := ask(t.Context(), c, pids, func(*reader, int) int {
		mu.Lock()
		defer mu.Unlock()
		asked++
		return 0
	}, func(int, int) {}); len(silent) != 0 || asked != 450 {
		t.Errorf("asked %d again, silent %v", asked, silent)
	}
}

// What never answers is in the snapshot with what was seen before, and a gap.
func TestSilent(t *testing.T) {
	a := newActor(t)
	a.do("open a /dev/null")
	m := New(Options{})
	l := m.newLook(evidence.Query{})
	l.processes = l.sieve(t.Context(), []int{a.pid})
	l.crew.mute[a.pid] = true
	if got := l.known(t.Context(), []int{a.pid}); !slices.Equal(got, []int{a.pid}) {
		t.Fatalf("known %v", got)
	}
	l.threads(t.Context(), []int{a.pid})
	l.connections(t.Context(), []int{a.pid}, []int{a.pid})
	l.again(t.Context(), []int{a.pid})
	if p := l.people[a.pid]; p.Comm == "" || p.Start == 0 || p.Threads == nil {
		t.Errorf("%+v", p)
	}
}

// A pid that has gone to another process says nothing of the one that was seen.
func TestReused(t *testing.T) {
	a := newActor(t)
	a.do("open a /dev/null")
	l := New(Options{}).newLook(evidence.Query{})
	l.processes = l.sieve(t.Context(), []int{a.pid})
	l.processes[a.pid].start--
	if got := l.known(t.Context(), []int{a.pid}); len(got) != 0 {
		t.Errorf("known %v", got)
	}
	if gaps := l.gaps.all(); len(gaps) != 1 || gaps[0].PID != a.pid || !strings.Contains(gaps[0].Why, "ended while") {
		t.Errorf("gaps %+v", gaps)
	}
}

// Processes that come and go all the time are no errors.
func TestVanishing(t *testing.T) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				exec.Command("true").Run()
			}
		}
	})
	m := New(Options{})
	for range 10 {
		s, err := m.Look(t.Context(), evidence.Query{})
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range s.Gaps {
			if strings.Contains(g.Why, "no such") {
				t.Errorf("gap %+v", g)
			}
		}
	}
	close(done)
	wg.Wait()
}
