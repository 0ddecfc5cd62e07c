package diagnose

import (
	"testing"
	"time"

	"cyrlock/evidence"
)

// What cyrlock itself has stopped looks as if nothing had been, for as long as it does
// the same; what has really moved does not.
func TestSteady(t *testing.T) {
	// 16 holds jwade.seen and writes; 71 and 72 wait for it; 73 waits for another file.
	at := func(after float64, ages map[int]float64) evidence.Snapshot {
		s := scene{after: after, locks: []locked{{file: "jwade.seen", holders: []int{16}, waiters: []int{71, 72}}, {file: "cyrus.header", holders: []int{17}, waiters: []int{73}}}}.snapshot()
		for i := range s.Processes {
			p := &s.Processes[i]
			p.Threads[0].SinceS, p.Threads[0].SinceHow = ages[p.PID], "sched"
			p.Threads[0].Args = []uint64{7, uint64(after)}
		}
		for i := range s.Files {
			for j := range s.Files[i].Waiters {
				w := &s.Files[i].Waiters[j]
				w.SinceS = ages[w.PID]
			}
		}
		return s
	}
	ages := func(s evidence.Snapshot) map[int]float64 {
		out := map[int]float64{}
		for _, p := range s.Processes {
			out[p.PID] = p.Threads[0].SinceS
		}
		for _, f := range s.Files {
			for _, w := range f.Waiters {
				if out[w.PID] != w.SinceS {
					out[w.PID] = -1 // the two do not agree
				}
			}
		}
		return out
	}
	before := at(60, map[int]float64{16: 60, 17: 60, 71: 50, 72: 40, 73: 30})
	stopped := nine.Add(61 * time.Second)
	stop := func(pid int, went bool) []Stop {
		return []Stop{NewStop(before, pid, went, stopped, stopped.Add(time.Millisecond))}
	}
	fresh := map[int]float64{16: 2, 17: 2, 71: 2, 72: 2, 73: 2} // all began anew at the stop
	for _, c := range []struct {
		name   string
		stops  []Stop
		ages   map[int]float64
		change func(*evidence.Snapshot)
		want   map[int]float64
	}{
		{"nobody was stopped", nil, fresh, nil, fresh},
		{"the holder", stop(16, false), fresh, nil, map[int]float64{16: 63, 17: 2, 71: 2, 72: 2, 73: 2}},
		{"a waiter, and who queues with it", stop(71, false), fresh, nil, map[int]float64{16: 2, 17: 2, 71: 53, 72: 43, 73: 2}},
		{"a waiter that left its call", stop(71, true), fresh, nil, map[int]float64{16: 2, 17: 2, 71: 2, 72: 43, 73: 2}},
		{"it moved before", stop(16, false), map[int]float64{16: 2.5}, nil, map[int]float64{16: 2.5, 17: 0, 71: 0, 72: 0, 73: 0}},
		{"it moved later", stop(16, false), map[int]float64{16: 1}, nil, map[int]float64{16: 1, 17: 0, 71: 0, 72: 0, 73: 0}},
		{"it moves", stop(16, false), fresh, func(s *evidence.Snapshot) {
			for i := range s.Processes {
				s.Processes[i].Threads[0].Moved = true
			}
		}, fresh},
		{"it does something else", stop(16, false), fresh, func(s *evidence.Snapshot) {
			for i := range s.Processes {
				s.Processes[i].Threads[0].Syscall = "futex"
			}
		}, fresh},
		{"the pid went to another", stop(16, false), fresh, func(s *evidence.Snapshot) {
			for i := range s.Processes {
				s.Processes[i].Start++
			}
		}, fresh},
	} {
		now := at(63, c.ages)
		if c.change != nil {
			c.change(&now)
		}
		Steady(before, now, c.stops)
		for pid, age := range ages(now) {
			if want := c.want[pid]; age < want-0.01 || age > want+0.01 {
				t.Errorf("%s: %d shows %.1f s, want %.1f", c.name, pid, age, want)
			}
		}
	}
	// From look to look, as long as the clock of the kernel begins at the stop.
	last := before
	for after := 63.0; after < 70; after += 2 {
		now := at(after, map[int]float64{16: after - 61, 17: 1, 71: 1, 72: 1, 73: 1})
		Steady(last, now, stop(16, false))
		if got := ages(now)[16]; got != after {
			t.Errorf("after %.0f s it shows %.1f", after, got)
		}
		last = now
	}
}
