package scene

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// Lit tells of a frame that says something about the hang.
func Lit(f *evidence.Frame) bool { return f.Role != "" || f.Signal }

// Call is a function with its arguments as gdb prints them, of which no more than
// most are written; 0: all.
func (s *Scene) Call(f *evidence.Frame, most int) string {
	if f.Signal {
		return "<signal handler called>"
	}
	name := s.Text(f.Func)
	if f.Func == "" {
		name = "?? at " + f.PC.String()
	}
	if f.How == "guess" {
		name = "guessed: " + name // before what may be cut off
	}
	var b strings.Builder
	b.WriteString(name + " (")
	for i, a := range f.Args {
		if i > 0 {
			b.WriteString(", ")
		}
		if most > 0 && i == most {
			b.WriteString(s.Dots)
			break
		}
		b.WriteString(s.Text(a.Name) + "=" + s.Text(a.Value))
	}
	return b.String() + ")"
}

// Where is a frame's place in the source in a few letters: "lock_flock.c:84", or
// in a module without names "imapd+0x1f2".
func (s *Scene) Where(f *evidence.Frame) string {
	switch {
	case f.File != "":
		return s.Text(fmt.Sprintf("%s:%d", path.Base(f.File), f.Line))
	case f.Func == "" && f.Module != "":
		return s.Text(path.Base(f.Module) + "+" + f.Offset.String())
	}
	return ""
}

// Frame is all that is known of a frame, in the order of gdb.
func (s *Scene) Frame(f *evidence.Frame) string {
	out := s.Call(f, 0)
	switch {
	case f.Signal:
		return out
	case f.File != "":
		out += " at " + s.Text(fmt.Sprintf("%s:%d", f.File, f.Line))
	case f.Module != "":
		out += " from " + s.Text(f.Module)
		if f.Func == "" {
			out += "+" + f.Offset.String()
		}
	}
	if f.Func == "" && f.BuildID != "" {
		out += ", build-id " + s.Text(f.BuildID)
	}
	if f.Inlined {
		out += " [inlined]"
	}
	return out
}

// Mark says in a few words why a frame matters; "" for most.
func Mark(f *evidence.Frame) string {
	switch {
	case f.Signal:
		return "a signal came in here"
	case f.Role == diagnose.RoleAllocator:
		return "takes memory or a mutex"
	}
	return diagnose.Remark(*f)
}

// Explain says what a frame means to somebody who sees such a stack for the first
// time.
func (s *Scene) Explain(t *evidence.Thread, i int) string {
	f := &t.Frames[i]
	out := explained(f)
	if i == 0 && !Lit(f) {
		out = "the innermost function; the thread is in it now."
	}
	if f.How == "guess" {
		out += " It is a guess: found by searching the stack, which an exact stack has no need of."
	}
	return out
}

func explained(f *evidence.Frame) string {
	switch f.Role {
	case diagnose.RoleLockCall:
		return "the C library asks the kernel for the lock; the thread sleeps here until the holder lets go."
	case diagnose.RoleLockReopen:
		return "Cyrus wants the lock on the file that is named here. This is the frame to look for: who is in it, waits for somebody else."
	case diagnose.RoleLock:
		return "one of Cyrus's own lock functions: it asks for the lock and waits."
	case diagnose.RoleClientWrite:
		return "it sends to its client, and comes back only when the client has taken enough of it."
	case diagnose.RoleClientRead:
		return "it waits until its client says something."
	case diagnose.RoleAccept:
		return "an idle worker waits for its turn to take a connection. That is normal."
	case diagnose.RoleDelicate:
		return "it changes what must stay whole. Ended here, the process may leave it half done."
	case diagnose.RoleAllocator:
		return "it takes memory, or a mutex. In a signal handler that may wait for ever, for what the signal interrupted."
	case "":
		if f.Signal {
			return "a signal interrupted the function below; the ones above are its handler's."
		}
		return "a step on the way, called by the one below it."
	}
	return "this function works on " + kindWords(diagnose.Kind(f.Role)) + ": it tells what the lock is for."
}

// kindWords say what a kind of file is for.
func kindWords(k diagnose.Kind) string {
	return cmp.Or(map[diagnose.Kind]string{
		diagnose.Seen:          "the seen file, which says what a user has read",
		diagnose.Header:        "a mailbox's header",
		diagnose.Index:         "a mailbox's index",
		diagnose.MailboxName:   "the name lock of a mailbox",
		diagnose.UserNamespace: "the lock of all of a user's mailboxes",
		diagnose.Quota:         "a quota",
		diagnose.MailboxesDB:   "the list of all mailboxes",
		diagnose.Subscriptions: "a user's subscriptions",
		diagnose.Deliver:       "the database of what was delivered before",
		diagnose.Annotations:   "annotations",
		diagnose.Conversations: "conversations",
	}[k], string(k))
}

// Missing says why a thread has no stack, or only part of one, and what to do.
func (s *Scene) Missing(t *evidence.Thread) string {
	switch {
	case len(t.Frames) > 0:
		return "the stack ends early: " + s.Text(t.Error)
	case t.Error == "":
		return "no stack: it was not asked for; S attaches for an exact one"
	case t.Syscall == "running" || t.State == "R" && !strings.Contains(t.Error, "permission"):
		return "no stack: it is running; r looks again, S attaches for an exact one"
	}
	return "no stack: " + s.Text(t.Error)
}
