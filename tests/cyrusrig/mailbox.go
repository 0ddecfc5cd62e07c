package cyrusrig

import (
	"path/filepath"
	"regexp"
	"testing"
)

var mailboxID = regexp.MustCompile(`MAILBOXID \((\w{3,})\)`)

// Share makes a mailbox that every user may read and write, and where everybody
// but nobody is the owner: so all keep their seen state in their seen files.
func (s *Server) Share(t testing.TB, name string) {
	t.Helper()
	s.create(t, name)
	admin := s.Login(t, "cyrus")
	defer admin.Hangup()
	admin.Do("SETACL " + name + " anyone lrswipkxte")
}

// create makes a mailbox and remembers its id, which names its files from 3.6 on.
func (s *Server) create(t testing.TB, name string) {
	t.Helper()
	admin := s.Login(t, "cyrus")
	defer admin.Hangup()
	for _, line := range admin.Do("CREATE " + name) {
		if m := mailboxID.FindStringSubmatch(line); m != nil {
			s.ids[name] = m[1]
		}
	}
	if s.ids[name] == "" {
		t.Fatalf("CREATE %s told no mailbox id: is this a Cyrus before 3.6?", name)
	}
}

// below is where Cyrus puts what belongs to a mailbox, by its id.
func (s *Server) below(dir, mailbox string) string {
	id := s.ids[mailbox]
	return filepath.Join(s.Dir, dir, "uuid", id[:1], id[1:2], id)
}

// Seen is the seen file of a user.
func (s *Server) Seen(user string) string {
	return filepath.Join(s.below("conf/user", "user/"+user), "seen.db")
}

// Index is the cyrus.index of a mailbox, named as in [Server.Share] or "user/jwade".
func (s *Server) Index(mailbox string) string {
	return filepath.Join(s.below("spool", mailbox), "cyrus.index")
}

// NameLock is the file on which Cyrus locks a mailbox's name.
func (s *Server) NameLock(mailbox string) string {
	return filepath.Join(s.Dir, "lock", s.ids[mailbox]+".lock")
}

// UserLock is the file on which Cyrus locks all that belongs to a user.
func (s *Server) UserLock(user string) string {
	return filepath.Join(s.Dir, "lock", "*U*"+user+".lock")
}

// AcceptLock is the file on which idle workers of a service wait for their turn.
func (s *Server) AcceptLock(service string) string {
	return filepath.Join(s.Dir, "conf/socket", service+"-0.lock")
}
