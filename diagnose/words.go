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
	if p := g.people[pid]; p != nil {
		return Name(*p)
	}
	return fmt.Sprintf("process %d", pid)
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
		return fmt.Sprintf("%s processes wait for %s.", evidence.Thousands(all), FileName(*f))
	default:
		return fmt.Sprintf("%s processes wait behind %s, %s of them for the file itself.", evidence.Thousands(all), FileName(*f), evidence.Thousands(n))
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
