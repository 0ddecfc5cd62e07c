package scene

import (
	"fmt"
	"strings"

	"cyrlock/evidence"
)

// Meaning explains a row of files to somebody who learns.
func (r *FileRow) Meaning() string {
	switch r.State {
	case Idle:
		return "idle workers queue for the next connection, and one of them holds the lock while it listens. This is normal, however long it takes."
	case Absent:
		if strings.Contains(r.File.Path, "*") {
			return "this is a pattern: the file lies in a folder that only the server's own list of mailboxes names."
		}
		return "this is where the file would be. No process has it open, so nobody can hang on it."
	case Over:
		return "somebody waited for it at " + r.Scene.Clock() + ", when it was asked about, and nobody does now. enter asks again who has it open."
	case Opened:
		return "processes have it open and none has locked it: that does no harm."
	case Held:
		return "it is locked and nobody waits: that is what locks are for."
	}
	switch {
	case r.Circle:
		p := r.Holder()
		return p.Name() + " holds it, and waits for those who wait for it, or for itself: this never ends by itself. The Verdict page shows the circle."
	case r.State == Consequence:
		return fmt.Sprintf("%s and waits itself, for %s: what waits here goes on when that does.", r.held(), r.Behind.Name)
	case r.State == NotMail:
		return r.held() + ". It is another program's affair: no mail waits for it."
	case r.State == Slow:
		return r.held() + ". It works, or nobody has waited for long: no hang yet."
	}
	return r.held() + ". Waiters sleep in the kernel until it lets go; who only has the file open does no harm."
}

// held says who holds a file, and what that one is at.
func (r *FileRow) held() string {
	holders := r.File.Holders
	switch {
	case len(holders) == 0:
		return "no process that can be seen holds it: its holder may be in another container or on another host"
	case len(holders) > 1:
		return fmt.Sprintf("%s hold it together, all must let go before a lock of its own is given", evidence.Plural(len(holders), "entry", "entries"))
	}
	p := r.Holder()
	out := p.Name() + " holds it"
	if doing := p.Doing(); doing != "" && r.State != Consequence {
		out += " and is at: " + doing
	}
	return out
}

// Clock is when the look was taken.
func (s *Scene) Clock() string { return s.Report.Taken.Format("15:04:05") }

// Meaning explains the part of one process.
func (p *Party) Meaning() string {
	if p.File.State == Over {
		return "so it was at " + p.File.Scene.Clock() + "; nobody waits for the file any more. esc, then enter asks again."
	}
	doing := ""
	if d := p.Doing(); d != "" {
		doing = ", at: " + d
	}
	switch {
	case p.Role == Holds && p.File.State == Idle:
		return "this worker listens for the next connection; the others wait for their turn."
	case p.Role == Holds:
		return p.Name() + " holds the lock until it lets go or ends" + doing + ". SINCE is how long it has been at that."
	case p.Role == Waits && p.Polls:
		return p.Name() + " sleeps and tries again, in no queue" + doing + "."
	case p.Role == Waits && p.Place > 1:
		return fmt.Sprintf("%s sleeps in the kernel, %s before it in the queue%s.", p.Name(), evidence.Plural(p.Place-1, "waiter", "waiters"), doing)
	case p.Role == Waits && p.Place == 1:
		return p.Name() + " sleeps in the kernel, the next in the queue" + doing + "."
	case p.Role == Waits:
		return p.Name() + " sleeps in the kernel; its place in the queue could not be seen" + doing + "."
	case p.Old:
		return p.Name() + " has an older file of this name open, which is gone: it does not see what the others write" + doing + "."
	}
	return p.Name() + " only has the file open, which does no harm" + doing + "."
}

// Meaning explains a row of users.
func (u *UserRow) Meaning(s *Scene) string {
	var what []string
	if u.Waiting > 0 {
		what = append(what, evidence.Plural(u.Waiting, "session or delivery", "sessions or deliveries")+" for "+s.Text(u.Name)+" cannot go on")
	}
	if u.Holding > 0 {
		what = append(what, evidence.Plural(u.Holding, "session holds", "sessions hold")+" what others wait for")
	}
	out := strings.Join(what, ", ") + ". enter asks where the seen file is, and who has it open."
	if n := s.nameless; n > 0 {
		out += fmt.Sprintf(" %s: for whom is not known.", evidence.Plural(n, "more process waits", "more processes wait"))
	}
	return out
}
