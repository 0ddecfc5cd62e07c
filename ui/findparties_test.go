package ui

import (
	"errors"
	"strings"
	"testing"

	"cyrlock/evidence"
	"cyrlock/ui/page"
	"cyrlock/ui/sample"
)

// TestProcesses: enter leads among the processes of a file, asks who else has it
// open, and leads on to a stack.
func TestProcesses(t *testing.T) {
	m := &one{snapshot: sample.Incident()}
	m.snapshot.Files[2].Open = nil
	s := screens(t, m, colour, 80, 24, "1")
	shows(t, s, "enter asks who else has it open")
	m.snapshot = answer(aboutFile)
	press(t, s, "enter")
	if got, want := m.asked[len(m.asked)-1], (evidence.Query{File: sample.SeenFile, Openers: true}); got != want {
		t.Errorf("asked %+v, want %+v", got, want)
	}
	shows(t, s, "\n> holder   imapd 24870", "waiter 1 imapd 24876", "waiter 3 imapd 24950", "open     imapd 23990   lsmith", "esc files",
		"imapd 24870 holds the lock until it lets go or ends, at:")
	hides(t, s, "cyrus.header", "asks who else")
	press(t, s, "down", "down")
	shows(t, s, "\n> waiter 2 imapd 24901", "imapd 24901 sleeps in the kernel, 1 waiter before it in the")
	if got := s.pages[page.StepFind].Selected(s.Scene); got.PID != 24901 || got.File.Path != sample.SeenFile {
		t.Errorf("selected %+v", got)
	}
	m.snapshot = sample.Incident()
	m.snapshot.Files[2].Waiters = m.snapshot.Files[2].Waiters[1:]
	look(t, s, epoch) // who was asked for stays while the looks go on
	shows(t, s, "\n> waiter 2 imapd 24901", "open     imapd 23990")
	press(t, s, "enter")
	shows(t, s, "STACKS", "imapd 24901")
	press(t, s, "esc")
	shows(t, s, "\n> waiter 2 imapd 24901")
	press(t, s, "esc")
	shows(t, s, "\n> user/p/jwade.seen", "cyrus.header", "esc")
	press(t, s, "esc")
	shows(t, s, "VERDICT")
}

// TestOpenerHasNoPart: whoever only has it open is on no other page.
func TestOpenerHasNoPart(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Incident()), colour, 80, 24, "1", "enter", "end", "enter")
	shows(t, s, "FIND", "\n> open     process 23990", "process 23990 has no part in a hang: cyrlock stack 23990 shows", "only has the file open, which does no harm")
	press(t, s, "up")
	hides(t, s, "has no part")
}

// TestProcessFilter: among thousands of processes one is found by what is known of it.
func TestProcessFilter(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Crowd(5000, 3)), colour, 80, 24, "1", "enter", "/")
	shows(t, s, "Process: _")
	press(t, s, "3", "4", "9", "9", "7")
	shows(t, s, "Process: 34997_", "\n> waiter 5001 imapd 34997", "5,000 waiters before it in")
	hides(t, s, "imapd 24870        ")
	press(t, s, "enter")
	shows(t, s, "Process: 34997  esc clears it")
	press(t, s, "/", "x")
	shows(t, s, "No process here matches 34997x. esc shows all again.")
	press(t, s, "esc", "esc")
	shows(t, s, "Process: / to type", "waiter 5001")
	press(t, s, "end")
	shows(t, s, "\n> open        process 23990", "-5,005")
	press(t, s, "g")
	shows(t, s, "\n> holder      imapd 24870")
}

// TestOpenersUnknown: a question that fails takes nothing away.
func TestOpenersUnknown(t *testing.T) {
	m := &one{snapshot: sample.Incident()}
	m.snapshot.Files[2].Open = nil
	s := screens(t, m, colour, 80, 24, "1")
	m.snapshot, m.err = evidence.Snapshot{}, errors.New("scan: took too long")
	press(t, s, "enter")
	shows(t, s, "\n> holder   imapd 24870", "waiter 3 imapd 24950", "who else has it open is not known: scan: took too long")
}

// TestOver: a hang that ended is not shown as one, and can be asked about again.
func TestOver(t *testing.T) {
	m := &one{snapshot: sample.Incident()}
	s := screens(t, m, colour, 80, 24, "1", "right")
	m.snapshot = answer(aboutJwade)
	press(t, s, "enter")
	free := sample.Incident()
	free.Files, free.Taken = free.Files[:1], epoch.Add(20e9)
	m.snapshot = free
	look(t, s, epoch.Add(20e9))
	shows(t, s, "\n> user/p/jwade.seen                seen   imapd 24870        3  2m14s  over", "THEN     PROCESS", "somebody waited for it at 09:14:02")
	m.snapshot.Taken = epoch.Add(30e9)
	m.snapshot.Focus = &aboutFile
	press(t, s, "enter")
	shows(t, s, "user/p/jwade.seen                seen                                not open", "No process has it open.")
}

// TestNewerAnswer: an answer that is newer than the look shows each file once; so
// does one that saw a file before it was locked.
func TestNewerAnswer(t *testing.T) {
	for name, change := range map[string]func(*evidence.Snapshot){
		"newer":    func(s *evidence.Snapshot) { s.Taken = epoch.Add(1e9) },
		"unlocked": func(s *evidence.Snapshot) { f := &s.Files[2]; f.Lock, f.Holders, f.Waiters = "", nil, nil },
	} {
		t.Run(name, func(t *testing.T) {
			m := &one{snapshot: sample.Incident()}
			s := screens(t, m, colour, 80, 24, "1", "right")
			m.snapshot = answer(aboutJwade)
			change(&m.snapshot)
			press(t, s, "enter")
			if n := strings.Count(frame(t, s), "user/p/jwade.seen  "); n != 2 { // with its path
				t.Errorf("the seen file is there %d times:\n%s", n, frame(t, s))
			}
		})
	}
}

// TestAnswerBesideFocus: a look at one file says nothing of others.
func TestAnswerBesideFocus(t *testing.T) {
	m := &one{snapshot: sample.Incident()}
	s := screens(t, m, colour, 80, 24, "1", "right")
	m.snapshot = answer(aboutJwade)
	press(t, s, "enter")
	m.snapshot = sample.Incident()
	m.snapshot.Files, m.snapshot.Taken = m.snapshot.Files[:1], epoch.Add(5e9)
	m.snapshot.Focus = &evidence.Focus{File: "/x", Paths: []evidence.SeenPath{{Path: "/x", How: "asked for"}}}
	look(t, s, epoch.Add(5e9))
	shows(t, s, "\n> user/p/jwade.seen", "HUNG", "THEN     PROCESS")
	hides(t, s, "over")
}

// TestFileGoes: the file whose processes are looked at is free.
func TestFileGoes(t *testing.T) {
	m := &one{snapshot: sample.Incident()}
	s := screens(t, m, colour, 80, 24, "1", "enter", "down", "/", "2")
	m.snapshot.Files = m.snapshot.Files[:2]
	look(t, s, epoch)
	shows(t, s, "The file is free: nobody waits for it any more.", "cyrus.header")
	press(t, s, "x")
	shows(t, s, "User or file: x_")

	m = &one{snapshot: sample.Incident()}
	s = screens(t, m, colour, 80, 24, "1", "enter")
	m.snapshot.Files, m.err = nil, errors.New("took too long")
	look(t, s, epoch)
	shows(t, s, "did not come to this file")
}

// TestFindCopies what is selected: the path, the process, the user.
func TestFindCopies(t *testing.T) {
	for _, c := range []struct {
		keys []string
		want string
	}{
		{[]string{"1"}, sample.SeenFile},
		{[]string{"1", "enter", "down"}, "imapd 24876, jwade, waiter 1, wants exclusive, 2m14s, lock_reopen ← seen_readit, " + sample.SeenFile},
		{[]string{"1", "enter", "end"}, "process 23990, open, " + sample.SeenFile},
		{[]string{"1", "right"}, "jwade"},
		{[]string{"1", "/", "z"}, ""},
	} {
		s := screens(t, sample.Recorded(sample.Incident()), colour, 80, 24, c.keys...)
		if got := s.pages[page.StepFind].Copy(s.Scene); got != c.want {
			t.Errorf("%v: %q, want %q", c.keys, got, c.want)
		}
	}
}

// TestStates: what is normal, another program's, or only slow, is not called hung.
func TestStates(t *testing.T) {
	young := sample.Incident()
	for _, f := range young.Files[1:] {
		for i := range f.Waiters {
			f.Waiters[i].SinceS = 2
		}
	}
	circle := circle()
	nobody := sample.Incident()
	nobody.Files[2].Holders = nil
	held := sample.Incident()
	held.Files[2].Waiters = nil
	for name, c := range map[string]struct {
		s     evidence.Snapshot
		shows []string
	}{
		"young":  {young, []string{"2.0s  waits", "no hang yet", "↳ row 1", "normal"}},
		"circle": {circle, []string{"HUNG", "this never ends by"}},
		"nobody": {nobody, []string{"nobody seen", "no process that can be seen holds it"}},
		"held":   {held, []string{"/var/spool/imap", "held"}},
	} {
		t.Run(name, func(t *testing.T) {
			shows(t, screens(t, sample.Recorded(c.s), colour, 80, 24, "1"), c.shows...)
		})
	}
}

// TestFilesNamedByID: where the folder is an id, the row says whose file it is.
func TestFilesNamedByID(t *testing.T) {
	s := sample.Incident()
	s.Files[2].Path = "/var/imap/user/uuid/r/q/rqba9m72vhrwtn2e0tasq0dz/seen.db"
	shows(t, screens(t, sample.Recorded(s), colour, 80, 24, "1"), "\n> …hrwtn2e0tasq0dz/seen.db (jwade)")
}

// TestRowsPasted: text from elsewhere has no inodes; its files are still apart.
func TestRowsPasted(t *testing.T) {
	s := sample.Files([3]int{1, 10, 20}, [3]int{2, 11, 21})
	for i := range s.Files {
		s.Files[i].Ino = 0
	}
	shows(t, screens(t, sample.Recorded(s), colour, 80, 24, "1"), "FILES 2", "/f1", "/f2")
}
