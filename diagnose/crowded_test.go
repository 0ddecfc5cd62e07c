package diagnose

import (
	"fmt"
	"testing"
	"time"

	"cyrlock/evidence"
)

// many is a machine in the worst of its hours: n processes wait in as many chains
// as asked for, each behind a holder that writes to its client. With one chain
// all of them want one file; with several, each waits for the one before it.
func many(n, chains int) evidence.Snapshot {
	s := evidence.Snapshot{Schema: evidence.Schema, Taken: time.Date(2026, 11, 23, 9, 14, 2, 0, time.UTC), Locks: n, TookMS: 40,
		Host: evidence.Host{Name: "mail1", BootID: "b", Cyrus: evidence.Cyrus{Master: 1, ConfigDir: "/var/imap",
			Services: []evidence.Service{{Name: "imap", MaxChild: n, Running: n}, {Name: "lmtp", MaxChild: 10}}}}}
	lock := func(file, holder int) *evidence.File {
		f := held(fmt.Sprintf("/var/imap/user/j/u%d.seen", file), holder)
		f.Dev, f.Ino, f.Reads, f.HolderSeen = "fe:00", uint64(file+1), 4, 4
		s.Files = append(s.Files, f)
		return &s.Files[len(s.Files)-1]
	}
	wait := func(f *evidence.File, pid int, since float64) {
		f.Waiters = append(f.Waiters, evidence.Waiter{PID: pid, TID: pid, FD: 4, Mode: evidence.Write, Lock: evidence.Flock, SinceS: since, SinceHow: "sched", Queue: len(f.Waiters) + 1})
	}
	worker := func(pid int, call string, names ...string) {
		p := evidence.Process{PID: pid, PPID: 1, Start: uint64(pid) * 10, Exe: "/usr/cyrus/bin/imapd", Comm: "imapd", Cyrus: true, Service: "imap", State: "S",
			User: fmt.Sprintf("u%d", pid%997), Mailbox: fmt.Sprintf("user.u%d.box%d", pid%997, pid)}
		t := evidence.Thread{TID: pid, State: "S", Syscall: call, SinceS: 60, SinceHow: "sched", Method: "no-stop"}
		for i, name := range names {
			t.Frames = append(t.Frames, evidence.Frame{PC: evidence.Addr(i), Func: name, Module: "/usr/cyrus/bin/imapd", Offset: evidence.Addr(i), File: "imapd.c", Line: i, How: "cfi",
				Args: []evidence.Arg{{Name: "fd", Value: "22"}}})
		}
		p.Threads = []evidence.Thread{t}
		s.Processes = append(s.Processes, p)
	}
	stuck := []string{"__flock", "lock_reopen", "starttxn_or_refetch", "myfetch", "seen_readit", "seen_lockread", "append_addseen", "append_commit", "index_copy", "cmd_copy", "cmdloop", "service_main", "main"}
	pid := 100
	for c := range chains {
		holder := pid
		worker(holder, "write", "write", "prot_flush_internal", "prot_write", "index_check", "cmdloop", "service_main", "main")
		f := lock(c*n, holder)
		for i := range n / chains {
			pid++
			worker(pid, "flock", stuck...)
			wait(f, pid, float64(60-i%50))
			if chains > 1 {
				f = lock(c*n+i+1, pid)
			}
		}
		pid++
	}
	return s
}

func BenchmarkDiagnose(b *testing.B) {
	for _, size := range []struct{ n, chains int }{{5000, 1}, {5000, 200}} {
		s := many(size.n, size.chains)
		b.Run(fmt.Sprintf("%d in %d", size.n, size.chains), func(b *testing.B) {
			for b.Loop() {
				Diagnose(s, Options{})
			}
		})
	}
}

func BenchmarkBuckets(b *testing.B) {
	r := Diagnose(many(5000, 1), Options{})
	for b.Loop() {
		r.Buckets()
	}
}

func BenchmarkTrees(b *testing.B) {
	for _, chains := range []int{1, 200} {
		r := Diagnose(many(5000, chains), Options{})
		b.Run(fmt.Sprintf("5000 in %d", chains), func(b *testing.B) {
			for b.Loop() {
				for _, root := range r.Roots {
					r.Tree(root)
				}
			}
		})
	}
}
