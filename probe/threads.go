package probe

import (
	"context"
	"slices"
	"time"

	"cyrlock/evidence"
)

// mostThreads bounds how many threads of one process are kept: those that wait
// for a lock first, then by number.
const mostThreads = 200

// A sample is what a thread was at, to be compared with a later one.
type sample struct {
	call  call
	ran   uint64
	taken time.Time
}

// threads reads the threads of processes whose facts are known.
func (l *look) threads(ctx context.Context, pids []int) {
	pids = slices.DeleteFunc(slices.Clone(pids), func(pid int) bool { return l.samples[pid] != nil })
	type answer struct {
		threads []evidence.Thread
		samples map[int]sample
		sockets map[int]socket
		cut     int
		err     error
	}
	silent := ask(ctx, l.crew, pids, func(r *reader, pid int) (a answer) {
		a.samples, a.sockets = make(map[int]sample), make(map[int]socket)
		tids, err := r.list(pid, "task")
		if err != nil {
			a.err = err
			return a
		}
		tids, a.cut = l.firstThreads(pid, tids)
		for _, tid := range tids {
			t, s, err := l.readThread(r, pid, tid, a.sockets)
			if vanished(err) {
				continue
			}
			if err != nil {
				a.err = err
			}
			a.threads, a.samples[tid] = append(a.threads, t), s
		}
		return a
	}, func(pid int, a answer) {
		l.people[pid].Threads = append(l.people[pid].Threads, a.threads...)
		l.samples[pid] = a.samples
		for fd, s := range a.sockets {
			l.sockets[[2]int{pid, fd}] = s
		}
		if a.cut > 0 {
			l.gaps.add(pid, "threads", evidence.Thousands(a.cut)+" more threads were left out")
		}
		if a.err != nil {
			l.gaps.failed(pid, "threads", a.err)
		}
	})
	l.gaps.silent("threads", silent, l.crew.limit)
}

func (l *look) firstThreads(pid int, tids []int) (kept []int, cut int) {
	if len(tids) <= mostThreads {
		return tids, 0
	}
	waits := make(map[int]bool)
	for _, b := range l.processes[pid].blocked {
		waits[b.tid] = true
	}
	slices.SortStableFunc(tids, func(a, b int) int {
		switch {
		case waits[a] == waits[b]:
			return 0
		case waits[a]:
			return -1
		}
		return 1
	})
	return tids[:mostThreads], len(tids) - mostThreads
}

// readThread says what one thread does. What it may not read stays empty.
func (l *look) readThread(r *reader, pid, tid int, sockets map[int]socket) (t evidence.Thread, s sample, err error) {
	t.TID = tid
	last := r.lastRun(pid, tid)
	b, err := r.read(pid, tid, "stat")
	if err != nil {
		return t, s, err
	}
	st, err := parseStat(b)
	if err != nil {
		return t, s, err
	}
	t.State, last.cpu = st.state, st.cpu
	if s, err = r.sample(pid, tid, last); err == nil {
		t.Syscall = l.calls.name(s.call)
		if !s.call.running && s.call.nr >= 0 {
			t.Args = slices.Clone(s.call.args[:])
		}
	}
	if st.state != "R" {
		if b, werr := r.read(pid, tid, "wchan"); werr == nil && string(b) != "0" {
			t.Wchan = string(b)
		}
		if since, ok := l.clock.since(last); ok {
			t.SinceS, t.SinceHow = since, "sched"
		}
	}
	if err == nil {
		t.On = l.on(r, pid, s.call, sockets)
	}
	return t, s, err
}

// sample reads what tells whether a thread moves: its system call, and how often
// it has run.
func (r *reader) sample(pid, tid int, last lastRun) (s sample, err error) {
	s.taken = time.Now()
	if last.known {
		s.ran = last.switches
	} else if b, err := r.read(pid, tid, "status"); err == nil {
		st, _ := parseStatus(b)
		s.ran = st.ran
	}
	b, err := r.read(pid, tid, "syscall")
	if err != nil {
		s.call.nr = -1
		return s, err
	}
	s.call, err = parseCall(b)
	return s, err
}

// again compares every thread with its first sample. A thread that its own
// tracer stopped has moved for that reason, which says nothing.
func (l *look) again(ctx context.Context, pids []int) {
	ask(ctx, l.crew, pids, func(r *reader, pid int) map[int]sample {
		later := make(map[int]sample)
		for tid := range l.samples[pid] {
			if s, err := r.sample(pid, tid, r.lastRun(pid, tid)); err == nil || denied(err) {
				later[tid] = s
			}
		}
		return later
	}, func(pid int, later map[int]sample) {
		threads := l.people[pid].Threads
		for i := range threads {
			first := l.samples[pid][threads[i].TID]
			s, ok := later[threads[i].TID]
			if !ok || first.taken.IsZero() || threads[i].Method == "stop" {
				continue
			}
			l.last[[2]int{pid, threads[i].TID}] = s.call
			threads[i].Moved = s.ran != first.ran || s.call != first.call
			threads[i].WatchedMS = float64(s.taken.Sub(first.taken).Microseconds()) / 1000
		}
	})
}

// stacks asks the tracer, if there is one, and keeps what it says of threads
// that are known.
func (l *look) stacks(ctx context.Context, pids []int) {
	if l.tracer == nil {
		return
	}
	pids = slices.DeleteFunc(slices.Clone(pids), func(pid int) bool { return l.traced[pid] })
	type answer struct {
		threads []evidence.Thread
		code    *evidence.Code
		err     error
	}
	// A tracer has a limit of its own, and reads files of debug information the
	// first time: this one is for a tracer that does not keep it.
	patient := *l.crew
	patient.limit *= 3
	silent := ask(ctx, &patient, pids, func(_ *reader, pid int) (a answer) {
		a.threads, a.code, a.err = l.tracer.Threads(ctx, pid, l.sheet)
		return a
	}, func(pid int, a answer) {
		l.traced[pid] = true
		p := l.people[pid]
		addStacks(p.Threads, a.threads)
		if p.Cyrus && a.code != nil {
			p.Code = a.code
			if exe, gone := unmark(p.Exe); gone { // which the memory map does not tell from other files
				p.Code.Replaced = append([]string{exe}, p.Code.Replaced...)
			}
		}
		if a.err != nil {
			l.gaps.failed(pid, "stack", a.err)
		}
	})
	l.gaps.silent("stack", silent, patient.limit)
}

// addStacks adds what a tracer says of threads that are known.
func addStacks(known, traced []evidence.Thread) {
	for _, t := range traced {
		i := slices.IndexFunc(known, func(k evidence.Thread) bool { return k.TID == t.TID })
		if i < 0 {
			continue
		}
		known[i].Method, known[i].StopUS = t.Method, t.StopUS
		known[i].Frames, known[i].Error = t.Frames, t.Error
	}
}
