package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cyrlock/evidence"
)

// stopped: nothing a stopped process holds comes free until it is continued.
func stopped(s suspect) (finding, bool) {
	if s.proc == nil || !isStopped(*s.proc) {
		return finding{}, false
	}
	f := finding{class: StoppedHolder, confidence: Certain, doing: "is stopped by a signal",
		why: []string{fmt.Sprintf("/proc/%d/stat: state %s", s.pid, stopState(*s.proc))}}
	if s.proc.Tracer != 0 {
		by := who(s.proc.TracerName, s.proc.Tracer)
		f.doing = "is stopped by its tracer, " + by
		f.why = append(f.why, fmt.Sprintf("/proc/%d/status: TracerPid %d", s.pid, s.proc.Tracer))
	}
	return f, true
}

func isStopped(p evidence.Process) bool { return stopState(p) != "" }

func stopState(p evidence.Process) string {
	if p.State == "T" || p.State == "t" {
		return p.State
	}
	for _, t := range p.Threads { // the leader may be gone and another thread hold the lock
		if t.State == "T" || t.State == "t" {
			return t.State
		}
	}
	return ""
}

// orphan: who took the lock is gone, the open file lives on in a child. A holder
// that is older than who took it, as its lower pid tells, is no child: a script that
// calls flock(1) has its lock taken by a process that ends at once.
func orphan(s suspect) (finding, bool) {
	if s.holder.Locker == 0 || s.holder.Locker >= s.pid || !s.holder.LockerDead {
		return finding{}, false
	}
	return finding{class: OrphanLock, confidence: Certain,
		doing:   fmt.Sprintf("only inherited it from process %d, which took the lock and is gone", s.holder.Locker),
		meaning: "nobody will ever unlock it",
		why:     []string{fmt.Sprintf("fdinfo %d/%d: the lock's recorded owner is %d, and no such process exists", s.pid, s.holder.FD, s.holder.Locker)},
	}, true
}

// reentry: a signal handler waits for a lock of the code it interrupted.
func reentry(s suspect) (finding, bool) {
	handler, ok := reentered(s.thread.Frames)
	if !ok || s.thread.Syscall != "futex" && s.thread.Syscall != "" {
		return finding{}, false
	}
	f := finding{class: SignalReentry, confidence: Certain, meaning: "it waits for itself",
		doing: "hangs in memory allocation inside a signal handler" + span(s),
		why:   []string{fmt.Sprintf("stack %d: signal handler %s interrupted the allocator and called it again; it waits in futex", s.pid, cmp.Or(handler, "??"))}}
	if guessed(s.thread.Frames) {
		f.confidence, f.doubt = Likely, "part of the stack was searched, not computed: cyrlock stack --stop gives an exact one"
	}
	return f, true
}

func guessed(frames []evidence.Frame) bool {
	return slices.ContainsFunc(frames, func(f evidence.Frame) bool { return f.How == "guess" })
}

// uninterruptible: state D. It waits for a disk, a file server or a vfork child,
// and of all signals only KILL may reach it (TASK_KILLABLE, include/linux/sched.h).
func uninterruptible(s suspect) (finding, bool) {
	if s.thread.State != "D" || s.movesOn() {
		return finding{}, false
	}
	where := cmp.Or(s.thread.Wchan, "an unknown place")
	f := finding{class: UninterruptibleHolder, confidence: Certain,
		doing:   fmt.Sprintf("%s, in the kernel's %s", activity(s), where),
		meaning: "no signal but perhaps KILL reaches it there",
		why:     []string{fmt.Sprintf("/proc/%d/task/%d: state D (uninterruptible), wchan %s, system call %s", s.pid, s.thread.TID, where, call(s.thread))}}
	return f, true
}

// outside: backup, editor, script. The remedy is with whoever runs it.
func outside(s suspect) (finding, bool) {
	if s.proc == nil || s.proc.Cyrus {
		return finding{}, false
	}
	f := finding{class: OutsideHolder, confidence: Certain, meaning: "it is not part of Cyrus",
		doing: activity(s),
		why:   []string{fmt.Sprintf("/proc/%d/exe: %s; not started by Cyrus's master", s.pid, cmp.Or(s.proc.Exe, "not readable"))}}
	if s.proc.Exe == "" || s.g.s.Host.Cyrus.Master == 0 && s.g.s.Host.Cyrus.Conf == "" {
		f.confidence, f.doubt = Likely, "no running Cyrus master was found: name its configuration with --conf"
	}
	return f, true
}

// stalledClient: it writes to somebody who does not read.
func stalledClient(s suspect) (finding, bool) {
	if s.thread.Moved || !slices.Contains(writeCalls, s.thread.Syscall) && !waitsToWrite(s) {
		return finding{}, false
	}
	conn := s.conn()
	f := finding{class: StalledClient, confidence: Likely, meaning: "that client stopped reading",
		why: []string{fmt.Sprintf("/proc/%d/task/%d/syscall: %s", s.pid, s.thread.TID, call(s.thread))}}
	switch {
	case conn != nil && conn.SendQ > 0 && s.movesOn():
		f.doing, f.meaning = "writes to "+host(conn.Remote)+", last moving "+Age(s.thread.SinceS)+" ago", "that client reads slowly"
		f.why = append(f.why, fmt.Sprintf("it ran %s ago, and others wait for %s", Age(s.thread.SinceS), Age(s.oldest())))
	case conn != nil && conn.SendQ > 0:
		f.doing = "has been writing to " + host(conn.Remote) + span(s)
		switch {
		case conn.Timer == "zero window": // the client's own word that it has no room
			f.confidence = Certain
		case s.thread.SinceS < longWrite:
			f.doubt = "a busy network looks the same for some seconds: look again"
		case conn.Timer == "retransmit":
			f.confidence, f.meaning = Certain, "that client does not answer any more"
		default:
			f.confidence = Certain
		}
		f.why = append(f.why, fmt.Sprintf("send queue %s bytes to %s, connection %s%s", evidence.Thousands(conn.SendQ), conn.Remote, conn.State, timer(conn)))
	case conn != nil && conn.Remote != "":
		f.doing = "has been writing to " + host(conn.Remote) + span(s)
		f.doubt = "its send queue is empty or could not be read: look again in a second"
	case s.thread.On != nil && s.thread.On.Kind == "pipe":
		f.doing = "has been writing to a pipe" + span(s)
		f.meaning = "whoever reads that pipe stopped"
	case s.thread.On != nil && s.thread.On.Kind == "file":
		return finding{}, false // a disk, not a client
	default:
		f.doing = "has been writing to its client" + span(s)
		f.doubt = "the connection could not be read: run as root"
	}
	if !s.thread.Moved && s.thread.WatchedMS > 0 {
		f.why = append(f.why, fmt.Sprintf("the call did not move in %.0f ms of watching", s.thread.WatchedMS))
	}
	return f, true
}

// longWrite is the age in seconds from which an unfinished write to a client is no
// longer the network's ordinary slowness.
const longWrite = 10

var (
	writeCalls = []string{"write", "writev", "sendto", "sendmsg", "send", "sendfile", "sendfile64", "pwrite64"}
	readCalls  = []string{"read", "readv", "recvfrom", "recvmsg", "recv", "accept", "accept4", "pread64"}
	waitCalls  = []string{"poll", "ppoll", "select", "_newselect", "pselect6", "epoll_wait", "epoll_pwait"}
)

// waitsToWrite: TLS and nonblocking code waits in poll under a function that writes.
func waitsToWrite(s suspect) bool {
	if !slices.Contains(waitCalls, s.thread.Syscall) {
		return false
	}
	f, ok := hasRole(s.thread.Frames, RoleClientWrite, RoleClientRead)
	return ok && f.Role == RoleClientWrite
}

// conn is the connection that the system call works on, else the client's.
func (s suspect) conn() *evidence.Conn {
	if on := s.thread.On; on != nil {
		return on.Conn
	}
	if s.proc != nil {
		return s.proc.Peer
	}
	return nil
}

// working: it moves. Slow, not hung. In state D one moment shows little: it moves
// if it ran long after the others began to wait, as with a slow disk.
func working(s suspect) (finding, bool) {
	onDisk := s.thread.State == "D" && s.movesOn()
	if !s.thread.Moved && s.thread.State != "R" && !onDisk {
		return finding{}, false
	}
	f := finding{class: WorkingHolder, confidence: Likely, meaning: "slow, not hung", doing: "is at work",
		doubt: "look again: progress on the same mailbox for minutes is a loop"}
	switch {
	case s.thread.Moved:
		f.why = append(f.why, fmt.Sprintf("/proc/%d/task/%d: it ran during %.0f ms of watching", s.pid, s.thread.TID, s.thread.WatchedMS))
	case onDisk:
		f.doing = "waits for the disk again and again"
		f.why = append(f.why, fmt.Sprintf("/proc/%d/task/%d: state D, but it ran %s ago, and others wait for %s", s.pid, s.thread.TID, Age(s.thread.SinceS), Age(s.oldest())))
	}
	if s.thread.State == "R" {
		f.why = append(f.why, fmt.Sprintf("/proc/%d/task/%d/stat: state R", s.pid, s.thread.TID))
	}
	return f, true
}

// movesOn says that it has run since the others began to wait, by more than wait
// times may be off.
func (s suspect) movesOn() bool {
	const margin = 2 // seconds
	return s.thread.Moved || s.thread.SinceHow == "sched" && s.oldest()-s.thread.SinceS > margin
}

// oldest is the longest wait for a lock of this suspect, in seconds.
func (s suspect) oldest() (seconds float64) {
	for _, e := range s.cause.blocked {
		if e.to == s.pid {
			seconds = max(seconds, e.wait.SinceS)
		}
	}
	return seconds
}

// stale: they fight over a file that no longer has the name, or another has it.
func stale(s suspect) (finding, bool) {
	if !s.file.Deleted && !s.file.Replaced {
		return finding{}, false
	}
	what := "deleted"
	if s.file.Replaced {
		what = "replaced by another of the same name"
	}
	return finding{class: StaleInode, confidence: Certain,
		doing:   activity(s),
		meaning: "the file was " + what + " while it was locked",
		why:     []string{fmt.Sprintf("/proc/%d/fd/%d: inode %d has no name any more", s.pid, s.holder.FD, s.file.Ino)},
	}, true
}

// idle is what is left: it sleeps with the lock, and nothing it does will let go
// of it. What it sleeps in is named.
func idle(s suspect) (finding, bool) {
	f := finding{class: IdleHolder, confidence: Likely, doing: activity(s)}
	_, accepting := hasRole(s.thread.Frames, RoleAccept)
	client, reading := hasRole(s.thread.Frames, RoleClientRead)
	switch {
	case s.proc == nil:
		f.confidence, f.doing = Guess, "could not be looked at"
		f.doubt = "see the gaps: run as root"
		return f, true
	case accepting || s.waitsToAccept():
		f.doing = "waits for its next connection" + span(s)
		f.meaning = "the lock was left behind after an earlier session"
	case reading && (slices.Contains(readCalls, s.thread.Syscall) || slices.Contains(waitCalls, s.thread.Syscall)):
		f.doing = "waits for its client" + at(s.proc.Peer) + " to say something" + span(s)
		f.why = append(f.why, fmt.Sprintf("stack %d: %s", s.pid, client.Func))
	case s.thread.Syscall == "":
		f.confidence, f.doubt = Guess, "what it does could not be read: run as root"
	case !slices.Contains(readCalls, s.thread.Syscall) && !slices.Contains(waitCalls, s.thread.Syscall):
		f.confidence, f.doubt = Guess, "the stack tells more: cyrlock stack "+fmt.Sprint(s.pid)
	}
	if s.thread.Syscall != "" {
		f.why = append(f.why, fmt.Sprintf("/proc/%d/task/%d/syscall: %s", s.pid, s.thread.TID, call(s.thread)))
	}
	return f, true
}

// waitsToAccept: it queues on its service's accept lock, or sits in accept(2).
func (s suspect) waitsToAccept() bool {
	return s.g.resting[s.pid] || strings.HasPrefix(s.thread.Syscall, "accept")
}
