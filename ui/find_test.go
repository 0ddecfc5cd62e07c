package ui

import (
	"errors"
	"testing"

	"cyrlock/evidence"
	"cyrlock/ui/page"
	"cyrlock/ui/sample"
)

// TestFilter narrows the list as it is typed, by all that a file is known by.
func TestFilter(t *testing.T) {
	for filter, want := range map[string]string{"JWADE.s": sample.SeenFile, "24950": sample.SeenFile, "lmtpd": sample.HeaderFile, "25013": sample.HeaderFile, "accept": "/var/imap/socket/imap-0.lock"} {
		s := screens(t, sample.Recorded(sample.Incident()), colour, 80, 24, "/")
		for _, c := range filter {
			press(t, s, string(c))
		}
		if got := s.pages[page.StepFind].Selected(s.Scene).File; got == nil || got.Path != want {
			t.Errorf("%s: %+v", filter, got)
		}
	}
}

// TestSearch asks the machine about what is typed: a user, or a file.
func TestSearch(t *testing.T) {
	m := &one{snapshot: sample.Incident()}
	s := screens(t, m, colour, 80, 24, "/", "l", "s", "m", "i", "t", "h")
	shows(t, s, "lsmith_", "No file that somebody waits for matches lsmith.")
	lsmith := evidence.Snapshot{Taken: epoch, Processes: []evidence.Process{{PID: 23990, Comm: "imapd"}},
		Files: []evidence.File{{Path: "/var/imap/user/s/lsmith.seen", Ino: 5, Open: []evidence.Opener{{PID: 23990, FD: 17}}}}}
	m.snapshot = lsmith
	press(t, s, "enter")
	if got, want := m.asked[len(m.asked)-1], (evidence.Query{User: "lsmith", Openers: true}); got != want {
		t.Errorf("asked %+v, want %+v", got, want)
	}
	shows(t, s, "> /var/imap/user/s/lsmith.seen", "open     imapd 23990", "lsof | grep lsmith.seen")
	m.snapshot = sample.Incident()
	look(t, s, epoch) // the answer stays while the looks go on
	shows(t, s, "> /var/imap/user/s/lsmith.seen", "imapd 23990")
	press(t, s, "esc")
	shows(t, s, "> user/p/jwade.seen")
	hides(t, s, "lsmith")
}

func TestSearchOfAFile(t *testing.T) {
	m := &one{snapshot: sample.Incident()}
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
	s := screens(t, sample.Recorded(sample.Incident()), colour, 80, 24, "/", "a")
	late := s.search(evidence.Query{User: "a", Openers: true})
	s.typed(keyMsg("enter"))
	press(t, s, "esc") // given up
	s.Update(late())
	hides(t, s, "Searching", "failed", "No process")
}

// TestConsequence: a file whose holder waits for another is pointed there.
func TestConsequence(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Incident()), colour, 80, 24, "1")
	shows(t, s, "2m14s  HUNG", "1m38s  ↳ row 1", "1h06m  normal")
}

func TestEditing(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Incident()), colour, 80, 24, "/", "q", "ü", " ", "backspace", "backspace")
	shows(t, s, "User or file: q_")
	press(t, s, "ctrl+u", "3")
	shows(t, s, "User or file: 3_")
	press(t, s, "down")
	if s.editing() {
		t.Error("down does not leave the filter")
	}
}
