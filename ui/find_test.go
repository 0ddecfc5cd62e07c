package ui

import (
	"errors"
	"fmt"
	"math/rand/v2"
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
		"holder   imapd 24950   …er/jwade/cyrus.header", "waiter 4 lmtpd 25013", "12 sessions or deliveries for jwade cannot go on")
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

// TestFileGoes: the file whose processes are looked at is free.
func TestFileGoes(t *testing.T) {
	m := &one{snapshot: sample.Incident()}
	s := screens(t, m, colour, 80, 24, "1", "enter", "down", "/", "2")
	m.snapshot.Files = m.snapshot.Files[:2]
	look(t, s, epoch)
	shows(t, s, "The file is free: nobody waits for it any more.", "cyrus.header")
	press(t, s, "x")
	shows(t, s, "User or file: x_")
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

// TestRowsPasted: text from elsewhere has no inodes; its files are still apart.
func TestRowsPasted(t *testing.T) {
	s := sample.Files([3]int{1, 10, 20}, [3]int{2, 11, 21})
	for i := range s.Files {
		s.Files[i].Ino = 0
	}
	shows(t, screens(t, sample.Recorded(s), colour, 80, 24, "1"), "FILES 2", "/f1", "/f2")
}

// TestHostileFind: nothing of a stranger's moves the cursor, wherever on the page.
func TestHostileFind(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 4 {
		m := &one{snapshot: sample.Hostile(r)}
		m.snapshot.Focus = &evidence.Focus{User: sample.Nasty[r.IntN(len(sample.Nasty))], Paths: []evidence.SeenPath{
			{Path: sample.Nasty[r.IntN(len(sample.Nasty))], How: sample.Nasty[r.IntN(len(sample.Nasty))]}, {Path: m.snapshot.Files[2].Path, How: sample.Nasty[0]}}}
		for _, size := range [][2]int{{80, 24}, {40, 12}, {200, 60}, {64, 18}, {120, 30}} {
			for _, keys := range [][]string{{"enter"}, {"enter", "end"}, {"right"}, {"right", "enter"}, {"right", "down", "enter", "down"}, {"/", "x", "enter"}, {"down", "enter", "enter"}} {
				s := screens(t, m, colour, size[0], size[1], append([]string{"1"}, keys...)...)
				if s.crash != nil {
					t.Fatal(s.crash)
				}
				view := s.View()
				exact(t, view, size[0], size[1])
				harmless(t, view)
			}
		}
	}
}

// TestFindFrames are what the page can say, in every size.
func TestFindFrames(t *testing.T) {
	then := sample.Incident()
	for _, c := range []struct {
		name string
		now  evidence.Snapshot
		keys []string
		says evidence.Snapshot // the answer to the last key
	}{
		{"users", then, []string{"right"}, then},
		{"answer", then, []string{"right", "enter"}, answer(aboutJwade)},
		{"nobody", then, []string{"/", "l", "s", "m", "i", "t", "h", "enter"}, nobody()},
		{"processes", then, []string{"enter"}, answer(aboutFile)},
		{"crowd", sample.Crowd(5000, 3), []string{"enter"}, sample.Crowd(5000, 3)},
		{"files", chained(40), []string{"end"}, then},
		{"typing", then, []string{"/", "l", "m", "t"}, then},
		{"nothing", then, []string{"/", "z", "z"}, then},
		{"hostile", sample.Hostile(rand.New(rand.NewPCG(5, 6))), []string{"enter"}, then},
	} {
		for _, size := range [][2]int{{80, 24}, {40, 12}, {200, 60}} {
			t.Run(fmt.Sprintf("%s-%dx%d", c.name, size[0], size[1]), func(t *testing.T) {
				m := &one{snapshot: c.now}
				s := screens(t, m, without, size[0], size[1], append([]string{"1"}, c.keys[:len(c.keys)-1]...)...)
				m.snapshot = c.says
				press(t, s, c.keys[len(c.keys)-1])
				golden(t, fmt.Sprintf("find-%s-%dx%d", c.name, size[0], size[1]), frame(t, s))
			})
		}
	}
}

// chained is the incident beside n other files, each with a waiter.
func chained(n int) evidence.Snapshot {
	s := sample.Incident()
	s.Files = append(s.Files, sample.Chains(n).Files...)
	return s
}
