package diagnose

import (
	"slices"
	"time"

	"cyrlock/evidence"
)

// A Stop is a time in which cyrlock itself had a process stopped: for an exact stack, or
// to have it ask anew for a lock.
type Stop struct {
	from, to time.Time
	touched  map[ProcessID]bool
}

// NewStop notes whose clocks such a stop sets back: those of the process, and of all who
// queue for a lock that it waits for. before is the look before it. A process that was
// made to leave its call has really moved: went.
func NewStop(before evidence.Snapshot, pid int, went bool, from, to time.Time) Stop {
	s := Stop{from, to, map[ProcessID]bool{}}
	touch := func(pid int) {
		if p := before.Process(pid); p != nil {
			s.touched[ProcessID{p.PID, p.Start}] = true
		}
	}
	touch(pid)
	for _, f := range before.Files {
		if slices.ContainsFunc(f.Waiters, func(w evidence.Waiter) bool { return w.PID == pid }) {
			for _, w := range f.Waiters {
				touch(w.PID)
			}
		}
	}
	if p := before.Process(pid); p != nil && went {
		delete(s.touched, ProcessID{p.PID, p.Start})
	}
	return s
}

// set reports whether a clock of this age was set back by the stop.
func (s Stop) set(now *evidence.Snapshot, ageS float64) bool {
	const early, late = 100 * time.Millisecond, 300 * time.Millisecond // clocks, and who wakes late
	began := now.Taken.Add(-time.Duration(ageS * float64(time.Second)))
	return began.After(s.from.Add(-early)) && began.Before(s.to.Add(late+time.Duration(now.TookMS)*time.Millisecond))
}

// Steady gives threads and waits of a look, in place, the age that they would have if
// cyrlock had stopped nobody: of who was stopped the kernel counts from zero again, as if
// he had moved, although he does the same as in the look before.
func Steady(before, now evidence.Snapshot, stops []Stop) {
	if len(stops) == 0 {
		return
	}
	elapsed, people := now.Taken.Sub(before.Taken).Seconds(), peopleOf(&before)
	resume := func(who ProcessID, then float64, ageS *float64, how *string) {
		if *how == "sched" && then+elapsed > *ageS && slices.ContainsFunc(stops, func(s Stop) bool { return s.touched[who] && s.set(&now, *ageS) }) {
			*ageS, *how = then+elapsed, "resumed"
		}
	}
	starts := map[int]uint64{} // of processes that are the same
	for _, p := range now.Processes {
		old := people[p.PID]
		if old == nil || old.Start != p.Start {
			continue
		}
		starts[p.PID] = p.Start
		for i := range p.Threads {
			t := &p.Threads[i]
			at := slices.IndexFunc(old.Threads, func(o evidence.Thread) bool { return o.TID == t.TID })
			if at >= 0 && !t.Moved && sameCall(t, &old.Threads[at]) {
				resume(ProcessID{p.PID, p.Start}, old.Threads[at].SinceS, &t.SinceS, &t.SinceHow)
			}
		}
	}
	type wait struct {
		lock     lock
		tid, fd  int
		mode     string
		from, to uint64
	}
	waits := func(f *evidence.File, w *evidence.Waiter) wait {
		return wait{lockOfFile(f), w.TID, w.FD, w.Mode, w.Start, w.End}
	}
	then := map[wait]float64{}
	for i := range before.Files {
		f := &before.Files[i]
		for j := range f.Waiters {
			then[waits(f, &f.Waiters[j])] = f.Waiters[j].SinceS
		}
	}
	for i := range now.Files {
		f := &now.Files[i]
		for j := range f.Waiters {
			w := &f.Waiters[j]
			start, same := starts[w.PID]
			if ageS, waited := then[waits(f, w)]; same && waited {
				resume(ProcessID{w.PID, start}, ageS, &w.SinceS, &w.SinceHow)
			}
		}
	}
}

// sameCall: a write that was broken off goes on with what is left, by the same descriptor.
func sameCall(a, b *evidence.Thread) bool {
	return a.Syscall == b.Syscall && slices.Equal(a.Args[:min(1, len(a.Args))], b.Args[:min(1, len(b.Args))])
}
