package ui

import (
	"errors"
	"testing"

	"cyrlock/evidence"
)

// TestFilter narrows the list as it is typed, by all that a file is known by.
func TestFilter(t *testing.T) {
	for filter, want := range map[string]string{"JWADE.s": seenFile, "24950": seenFile, "lmtpd": headerFile, "25013": headerFile, "accept": "/var/imap/socket/imap-0.lock"} {
		s := screens(t, recorded(incident()), colour, 80, 24, "/")
		for _, c := range filter {
			press(t, s, string(c))
		}
		p := s.pages[stepFind].(*findPage)
		if len(p.rows) == 0 || p.rows[0].file.Path != want {
			t.Errorf("%s: %+v", filter, p.rows)
		}
	}
}

// TestSearch asks the machine about what is typed: a user, or a file.
func TestSearch(t *testing.T) {
	m := &one{snapshot: incident()}
	s := screens(t, m, colour, 80, 24, "/", "l", "s", "m", "i", "t", "h")
	shows(t, s, "lsmith_", "No file that somebody waits for matches lsmith.")
	lsmith := evidence.Snapshot{Taken: epoch, Processes: []evidence.Process{imapd(23990, "INBOX", "192.0.2.9")},
		Files: []evidence.File{{Path: "/var/imap/user/s/lsmith.seen", Ino: 5, Open: []evidence.Opener{{PID: 23990, FD: 17}}}}}
	m.snapshot = lsmith
	press(t, s, "enter")
	if got, want := m.asked[len(m.asked)-1], (evidence.Query{User: "lsmith", Openers: true}); got != want {
		t.Errorf("asked %+v, want %+v", got, want)
	}
	shows(t, s, "> user/s/lsmith.seen", "open      imapd 23990", "lsof | grep lsmith.seen")
	m.snapshot = incident()
	look(t, s, epoch) // the answer stays while the looks go on
	shows(t, s, "> user/s/lsmith.seen", "imapd 23990")
	press(t, s, "esc")
	shows(t, s, "> user/p/jwade.seen")
	hides(t, s, "lsmith")
}

func TestSearchOfAFile(t *testing.T) {
	m := &one{snapshot: incident()}
	s := screens(t, m, colour, 80, 24, "/", "/", "x", "enter")
	if got := m.asked[len(m.asked)-1]; got.File != "/x" {
		t.Errorf("asked %+v", got)
	}
	m.snapshot, m.err = evidence.Snapshot{}, errors.New("scan: took too long")
	press(t, s, "/", "y", "enter")
	shows(t, s, "The search failed: scan: took too long")
	m.err = nil
	press(t, s, "/", "z", "enter")
	shows(t, s, "No process has /xyz open")
}

// TestLateAnswer: an answer to what was asked before is not shown.
func TestLateAnswer(t *testing.T) {
	s := screens(t, recorded(incident()), colour, 80, 24, "/", "a")
	late := s.search(queryFor("a"))
	s.typed(keyMsg("enter"))
	press(t, s, "esc") // given up
	s.Update(late())
	hides(t, s, "Searching", "failed", "No process")
}

// TestConsequence: a file whose holder waits for another is pointed there.
func TestConsequence(t *testing.T) {
	s := screens(t, recorded(incident()), colour, 80, 24, "1")
	rows := s.pages[stepFind].(*findPage).rows
	var notes []string
	for _, r := range rows {
		notes = append(notes, r.note)
	}
	if len(notes) != 3 || notes[0] != "HUNG" || notes[1] != "↳ row 1" || notes[2] != "normal" {
		t.Errorf("%q", notes)
	}
}

func TestEditing(t *testing.T) {
	s := screens(t, recorded(incident()), colour, 80, 24, "/", "q", "ü", " ", "backspace", "backspace")
	shows(t, s, "User or file: q_")
	press(t, s, "ctrl+u", "3")
	shows(t, s, "User or file: 3_")
	press(t, s, "down")
	if s.editing() {
		t.Error("down does not leave the filter")
	}
}
