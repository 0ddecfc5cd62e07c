package diagnose

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"cyrlock/evidence"
)

// What is exported here goes straight to a person's screen and is made safe with
// evidence.Clean; the rest becomes part of a Root, which is made safe as a whole.

// Age writes a time span as people say it: 3.4s, 12s, 2m14s, 1h03m, 3d4h.
func Age(seconds float64) string {
	s := int(seconds)
	switch {
	case seconds < 10:
		return strconv.FormatFloat(max(seconds, 0), 'f', 1, 64) + "s"
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	}
	return fmt.Sprintf("%dd%dh", s/86400, s/3600%24)
}

// Name is how a process is called: its program and pid, as in "imapd 24870".
func Name(p evidence.Process) string { return who(program(p), p.PID) }

func who(name string, pid int) string {
	return fmt.Sprintf("%s %d", cmp.Or(evidence.Clean(name), "process"), pid)
}

func program(p evidence.Process) string {
	if exe := strings.TrimSuffix(p.Exe, " (deleted)"); exe != "" {
		return path.Base(exe)
	}
	return p.Comm
}

func (g *graph) name(pid int) string {
	if p := g.s.Process(pid); p != nil {
		return Name(*p)
	}
	return fmt.Sprintf("process %d", pid)
}

func (g *graph) names(pids []int) string {
	var names []string
	for i, pid := range pids {
		if i == 4 && len(pids) > 5 {
			names = append(names, fmt.Sprintf("%d more", len(pids)-i))
			break
		}
		names = append(names, g.name(pid))
	}
	return list(names)
}

// list joins with commas and a last "and".
func list(s []string) string {
	if len(s) < 2 {
		return strings.Join(s, "")
	}
	return strings.Join(s[:len(s)-1], ", ") + " and " + s[len(s)-1]
}

// FileName is how a file is called in a sentence: "jwade's seen file".
func FileName(f evidence.File) string {
	user, mailbox, p := evidence.Clean(f.User), evidence.Clean(f.Mailbox), evidence.Clean(f.Path)
	what := ""
	switch Kind(f.Kind) {
	case Seen:
		what = "seen file"
	case Subscriptions:
		what = "subscriptions"
	case UserNamespace:
		what = "user lock"
	case Conversations:
		what = "conversations"
	case Index:
		what = "index"
	case Header:
		what = "header"
	case MailboxName:
		what = "name lock"
	case MailboxesDB:
		return "the mailbox list (mailboxes.db)"
	}
	switch {
	case what != "" && user != "":
		return user + "'s " + what
	case what != "" && mailbox != "":
		return "the " + what + " of mailbox " + mailbox
	case p == "":
		return fmt.Sprintf("inode %d on device %s", f.Ino, f.Dev)
	case what != "":
		return "the " + what + " " + p
	}
	return p
}

// sentence is the whole of it: who waits, who holds, what that one does.
func sentence(s suspect, f finding) string {
	out := fmt.Sprintf("%s %s holds it and %s", waitFor(s.g, s.cause, s.file), s.g.name(s.pid), f.doing)
	if f.meaning != "" {
		out += ": " + f.meaning
	}
	return out + "."
}

// waitFor says who waits and for what, and keeps those apart who wait for the
// file itself and those who wait behind them.
func waitFor(g *graph, c cause, f *evidence.File) string {
	direct := map[int]bool{}
	for _, w := range f.Waiters {
		direct[w.PID] = true
	}
	n := 0
	for _, pid := range c.victims {
		if direct[pid] {
			n++
		}
	}
	switch all := len(c.victims); {
	case all == 1:
		return fmt.Sprintf("%s waits for %s.", g.name(c.victims[0]), FileName(*f))
	case n == all:
		return fmt.Sprintf("%s processes wait for %s.", thousands(all), FileName(*f))
	default:
		return fmt.Sprintf("%s processes wait behind %s, %s of them for the file itself.", thousands(all), FileName(*f), thousands(n))
	}
}

func heldBy(s suspect) string {
	h := s.holder
	mode := map[string]string{evidence.Read: "shared", evidence.Write: "exclusive"}[h.Mode]
	lock := map[string]string{evidence.Flock: "flock", evidence.Posix: "fcntl", evidence.OFD: "open file description"}[h.Lock]
	if h.How == "fdinfo" {
		return fmt.Sprintf("fdinfo %d/%d: holds the %s %s lock on %s", s.pid, h.FD, mode, lock, cmp.Or(s.file.Path, "the file"))
	}
	return fmt.Sprintf("/proc/locks: %d holds the %s %s lock on %s:%d", s.pid, mode, lock, s.file.Dev, s.file.Ino)
}

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

// thousands writes 41945 as 41,945.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
