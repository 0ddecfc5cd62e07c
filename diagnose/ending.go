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

// Delicate names the work of a process that must not be cut short: its program, or
// a function; "" for most.
func Delicate(p evidence.Process) string {
	switch name := program(p); name {
	case "cyr_expire", "ctl_cyrusdb", "cvt_cyrusdb", "reconstruct", "ctl_mboxlist", "ctl_conversationsdb":
		return name
	}
	for _, t := range p.Threads {
		if f, ok := hasRole(t.Frames, RoleDelicate); ok {
			return evidence.Clean(f.Func)
		}
	}
	return ""
}

// halfDone says what is left when that work is cut short.
func halfDone(work string) string {
	switch work {
	case "cyr_expire":
		return "what it has not expired yet stays until its next run, and the mailbox that it is in may need reconstruct"
	case "ctl_cyrusdb":
		return "a checkpoint or a copy of the databases stays half made: run it again"
	case "cvt_cyrusdb":
		return "the converted database is not whole: convert it again from the old one"
	case "reconstruct", "ctl_conversationsdb":
		return "what it rebuilds is rebuilt in part: run it again"
	case "ctl_mboxlist":
		return "the mailbox list may be written in part: compare it with a copy of before (ctl_mboxlist -d)"
	case "mailbox_index_repack", "mailbox_repack_setup", "mailbox_repack_commit", "mailbox_expunge":
		return "index and cache of that mailbox may not fit each other: reconstruct it afterwards"
	case "mailbox_rename", "mailbox_rename_copy", "mboxlist_renamemailbox":
		return "that mailbox may be there twice, or in part: reconstruct both names afterwards"
	}
	return "that database may need recovery (ctl_cyrusdb -r) before Cyrus starts again"
}
