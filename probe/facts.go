package probe

import (
	"context"
	"fmt"
	"slices"
	"time"

	gopsutil "github.com/shirou/gopsutil/v3/process"
	"golang.org/x/sys/unix"

	"cyrlock/evidence"
	"cyrlock/probe/tally"
)

// longTitle bounds what is kept of a process title, in bytes. A program may give
// itself megabytes.
const longTitle = 4 << 10

// userHz is the unit of start times in /proc, 100 a second on every architecture
// this runs on (USER_HZ, asm-generic/param.h).
const userHz = 100

// facts fills in what processes are, once each, and keeps those that could only
// be seen in passing with what was seen.
func (l *look) facts(ctx context.Context, pids []int) {
	var todo []int
	for _, pid := range pids {
		if pid > 0 && l.people[pid] == nil && l.processes[pid] != nil {
			todo = append(todo, pid)
		}
	}
	todo = l.living(todo)
	passing := make(map[int]evidence.Process, len(todo))
	for _, pid := range todo {
		p := l.processes[pid]
		passing[pid] = evidence.Process{PID: pid, PPID: p.ppid, Start: p.start, Comm: p.comm, State: p.state, UID: -1, Threads: []evidence.Thread{}}
	}
	type answer struct {
		p    *evidence.Process
		errs []error
	}
	silent := ask(ctx, l.crew, todo, func(r *reader, pid int) answer {
		p := passing[pid]
		errs := l.fact(r, &p)
		return answer{&p, errs}
	}, func(pid int, a answer) {
		for _, err := range a.errs {
			if vanished(err) {
				l.gaps.add(pid, "process", fmt.Sprintf("%s ended while it was looked at", passing[pid].Comm))
				return
			}
			l.gaps.failed(pid, "process", err)
		}
		l.people[pid] = a.p
	})
	for _, pid := range todo {
		if l.people[pid] == nil && l.crew.mute[pid] {
			p := passing[pid]
			l.people[pid] = &p
		}
	}
	l.gaps.silent("process", silent, l.crew.limit)
}

// known reads the facts of processes and returns those, sorted, that are there.
func (l *look) known(ctx context.Context, pids []int) []int {
	l.facts(ctx, pids)
	pids = slices.Compact(slices.Sorted(slices.Values(pids)))
	return slices.DeleteFunc(pids, func(pid int) bool { return l.people[pid] == nil })
}

// fact reads one process. A missing exe is no error: kernel threads have none.
func (l *look) fact(r *reader, p *evidence.Process) (errs []error) {
	b, err := r.read(p.PID, 0, "stat")
	if err != nil {
		return []error{err}
	}
	s, err := parseStat(b)
	if err != nil {
		return []error{err}
	}
	if s.start != p.Start {
		return []error{fmt.Errorf("process %d is another one by now: %w", p.PID, unix.ESRCH)}
	}
	p.State, p.PPID, p.Comm = s.state, s.ppid, s.comm
	var boot unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot) == nil {
		p.StartedAgoS = max(0, time.Duration(boot.Nano()).Seconds()-float64(s.start)/userHz)
	}
	if b, err = r.read(p.PID, 0, "status"); err != nil {
		errs = append(errs, err)
	} else if st, err := parseStatus(b); err != nil {
		errs = append(errs, err)
	} else {
		p.UID, p.Tracer, p.Container = st.uid, st.tracer, st.nspids > 1
	}
	if p.Tracer != 0 {
		if b, err := r.read(p.Tracer, 0, "stat"); err == nil {
			if s, err := parseStat(b); err == nil {
				p.TracerName = s.comm
			}
		}
	}
	outside := gopsutil.Process{Pid: int32(p.PID)}
	line := l.sheet.Count(tally.Link, []byte("/proc/PID/exe"), 1)
	if p.Exe, err = outside.Exe(); line.Check(err) != nil && !vanished(err) {
		errs = append(errs, err)
	}
	line = l.sheet.Count(tally.Read, []byte("/proc/PID/cmdline"), 1)
	if p.Title, err = outside.Cmdline(); line.Check(err) != nil {
		errs = append(errs, err)
	}
	p.Title = p.Title[:min(len(p.Title), longTitle)]
	l.server.Identify(p)
	return errs
}
