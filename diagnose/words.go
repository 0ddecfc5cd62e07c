package diagnose

import (
	"cmp"
	"fmt"
	"path"
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
	p := evidence.Clean(f.Path)
	dir, base := path.Base(path.Dir(p)), path.Base(p)
	switch Kind(f.Kind) {
	case Seen:
		if user, ok := strings.CutSuffix(strings.TrimSuffix(base, ".NEW"), ".seen"); ok {
			return user + "'s seen file"
		}
		return "the seen file " + p
	case Subscriptions:
		if user, ok := strings.CutSuffix(base, ".sub"); ok {
			return user + "'s subscriptions"
		}
	case Index:
		return "the index of mailbox " + dir
	case Header:
		return "the header of mailbox " + dir
	case MailboxName:
		return "the name lock of mailbox " + strings.TrimSuffix(base, ".lock")
	case UserNamespace:
		_, user, _ := strings.Cut(strings.TrimSuffix(base, ".lock"), "*U*")
		return user + "'s user lock"
	case MailboxesDB:
		return "the mailbox list (mailboxes.db)"
	}
	if p == "" {
		return fmt.Sprintf("inode %d on device %s", f.Ino, f.Dev)
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
		return fmt.Sprintf("%d processes wait for %s.", all, FileName(*f))
	default:
		return fmt.Sprintf("%d processes wait behind %s, %d of them for the file itself.", all, FileName(*f), n)
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
	t := s.thread
	var doing string
	switch call := t.Syscall; call {
	case "":
		return "does something that could not be read"
	case "running":
		return "runs"
	case "futex":
		doing = "waits for another thread or process (futex)"
	case "wait4", "waitid", "waitpid":
		doing = "waits for a child process"
	case "nanosleep", "clock_nanosleep", "clock_nanosleep_time64":
		doing = "sleeps"
	case "pause", "rt_sigsuspend", "rt_sigtimedwait":
		doing = "waits for a signal"
	case "fsync", "fdatasync", "sync_file_range", "msync":
		doing = "waits for the disk (" + call + ")"
	case "flock", "fcntl", "fcntl64":
		doing = "waits for another lock"
	case "poll", "ppoll", "select", "_newselect", "pselect6", "epoll_wait", "epoll_pwait":
		doing = "waits for input (" + call + ")"
	default:
		doing = "is in " + call + onWhat(t.On)
	}
	return doing + span(s)
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

func onWhat(d *evidence.Descriptor) string {
	switch {
	case d == nil:
		return ""
	case d.Conn != nil && d.Conn.Remote != "":
		return fmt.Sprintf(" on descriptor %d, connected to %s", d.FD, d.Conn.Remote)
	}
	return fmt.Sprintf(" on descriptor %d, %s", d.FD, d.Path)
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
