package plain

import (
	"fmt"
	"strings"

	"cyrlock/evidence"
	"cyrlock/ui/scene"
)

// A fileList is what Find said last: a number picks a file of it, then a user.
type fileList struct {
	rows  []*scene.FileRow
	users []*scene.UserRow
}

// find lists the files that are fought over, and whose they are.
func (s *session) find() error {
	s.files = fileList{rows: s.Files("", nil), users: s.Users("")}
	fought := 0
	for i := range s.Report.Files {
		if scene.Contended(&s.Report.Files[i]) {
			fought++
		}
	}
	s.say("%s waited for; this machine has %s.", evidence.Plural(fought, "file is", "files are"), evidence.Plural(s.Report.Locks, "lock", "locks"))
	return s.sayFound()
}

func (s *session) foundItems() int { return len(s.files.rows) + len(s.files.users) }

func (s *session) sayFound() error {
	return s.list(s.foundItems(), func(i int) {
		if n := len(s.files.rows); i >= n {
			s.say("%d: %s", i+1, s.userSentence(s.files.users[i-n]))
			return
		}
		s.say("%d: %s", i+1, s.fileSentence(s.files.rows[i]))
	})
}

// userSentence is a user in one line.
func (s *session) userSentence(u *scene.UserRow) string {
	out := "user " + s.Text(u.Name) + ", " + u.State.String()
	if u.Waiting > 0 {
		out += ". " + evidence.Plural(u.Waiting, "process waits", "processes wait")
		if since := scene.Since(u.OldestS, ""); since != "" {
			out += ", the longest for " + since
		}
	}
	if u.Holding > 0 {
		out += "; " + evidence.Plural(u.Holding, "process is waited for", "processes are waited for")
	}
	return out + "."
}

func countWords(n int, one, many string) string {
	if n == 0 {
		return ""
	}
	return evidence.Plural(n, one, many)
}

// fileSentence is a file in one line: what, how bad, who.
func (s *session) fileSentence(r *scene.FileRow) string {
	f := r.File
	parts := []string{r.Name}
	if f.Kind != "" && f.Kind != "other" {
		parts = append(parts, s.Text(f.Kind))
	}
	out := strings.Join(append(parts, s.state(r)), ", ")
	switch n := len(f.Holders); {
	case r.State == scene.Absent:
		return out + "."
	case n > 1:
		out += fmt.Sprintf(". Held by %s and %d more", r.Scene.Name(f.Holders[0].PID), n-1)
	case n == 1:
		out += ". Held by " + r.Scene.Name(f.Holders[0].PID)
	case len(f.Waiters) > 0:
		out += ". No holder was seen"
	}
	if n := len(f.Waiters); n > 0 {
		out += "; " + evidence.Plural(n, "waits", "wait")
		if since := scene.Since(r.Oldest, ""); since != "" {
			out += ", the longest for " + since
		}
	}
	return out + "."
}

// state says how bad it is.
func (s *session) state(r *scene.FileRow) string {
	switch r.State {
	case scene.Consequence:
		for i, other := range s.files.rows {
			if r.Behind != nil && other.ID == r.Behind.ID {
				return fmt.Sprintf("a consequence of %d", i+1)
			}
		}
		return "a consequence of another wait"
	case scene.NotMail:
		return "not the mail server's"
	case scene.Absent:
		return "no process has it open"
	case scene.Over:
		return "nobody waits any more"
	case scene.Idle:
		return "normal: idle workers queue for work"
	}
	return r.State.String()
}

func (s *session) findChoices() string { return "a user or a path: who has it open" }

func (s *session) pickFound(n int) error {
	if at := n - 1 - len(s.files.rows); at >= 0 {
		return s.user(s.files.users[at])
	}
	return s.file(s.files.rows[n-1])
}

// findOther takes whatever is no command for a user or a path.
func (s *session) findOther(text string) (bool, error) {
	if text == "" || number(text) > 0 && s.Proc(number(text)) != nil {
		return false, nil
	}
	return true, s.search(text)
}

// search asks the machine who has a path, or a user's seen file, open.
func (s *session) search(text string) error {
	q := queryFor(text)
	what, filter := "the seen file of user "+s.Text(q.User), q.User
	if q.File != "" {
		what, filter = s.Text(q.File), q.File
	}
	seen, err := s.look(q, beside)
	if err != nil {
		return err
	}
	if seen.err != nil {
		s.say("The search failed: %s.", s.Text(scene.FirstLine(seen.err)))
	}
	var answer *scene.Scene
	if answers(seen, q) {
		answer = seen.scene
	}
	rows := s.Files(filter, answer)
	if len(rows) == 0 {
		s.say("No process that could be read has %s open, or a lock on it. What was listed before stays.", what)
		return nil
	}
	s.step, s.asking = stepFind, true
	s.files = fileList{rows: rows}
	if len(rows) == 1 {
		return s.file(rows[0])
	}
	s.say("%s for %s.", evidence.Plural(len(rows), "file", "files"), what)
	return s.sayFound()
}

// answers tells whether a look is about what was asked: a recording shows what it
// shows, whatever is asked.
func answers(seen sight, q evidence.Query) bool {
	f := seen.report.Focus
	return seen.scene != nil && f != nil && f.User == q.User && f.File == q.File
}

// user says what each process of a user has to do with the hang, then looks for
// the seen file.
func (s *session) user(u *scene.UserRow) error {
	s.say("User %s", s.userSentence(u)[len("user "):])
	if err := s.list(len(u.Parties), func(i int) { s.say("%s", s.party(&u.Parties[i])) }); err != nil {
		return err
	}
	return s.search("user " + u.Name)
}
