package scene

import (
	"cmp"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// FirstLine is what of an error fits on the screen.
func FirstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// Session is whose mail it is about: the user, the mailbox, and the client where
// there is room.
func (s *Scene) Session(p *evidence.Process, w int) string {
	if p == nil {
		return ""
	}
	out := JoinWords(s.Text(p.User), s.Text(p.Mailbox))
	if p.User != "" && strings.Contains(p.Mailbox, p.User) {
		out = s.Text(p.Mailbox) // "user.jwade.FaMiLy" says both
	}
	if w >= 110 {
		out = JoinWords(out, s.Text(p.Client))
	}
	return out
}

func JoinWords(a, b string) string { return strings.TrimSpace(a + "  " + b) }

// Short words for table cells; the whole sentences are diagnose's.

// baseName is the last part of an executable's path; "" for "".
func baseName(exe string) string {
	exe = strings.TrimSuffix(exe, " (deleted)")
	return exe[strings.LastIndexByte(exe, '/')+1:]
}

// Name is a process as it is called in the tree: "imapd 24870".
func (s *Scene) Name(pid int) string {
	if p := s.Proc(pid); p != nil {
		return s.Theme.Text(diagnose.Name(*p))
	}
	if name, ok := s.tracers[pid]; ok {
		return s.Theme.Text(name) + " " + strconv.Itoa(pid)
	}
	switch {
	case pid == 0:
		return "nobody that can be seen"
	case pid < 0: // the kernel names no process for an OFD lock
		return "not named"
	}
	return fmt.Sprintf("process %d", pid)
}

// Short is a path without the directory that all share.
func (s *Scene) Short(p string) string {
	if dir := s.Report.Host.Cyrus.ConfigDir; dir != "" {
		if rest, ok := strings.CutPrefix(p, strings.TrimSuffix(dir, "/")+"/"); ok {
			p = rest
		}
	}
	return s.Theme.Text(p)
}

func (s *Scene) FileName(f *evidence.File) string {
	if f == nil {
		return "a file"
	}
	if f.Path == "" {
		return fmt.Sprintf("inode %d on %s", f.Ino, f.Dev)
	}
	return s.Short(f.Path)
}

// LockWords say what kind of lock it is: "flock", "fcntl".
func LockWords(lock string) string {
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

// Doing says in a few words what a process is at: where it waits, whom it
// writes to.
func (s *Scene) Doing(p *evidence.Process, t *evidence.Thread) string {
	if p == nil || t == nil {
		return "not readable"
	}
	switch {
	case p.Tracer != 0:
		return "stopped by " + s.Theme.Text(cmp.Or(p.TracerName, "its tracer")) + " " + strconv.Itoa(p.Tracer)
	case p.State == "T" || t.State == "T":
		return "stopped by a signal"
	case t.State == "D" && (t.Syscall == "vfork" || strings.HasPrefix(t.Syscall, "clone")):
		return "waits for its child, " + s.Theme.Text(cmp.Or(t.Wchan, t.Syscall))
	case t.State == "D":
		return "disk wait, " + s.Theme.Text(cmp.Or(t.Wchan, t.Syscall, "kernel"))
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
	return s.Theme.Text(t.Syscall) + s.on(p, t)
}

// on says what a system call works on.
func (s *Scene) on(p *evidence.Process, t *evidence.Thread) string {
	var conn *evidence.Conn
	switch {
	case t.On != nil:
		conn = t.On.Conn
	case talks(t.Syscall):
		conn = p.Peer
	}
	switch {
	case conn != nil && conn.Remote != "":
		out := " " + s.Theme.Right + " " + s.Theme.Text(conn.Remote)
		if conn.SendQ > 0 {
			out += fmt.Sprintf(", %s queued", bytesWords(conn.SendQ))
		}
		return out
	case t.On != nil && t.On.Path != "":
		return " " + s.Theme.Text(path.Base(t.On.Path))
	}
	return ""
}

// talks tells of a system call that may have to do with the client.
func talks(call string) bool {
	for _, part := range []string{"poll", "select", "read", "recv", "write", "send"} {
		if strings.Contains(call, part) {
			return true
		}
	}
	return false
}

// lockFrames are the function in which a thread asks for the lock, and who
// wanted it: "lock_reopen ← seen_lockread".
func (s *Scene) lockFrames(t *evidence.Thread) string {
	at := ""
	for _, f := range t.Frames {
		switch f.Role {
		case diagnose.RoleLockReopen, diagnose.RoleLock:
			at = s.Theme.Text(f.Func)
		case "", diagnose.RoleLockCall:
		default:
			if at != "" {
				return at + " " + s.Left + " " + s.Theme.Text(f.Func)
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

// Since is a span; "" where it is not known.
func Since(seconds float64, how string) string {
	switch {
	case seconds <= 0:
		return ""
	case how == "at least":
		return ">" + diagnose.Age(seconds)
	}
	return diagnose.Age(seconds)
}

// Telling is the thread that shows what a process does: the one that waits for
// its lock, else one that runs, else the first.
func Telling(p *evidence.Process, tid int) *evidence.Thread {
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

// Badge gives the word for a verdict with its colour.
func (t *Scene) Badge(v diagnose.Verdict) (word string, style lipgloss.Style) {
	switch v {
	case diagnose.Healthy:
		return "OK", t.Good
	case diagnose.Slow:
		return "SLOW", t.Warn
	case diagnose.Hung:
		return "HUNG", t.Alarm
	}
	return "UNKNOWN", t.Warn
}
