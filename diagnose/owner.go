package diagnose

import (
	"path"
	"strings"

	"cyrlock/evidence"
)

// userOf says whose file it is: by its name where that has it, else by the one
// user that every process that wants it serves. Since 3.6 a seen file lies under
// its owner's INBOX id and only its users tell.
func userOf(all people, f evidence.File) string {
	base := strings.TrimSuffix(path.Base(f.Path), ".NEW")
	switch Kind(f.Kind) {
	case UserNamespace:
		_, user, _ := strings.Cut(strings.TrimSuffix(base, ".lock"), "*U*")
		return user
	case Seen, Subscriptions, Conversations:
		if ext := path.Ext(base); ext == ".seen" || ext == ".sub" || ext == ".conversations" {
			return strings.TrimSuffix(base, ext)
		}
		return unanimous(all, f, func(p evidence.Process) string { return p.User })
	}
	return ""
}

// mailboxOf says which mailbox it belongs to. An older server has the mailbox's
// name in the path; since 3.6 that is an id, and only those who use it tell.
func mailboxOf(all people, f evidence.File) string {
	switch Kind(f.Kind) {
	case Index, Header, MailboxName:
	default:
		return ""
	}
	if name := mailboxOfPath(strings.TrimSuffix(f.Path, ".lock"), Kind(f.Kind)); name != "" {
		return name
	}
	return unanimous(all, f, func(p evidence.Process) string {
		if elsewhere[p.Command] {
			return ""
		}
		return p.Mailbox
	})
}

// elsewhere are the commands that lock another mailbox than the selected one.
var elsewhere = map[string]bool{"Copy": true, "Xmove": true, "Move": true, "Append": true, "Status": true, "Rename": true, "Create": true, "Delete": true, "List": true}

// mailboxOfPath reads the internal name off a path below a partition:
// …/user/jwade/FaMiLy/cyrus.header is user.jwade.FaMiLy.
func mailboxOfPath(p string, k Kind) string {
	dir := p
	if k != MailboxName {
		dir = path.Dir(p)
	}
	if strings.Contains(p, "/uuid/") {
		return ""
	}
	if i := strings.LastIndex(dir, "/user/"); i >= 0 {
		return strings.ReplaceAll(dir[i+1:], "/", ".")
	}
	if k == MailboxName {
		return "" // an id, or a hashed name
	}
	return path.Base(dir)
}

// unanimous is the one answer of all processes that hold or want the file; ""
// where they differ or none has one.
func unanimous(all people, f evidence.File, of func(evidence.Process) string) string {
	answer := ""
	ask := func(pid int) bool {
		p := all[pid]
		if p == nil || of(*p) == "" || of(*p) == answer {
			return true
		}
		if answer != "" {
			return false
		}
		answer = of(*p)
		return true
	}
	for _, w := range f.Waiters {
		if !ask(w.PID) {
			return ""
		}
	}
	for _, h := range f.Holders {
		if !ask(h.PID) {
			return ""
		}
	}
	return answer
}
