package diagnose

import (
	"slices"

	"cyrlock/evidence"
)

// Deaf says that the root answers no SIGTERM: it is stopped, or hangs in a signal
// handler or in the kernel.
func (r Root) Deaf() bool {
	return r.Class == StoppedHolder || r.Class == SignalReentry || r.Class == UninterruptibleHolder
}

// IsMaster tells whether a process is Cyrus's master: that of the server that was
// looked at, or of another one on the machine. To end it ends every session.
func IsMaster(s *evidence.Snapshot, pid int) bool { return isMaster(s, pid, s.Process(pid)) }

func isMaster(s *evidence.Snapshot, pid int, p *evidence.Process) bool {
	if pid != nobody && pid == s.Host.Cyrus.Master {
		return true
	}
	if p == nil || !slices.Contains([]string{"master", "cyrmaster", "cyrus-master"}, program(*p)) {
		return false
	}
	return p.Cyrus || slices.ContainsFunc(s.Processes, func(c evidence.Process) bool { return c.Cyrus && c.PPID == p.PID })
}

// LetsGo tells whether a tracer of this name lets go of what it was attached to when
// it gets SIGTERM: gdb takes its breakpoints out first (seen with gdb 13, also while
// the process runs under it and while gdb itself is stopped; strace 6.1, also with
// nobody to read its output). SIGKILL would leave the breakpoints in the process,
// which dies of the first. How others take it was not tried.
func LetsGo(tracer string) bool {
	return slices.Contains([]string{"gdb", "gdb-multiarch", "strace"}, tracer)
}
