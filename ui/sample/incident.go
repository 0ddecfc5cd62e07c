// Package sample is a made-up machine for the tests of the screens: the hang that
// the procedure was written for.
package sample

import (
	"context"
	"fmt"
	"time"

	"cyrlock/evidence"
)

// Recorded is a Machine that always shows the same evidence.
type Recorded evidence.Snapshot

func (r Recorded) Look(context.Context, evidence.Query) (evidence.Snapshot, error) {
	return evidence.Snapshot(r), nil
}

const (
	SeenFile   = "/var/imap/user/p/jwade.seen"
	HeaderFile = "/var/spool/imap/user/jwade/cyrus.header"
)

// Incident is the hang that the procedure was written for: imapd 24870 writes to
// a client that stopped reading, and holds jwade's seen file; three sessions want
// it, and one of them holds the header that ten deliveries wait for.
func Incident() evidence.Snapshot {
	s := evidence.Snapshot{
		Schema: evidence.Schema, Tool: "cyrlock test", Locks: 1204, TookMS: 38,
		Taken: time.Date(2026, 11, 23, 9, 14, 2, 0, time.UTC),
		Host: evidence.Host{Name: "mail1", Kernel: "6.18.0", Cyrus: evidence.Cyrus{
			Version: "2.0.16", Lock: "flock", Conf: "/etc/imapd.conf", ConfigDir: "/var/imap", Master: 801,
			Services: []evidence.Service{{Name: "lmtp", MaxChild: 10, Running: 10}},
		}},
	}
	conn := &evidence.Conn{FD: 1, Local: "192.0.2.1:143", Remote: "192.0.2.3:51234", State: "ESTABLISHED", SendQ: 41945, Timer: "zero window"}
	holder := imapd(24870, "INBOX.FaMiLy", "192.0.2.3")
	holder.Peer, holder.StartedAgoS = conn, 683
	holder.Threads = []evidence.Thread{{TID: 24870, State: "S", Syscall: "write", SinceS: 134, SinceHow: "sched", WatchedMS: 150,
		On: &evidence.Descriptor{FD: 1, Kind: "socket", Path: "socket:[4711]", Conn: conn}, Method: "no-stop", Frames: writing()}}
	s.Processes = append(s.Processes, holder,
		SeenWaiter(24876, "INBOX", 134), SeenWaiter(24901, "INBOX", 122), SeenWaiter(24950, "FaMiLy", 100))
	seen := evidence.File{Path: SeenFile, Dev: "fe:00", Ino: 1311768, FS: "ext4", Lock: evidence.Flock, HolderSeen: 3, Reads: 3,
		Holders: []evidence.Holder{{PID: 24870, FD: 22, Mode: evidence.Write, Lock: evidence.Flock, Locker: 24870, How: "fdinfo"}}}
	for i, pid := range []int{24876, 24901, 24950} {
		seen.Waiters = append(seen.Waiters, Waits(pid, 22, []float64{134, 122, 100}[i], i+1))
	}
	seen.Open = []evidence.Opener{{PID: 23990, FD: 17, Ino: 1311768}}
	header := evidence.File{Path: HeaderFile, Dev: "fe:00", Ino: 1320001, FS: "ext4", Lock: evidence.Flock, HolderSeen: 3, Reads: 3,
		Holders: []evidence.Holder{{PID: 24950, FD: 14, Mode: evidence.Write, Lock: evidence.Flock, Locker: 24950, How: "fdinfo"}}}
	for i := range 9 {
		pid := 25010 + i
		s.Processes = append(s.Processes, lmtpd(pid, 98-float64(i)))
		header.Waiters = append(header.Waiters, Waits(pid, 9, 98-float64(i), i+1))
	}
	accept := evidence.File{Path: "/var/imap/socket/imap-0.lock", Dev: "fe:00", Ino: 77, Lock: evidence.Posix,
		Holders: []evidence.Holder{{PID: 24100, FD: 5, Mode: evidence.Write, Lock: evidence.Posix, How: "fdinfo"}}}
	for i := range 3 {
		accept.Waiters = append(accept.Waiters, evidence.Waiter{PID: 24101 + i, TID: 24101 + i, FD: 5, Mode: evidence.Write, Lock: evidence.Posix, SinceS: 4000})
		p := imapd(24101+i, "", "")
		p.User, p.Threads = "", []evidence.Thread{{TID: 24101 + i, State: "S", Syscall: "fcntl", Frames: frames("fcntl", "lockaccept", "main")}}
		s.Processes = append(s.Processes, p)
	}
	s.Files = []evidence.File{accept, header, seen}
	return s
}

func imapd(pid int, mailbox, client string) evidence.Process {
	return evidence.Process{PID: pid, PPID: 801, Start: uint64(pid) * 10, Exe: "/usr/cyrus/bin/imapd", Comm: "imapd", Cyrus: true,
		Service: "imap", User: "jwade", Mailbox: mailbox, Client: client, State: "S", Title: "imapd"}
}

func SeenWaiter(pid int, mailbox string, since float64) evidence.Process {
	p := imapd(pid, mailbox, "192.0.2.7")
	fs := frames("__flock", "lock_reopen", "starttxn_or_refetch", "myfetch", "seen_readit", "seen_lockread", "index_checkseen", "index_check", "cmd_select", "cmdloop", "service_main", "main")
	fs[1].Args = []evidence.Arg{{Name: "fd", Value: "22"}, {Name: "filename", Value: `0x8111298 "` + SeenFile + `"`}, {Name: "sbuf", Value: fmt.Sprintf("0x7ffd%d", pid)}}
	fs[1].File, fs[1].Line = "lock_flock.c", 84
	fs[2].Args = []evidence.Arg{{Name: "db", Value: "0x8111298"}}
	fs[2].File, fs[2].Line = "cyrusdb_flat.c", 211
	fs[4].File, fs[4].Line = "seen_db.c", 268
	p.Threads = []evidence.Thread{{TID: pid, State: "S", Syscall: "flock", SinceS: since, SinceHow: "sched", Method: "no-stop", Frames: fs}}
	return p
}

func lmtpd(pid int, since float64) evidence.Process {
	return evidence.Process{PID: pid, PPID: 801, Start: uint64(pid) * 10, Exe: "/usr/cyrus/bin/lmtpd", Comm: "lmtpd", Cyrus: true, Service: "lmtp", State: "S",
		Threads: []evidence.Thread{{TID: pid, State: "S", Syscall: "flock", SinceS: since, SinceHow: "sched", Method: "no-stop",
			Frames: frames("__flock", "lock_reopen", "mailbox_lock_header", "append_setup", "deliver", "lmtpmode", "service_main", "main")}}}
}

func writing() []evidence.Frame {
	fs := frames("__libc_write", "prot_flush_internal", "prot_write", "index_fetchmsg", "index_fetch", "cmd_fetch", "cmdloop", "service_main", "main")
	fs[1].File, fs[1].Line = "prot.c", 712
	return fs
}

func frames(names ...string) []evidence.Frame {
	var out []evidence.Frame
	for i, n := range names {
		module := "/usr/cyrus/bin/imapd"
		if i == 0 {
			module = "/lib/libc.so.6"
		}
		out = append(out, evidence.Frame{PC: evidence.Addr(0x8000000 + i*64), Func: n, Module: module, Offset: evidence.Addr(i * 64), How: "cfi"})
	}
	return out
}

func Waits(pid, fd int, since float64, queue int) evidence.Waiter {
	return evidence.Waiter{PID: pid, TID: pid, FD: fd, Mode: evidence.Write, Lock: evidence.Flock, SinceS: since, SinceHow: "sched", Queue: queue, Depth: queue}
}

func Files(pairs ...[3]int) evidence.Snapshot {
	s := evidence.Snapshot{Taken: Incident().Taken}
	for _, f := range pairs { // inode, holder, waiter
		s.Files = append(s.Files, evidence.File{Path: fmt.Sprintf("/f%d", f[0]), Ino: uint64(f[0]), Lock: evidence.Flock,
			Holders: []evidence.Holder{{PID: f[1], FD: 3, Mode: evidence.Write, Lock: evidence.Flock}}, Waiters: []evidence.Waiter{Waits(f[2], 4, 60, 1)}})
	}
	return s
}
