package ui

import (
	"strings"
	"testing"

	"cyrlock/evidence"
	"cyrlock/ui/sample"
)

// answer is what a machine says that was asked about one user or file: the
// incident, with what was asked about, and who else has it open.
func answer(q evidence.Focus) evidence.Snapshot {
	s := sample.Incident()
	s.Focus = &q
	s.Files[2].Open = []evidence.Opener{{PID: 23990, FD: 17, Ino: 1311768}, {PID: 23991, FD: 8, Ino: 1, Deleted: true}}
	s.Processes = append(s.Processes, evidence.Process{PID: 23990, Start: 5, Exe: "/usr/cyrus/bin/imapd", User: "lsmith", Service: "imap"},
		evidence.Process{PID: 23991, Start: 5, Exe: "/usr/bin/tar"})
	return s
}

var (
	aboutJwade = evidence.Focus{User: "jwade", Paths: []evidence.SeenPath{
		{Path: "/var/imap/user/j/jwade.seen", How: "from imapd.conf: configdirectory + user/j/jwade.seen"},
		{Path: sample.SeenFile, How: "observed: imapd 24870 has it open"}}}
	aboutFile = evidence.Focus{File: sample.SeenFile, Paths: []evidence.SeenPath{{Path: sample.SeenFile, How: "asked for"}}}
)

// nobody is a machine on which nobody has it open.
func nobody() evidence.Snapshot {
	s := sample.Incident()
	s.Files, s.Processes = nil, nil
	s.Focus = &evidence.Focus{User: "lsmith", Paths: []evidence.SeenPath{
		{Path: "/var/imap/user/l/lsmith.seen", How: "from imapd.conf: configdirectory + user/l/lsmith.seen"},
		{Path: "/var/imap/user/uuid/*/*/*/seen.db", How: "layout of 3.6 and later: the folder is a mailbox id that imapd.conf does not tell; ask mbpath -u -U lsmith"}}}
	return s
}

// TestUsers: who suffers, with all that waits for them; mail for them counts.
func TestUsers(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Incident()), colour, 80, 24, "1", "right")
	shows(t, s, "files 3 │ USERS 1", "\n> jwade                   12     2  2m14s  HUNG      user/p/jwade.seen +1",
		"holder   imapd 24950   …er/jwade/cyrus.header", "waiter 3 lmtpd 25012", "12 sessions or deliveries for jwade cannot go on")
	press(t, s, "left")
	shows(t, s, "FILES 3 │ users 1")
	press(t, s, "l", "h", "l", "/", "n", "o")
	shows(t, s, "USERS 0 of 1", "No user who waits, or keeps others waiting, matches no.", "enter asks the machine")
}

// TestUserOfNobody: idle workers are nobody's, and a wait for nobody's mailbox is told.
func TestUserOfNobody(t *testing.T) {
	m := &one{snapshot: sample.Incident()}
	m.snapshot.Files[1].Path = "/var/imap/mailboxes.db"
	s := screens(t, m, colour, 80, 24, "1", "right")
	shows(t, s, "> jwade                    3     2", "9 more processes wait: for whom is", "not known.")
	m.snapshot.Files = m.snapshot.Files[:1]
	look(t, s, epoch)
	shows(t, s, "USERS 0", "No user is known who waits, or keeps others waiting.")
}

// TestUserSearch: enter on a user asks where the seen file is, how that is known,
// and who has it open; esc leads back to the user.
func TestUserSearch(t *testing.T) {
	m := &one{snapshot: sample.Incident()}
	s := screens(t, m, colour, 80, 30, "1", "right")
	m.snapshot = answer(aboutJwade)
	press(t, s, "enter")
	if got, want := m.asked[len(m.asked)-1], (evidence.Query{User: "jwade", Openers: true}); got != want {
		t.Errorf("asked %+v, want %+v", got, want)
	}
	shows(t, s, "FILES 3", "User or file: jwade  esc clears it", "Asked at 09:14:02: 6 processes have jwade's seen file open.",
		"\n> user/p/jwade.seen", "Known         observed: imapd 24870 has it open",
		"open     imapd 23990   lsmith     17  none", "open     tar 23991                 8  old file")
	press(t, s, "down")
	shows(t, s, "\n> user/j/jwade.seen                seen                                not open",
		"Path          /var/imap/user/j/jwade.seen", "Known         from imapd.conf: configdirectory + user/j/jwade.seen", "No process has it open.")
	press(t, s, "enter")
	shows(t, s, "No process has it open: there is nobody to look at.")
	press(t, s, "esc")
	shows(t, s, "files 3 │ USERS 1", "\n> jwade")
}

// TestNobodyHasIt: that no process has it open is an answer, and where it would be.
func TestNobodyHasIt(t *testing.T) {
	m := &one{snapshot: sample.Incident()}
	s := screens(t, m, colour, 80, 24, "1", "/", "l", "s", "m", "i", "t", "h")
	m.snapshot = nobody()
	press(t, s, "enter")
	shows(t, s, "No process has lsmith's seen file open, or a lock on it. It would be here:",
		"\n> user/l/lsmith.seen", "  user/uuid/*/*/*/seen.db", "Known         from imapd.conf: configdirectory + user/l/lsmith.seen", "No process has it open.", "lsof | grep lsmith.seen")
	press(t, s, "down")
	shows(t, s, "ask mbpath -u -U", "this is a pattern")
	m.snapshot.Focus.Paths = nil
	press(t, s, "/", "enter")
	shows(t, s, "No process has lsmith's seen file open, and no imapd.conf says where it", "/ asks about another user or file, esc shows everything again.")
}

// TestUserQueue: who waits for a user's file stands in the order of the queue, whatever
// clocks say.
func TestUserQueue(t *testing.T) {
	queue := sample.Incident()
	for i := range queue.Files[2].Waiters {
		queue.Files[2].Waiters[i].SinceS = float64(100 + i)
	}
	s := screens(t, sample.Recorded(queue), colour, 80, 24, "1", "right")
	view := s.View()
	last := -1
	for _, row := range []string{"holder ", "waiter 1 imapd 24876", "waiter 2 imapd 24901", "waiter 3 imapd 24950"} {
		at := strings.Index(view, row)
		if at <= last {
			t.Errorf("%q is not in its place:\n%s", row, view)
		}
		last = at
	}
}
