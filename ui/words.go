package ui

import (
	"cmp"
	"fmt"
	"path"
	"strconv"
	"strings"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// Short words for table cells; the whole sentences are diagnose's.

// baseName is the last part of an executable's path; "" for "".
func baseName(exe string) string {
	exe = strings.TrimSuffix(exe, " (deleted)")
	return exe[strings.LastIndexByte(exe, '/')+1:]
}

// name is a process as it is called in the tree: "imapd 24870".
func (s *scene) name(pid int) string {
	if p := s.proc(pid); p != nil {
		return s.theme.text(diagnose.Name(*p))
	}
	switch {
	case pid == 0:
		return "nobody that can be seen"
	case pid < 0: // the kernel names no process for an OFD lock
		return "not named"
	}
	return fmt.Sprintf("process %d", pid)
}

// short is a path without the directory that all share.
func (s *scene) short(p string) string {
	if dir := s.report.Host.Cyrus.ConfigDir; dir != "" {
		if rest, ok := strings.CutPrefix(p, strings.TrimSuffix(dir, "/")+"/"); ok {
			p = rest
		}
	}
	return s.theme.text(p)
}

func (s *scene) fileName(f *evidence.File) string {
	if f == nil {
		return "a file"
	}
	if f.Path == "" {
		return fmt.Sprintf("inode %d on %s", f.Ino, f.Dev)
	}
	return s.short(f.Path)
}

// lockWords say what kind of lock it is: "flock", "fcntl".
func lockWords(lock string) string {
	switch lock {
	case evidence.Posix:
		return "fcntl"
	case evidence.OFD:
		return "fcntl (open file description)"
	}
	return lock
}

func modeWords(mode string) string {
	switch mode {
	case evidence.Write:
		return "exclusive"
	case evidence.Read:
		return "shared"
	}
	return mode
}

// doing says in a few words what a process is at: where it waits, whom it
// writes to.
func (s *scene) doing(p *evidence.Process, t *evidence.Thread) string {
	if p == nil || t == nil {
		return "not readable"
	}
	switch {
	case p.Tracer != 0:
		return "stopped by " + s.theme.text(cmp.Or(p.TracerName, "its tracer")) + " " + strconv.Itoa(p.Tracer)
	case p.State == "T" || t.State == "T":
		return "stopped by a signal"
	case t.State == "D":
		return "disk wait, " + s.theme.text(cmp.Or(t.Wchan, t.Syscall, "kernel"))
	}
	if at := s.lockFrames(t); at != "" {
		return at
	}
	switch {
	case t.Syscall == "":
		return "not readable"
	case t.Syscall == "running":
		return "running"
	}
	return s.theme.text(t.Syscall) + s.on(p, t)
}

// on says what a system call works on.
func (s *scene) on(p *evidence.Process, t *evidence.Thread) string {
	conn := p.Peer
	if t.On != nil {
		conn = t.On.Conn
	}
	switch {
	case conn != nil && conn.Remote != "":
		out := " " + s.theme.right + " " + s.theme.text(conn.Remote)
		if conn.SendQ > 0 {
			out += fmt.Sprintf(", %s queued", bytesWords(conn.SendQ))
		}
		return out
	case t.On != nil && t.On.Path != "":
		return " " + s.theme.text(path.Base(t.On.Path))
	}
	return ""
}

// lockFrames are the function in which a thread asks for the lock, and who
// wanted it: "lock_reopen ← seen_lockread".
func (s *scene) lockFrames(t *evidence.Thread) string {
	at := ""
	for _, f := range t.Frames {
		switch f.Role {
		case diagnose.RoleLockReopen, diagnose.RoleLock:
			at = s.theme.text(f.Func)
		case "", diagnose.RoleLockCall:
		default:
			if at != "" {
				return at + " " + s.left + " " + s.theme.text(f.Func)
			}
		}
	}
	return at
}

func bytesWords(n int) string {
	if n < 10_000 {
		return strconv.Itoa(n) + " B"
	}
	return strconv.Itoa(n/1000) + " kB"
}

// since is a span; "" where it is not known.
func since(seconds float64, how string) string {
	switch {
	case seconds <= 0:
		return ""
	case how == "at least":
		return ">" + diagnose.Age(seconds)
	}
	return diagnose.Age(seconds)
}

// telling is the thread that shows what a process does: the one that waits for
// its lock, else one that runs, else the first.
func telling(p *evidence.Process, tid int) *evidence.Thread {
	if p == nil || len(p.Threads) == 0 {
		return nil
	}
	for i := range p.Threads {
		if p.Threads[i].TID == tid {
			return &p.Threads[i]
		}
	}
	for i := range p.Threads {
		if p.Threads[i].Moved || p.Threads[i].State == "R" {
			return &p.Threads[i]
		}
	}
	return &p.Threads[0]
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return evidence.Thousands(n) + " " + many
}
