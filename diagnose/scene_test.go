package diagnose

import (
	"time"

	"cyrlock/evidence"
)

// A scene is what a look showed, told in few words.
type scene struct {
	after float64 // seconds since nine o'clock
	locks []locked
	// Those who take no part any more but are in the snapshot.
	idle  []int
	born  map[int]uint64 // start times that are not the usual
	host  evidence.Host
	focus *evidence.Focus
	gaps  []evidence.Gap
	blank bool // nothing was read at all
}

// A locked file with who holds and who wants it.
type locked struct {
	file    string
	holders []int
	waiters []int
	mode    string // of the holders; empty: exclusive
	since   float64
	change  func(*evidence.File)
}

var nine = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func (sc scene) report() Report { return Diagnose(sc.snapshot(), Options{}) }

func (sc scene) snapshot() evidence.Snapshot {
	s := evidence.Snapshot{Schema: evidence.Schema, Taken: clock(sc.after), Locks: 7, TookMS: 40, Host: sc.host, Focus: sc.focus, Gaps: sc.gaps}
	if sc.blank {
		s.Locks, s.TookMS = 0, 0
	}
	there := map[int]bool{}
	waits := map[int]bool{}
	for i, l := range sc.locks {
		f := evidence.File{Path: "/var/imap/user/j/" + l.file, Dev: "fe:00", Lock: evidence.Flock, Reads: 4, HolderSeen: 4}
		for _, c := range l.file {
			f.Ino = f.Ino*31 + uint64(c)
		}
		for n, pid := range l.holders {
			mode := l.mode
			if mode == "" {
				mode = evidence.Write
			}
			f.Holders = append(f.Holders, evidence.Holder{PID: pid, FD: 3 + i, Mode: mode, Lock: evidence.Flock, Locker: pid, Description: n + 1, How: "fdinfo"})
			there[pid] = true
		}
		for n, pid := range l.waiters {
			f.Waiters = append(f.Waiters, evidence.Waiter{PID: pid, TID: pid, FD: 3 + i, Mode: evidence.Write, Lock: evidence.Flock, SinceS: l.since, SinceHow: "sched", Queue: n + 1})
			there[pid], waits[pid] = true, true
		}
		if l.change != nil {
			l.change(&f)
		}
		s.Files = append(s.Files, f)
	}
	for _, pid := range sc.idle {
		there[pid] = true
	}
	for pid := range there {
		p := evidence.Process{PID: pid, Start: uint64(pid) * 10, Exe: "/usr/cyrus/bin/imapd", Comm: "imapd", Cyrus: true, Service: "imap", User: "jwade", State: "S",
			Threads: []evidence.Thread{{TID: pid, State: "S", Syscall: "read", SinceS: causes(sc, pid)}}}
		if waits[pid] {
			p.Threads[0].Syscall = "flock"
		}
		if start, ok := sc.born[pid]; ok {
			p.Start = start
		}
		if pid != nobody {
			s.Processes = append(s.Processes, p)
		}
	}
	return s
}

// causes is the age of the oldest wait that a process causes.
func causes(sc scene, pid int) (since float64) {
	for _, l := range sc.locks {
		for _, h := range l.holders {
			if h == pid {
				since = max(since, l.since)
			}
		}
	}
	return since
}
