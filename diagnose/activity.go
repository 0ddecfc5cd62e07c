package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"cyrlock/evidence"
)

// activity says what a thread does by its system call.
func activity(s suspect) string {
	switch s.thread.Syscall {
	case "":
		return "does something that could not be read"
	case "running":
		return "runs"
	}
	return callInWords(s.thread) + span(s)
}

func callInWords(t evidence.Thread) string {
	call := t.Syscall
	switch call {
	case "futex":
		return "waits for another thread or process (futex)"
	case "wait4", "waitid", "waitpid":
		return "waits for a child process"
	case "nanosleep", "clock_nanosleep", "clock_nanosleep_time64":
		return "sleeps"
	case "pause", "rt_sigsuspend", "rt_sigtimedwait":
		return "waits for a signal"
	case "fsync", "fdatasync", "sync_file_range", "msync":
		return "waits for the disk (" + call + ")"
	case "flock", "fcntl", "fcntl64":
		return "waits for another lock"
	case "accept", "accept4":
		return "waits for a connection"
	case "open", "openat", "openat2":
		return "waits to open a file (" + call + ")"
	case "vfork", "clone", "clone3":
		return "waits for the child it made (" + call + ")"
	}
	switch {
	case slices.Contains(waitCalls, call):
		return "waits for input (" + call + ")"
	case slices.Contains(readCalls, call):
		return "waits to read" + onWhat(" from ", t.On)
	case slices.Contains(writeCalls, call):
		return "writes" + onWhat(" to ", t.On)
	}
	return "is in " + call + onWhat(" on ", t.On)
}

// span says since when the thread has not moved.
func span(s suspect) string {
	switch {
	case s.thread.SinceS <= 0:
		return ""
	case s.thread.SinceHow == "at least":
		return " for at least " + Age(s.thread.SinceS)
	}
	return " for " + Age(s.thread.SinceS)
}

// onWhat names a descriptor as a person does: the peer, the file, "a pipe".
func onWhat(preposition string, d *evidence.Descriptor) string {
	switch {
	case d == nil:
		return ""
	case d.Conn != nil && d.Conn.Remote != "":
		return preposition + host(d.Conn.Remote)
	case d.Kind == "pipe", d.Kind == "socket":
		return preposition + "a " + d.Kind
	case d.Kind == "tty":
		return preposition + "its terminal"
	}
	return preposition + d.Path
}

// call is a system call as evidence: its name, and what its descriptor is.
func call(t evidence.Thread) string {
	switch d := t.On; {
	case d == nil:
		return t.Syscall
	case d.Conn != nil && d.Conn.Remote != "":
		return fmt.Sprintf("%s on descriptor %d, connected to %s", t.Syscall, d.FD, d.Conn.Remote)
	default:
		return fmt.Sprintf("%s on descriptor %d, %s", t.Syscall, d.FD, d.Path)
	}
}

func at(c *evidence.Conn) string {
	if c == nil || c.Remote == "" {
		return ""
	}
	return " at " + host(c.Remote)
}

// host is the address without its port.
func host(remote string) string {
	h := remote
	if i := strings.LastIndexByte(h, ':'); i > 0 && !strings.HasPrefix(h, "/") {
		h = h[:i]
	}
	return strings.Trim(h, "[]")
}

func timer(c *evidence.Conn) string {
	if c.Timer == "" {
		return ""
	}
	return ", " + c.Timer + " timer running"
}
