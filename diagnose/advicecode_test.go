package diagnose

import (
	"slices"
	"strings"
	"testing"

	"cyrlock/evidence"
)

// shimmed is a process with the library of fix shim.
func shimmed(bound int, paths ...string) *evidence.Code {
	return &evidence.Code{Timed: &evidence.Timed{Library: "/usr/local/lib/cyrlock/shim-0123456789ab.so", BoundS: bound, Paths: paths}}
}

// crew is a seen file that seven processes of Cyrus wait for, with the code of each.
func crew(path string, code func(pid int) *evidence.Code) evidence.Snapshot {
	s := scene{locks: []locked{{file: "jwade.seen", holders: []int{1}, waiters: []int{2, 3, 4, 5, 6, 7, 8}, since: 20}}}.snapshot()
	s.Files[0].Path = path
	for i := range s.Processes {
		p := &s.Processes[i]
		p.Cyrus, p.Exe, p.Code = true, "/usr/lib/cyrus/bin/imapd", code(p.PID)
	}
	return s
}

func adviceOn(t *testing.T, s evidence.Snapshot) (wait Advice, next []Advice) {
	t.Helper()
	r := Diagnose(s, Options{Threshold: 1})
	root := r.Roots[0]
	for _, a := range root.Advice {
		if wrong := sound(&r, root, a); wrong != "" {
			t.Errorf("%s: %+v", wrong, a)
		}
		if a.Action == "wait" {
			wait = a
		}
	}
	return wait, root.AdviceFor(Next)
}

const (
	crewSeen  = "/var/imap/user/j/jwade.seen"
	crewIndex = "/var/spool/imap/user/jwade/cyrus.index"
)

// Where all who wait have the timed lock, it is not advised again, and to wait is an
// answer: their waits end.
func TestAdviceWhereAllAreTimed(t *testing.T) {
	for bound, want := range map[int]string{285: "after 285 s at most", 73810: "after 73,810 s at most", 0: "when its time is over"} {
		wait, next := adviceOn(t, crew(crewSeen, func(pid int) *evidence.Code {
			if pid == 5 && bound > 0 {
				return shimmed(5, "*.seen", "*/seen.db") // started before the limit was changed
			}
			return shimmed(bound, "*.seen", "*/seen.db")
		}))
		if len(next) != 1 || next[0].Action != "verify" || next[0].Acts() || next[0].Command != "cyrlock fix shim verify" || next[0].Why != "those who wait have the timed lock, and each wait ends "+want+"; this shows what it has done so far" {
			t.Errorf("%d: %+v", bound, next)
		}
		if wait.Effect != mayPass || wait.Why != "the timed lock ends each of these waits "+want+", with an error" || wait.Command == "" {
			t.Errorf("%d: %+v", bound, wait)
		}
	}
}

// Where some have it, the others are named, for they keep their old code.
func TestAdviceWhereSomeAreTimed(t *testing.T) {
	code := func(pid int) *evidence.Code {
		switch pid {
		case 2:
			return shimmed(285, "*.seen")
		case 3:
			return nil
		case 4: // for other files only
			return shimmed(285, "*/cyrus.index")
		}
		return &evidence.Code{}
	}
	wait, next := adviceOn(t, crew(crewSeen, code))
	if len(next) != 1 || next[0].Action != "verify" || next[0].Why != "1 of 7 who wait have the timed lock; until Cyrus is started anew these go on without it: imapd 4, imapd 5, imapd 6, imapd 7, imapd 8; of 1 it is not known" {
		t.Errorf("%+v", next)
	}
	if !strings.HasSuffix(wait.Why, "; the timed lock ends the wait of 1 of them after 285 s at most") || wait.Effect != noCure {
		t.Errorf("%+v", wait)
	}
	_, next = adviceOn(t, crew(crewSeen, func(pid int) *evidence.Code {
		if pid == 8 {
			return shimmed(285)
		}
		return &evidence.Code{}
	}))
	if !strings.HasSuffix(next[0].Why, "imapd 2, imapd 3, imapd 4, imapd 5, imapd 6 and 1 more") {
		t.Errorf("%+v", next)
	}
}

// A timed lock that has no limit for this very wait is none: what is to be installed is
// said, and that the one that is loaded does not do.
func TestAdviceWhereTheTimedLockIsForOthers(t *testing.T) {
	seen := func(int) *evidence.Code { return shimmed(285, "*.seen", "*/seen.db") }
	for name, s := range map[string]evidence.Snapshot{
		"the index":          crew(crewIndex, seen),
		"unknown, the index": crew(crewIndex, func(int) *evidence.Code { return shimmed(285) }),
		"a part of the file": func() evidence.Snapshot {
			s := crew(crewSeen, seen)
			for i := range s.Files[0].Waiters {
				s.Files[0].Waiters[i].End = 9
			}
			return s
		}(),
	} {
		wait, next := adviceOn(t, s)
		i := slices.IndexFunc(next, func(a Advice) bool { return a.Action == "shim" })
		if i < 0 || !strings.HasPrefix(next[i].Command, "cyrlock fix shim install") || !strings.HasSuffix(next[i].Why, "; the timed lock that is loaded leaves this file out") || strings.Contains(wait.Why, "timed lock") {
			t.Errorf("%s: %+v\n%+v", name, next, wait)
		}
	}
	if _, next := adviceOn(t, crew(crewIndex, func(int) *evidence.Code { return shimmed(30, "*.seen", "/var/spool/*/cyrus.inde?") })); next[0].Action != "verify" {
		t.Errorf("%+v", next)
	}
	if _, next := adviceOn(t, crew("/var/imap/mailboxes.db", func(int) *evidence.Code { return shimmed(285, "*") })); next[0].Action != "nothing" {
		t.Errorf("%+v", next)
	}
}

// Those that run what was replaced on disk since are named: a patched Cyrus may lie
// there already.
func TestAdviceNamesTheReplaced(t *testing.T) {
	s := crew(crewSeen, func(pid int) *evidence.Code {
		if pid > 2 {
			return &evidence.Code{Replaced: []string{"/usr/lib/libcyrus_min.so.0"}}
		}
		return &evidence.Code{}
	})
	s.Process(1).Exe += " (deleted)"
	s.Process(1).Code = nil // its stack could not be read
	_, next := adviceOn(t, s)
	for _, a := range next {
		end := "keep the old code until Cyrus is restarted; Cyrus was replaced on disk since these were started: imapd 1, imapd 3, imapd 4, imapd 5, imapd 6 and 2 more"
		if a.Action == "source" {
			end += "; if what is there now has the timed lock, start Cyrus anew"
		}
		if !strings.HasSuffix(a.Why, end) {
			t.Errorf("%s: %q lacks %q", a.Action, a.Why, end)
		}
	}
	if len(next) != 2 {
		t.Errorf("%+v", next)
	}
	if _, next := adviceOn(t, crew(crewSeen, func(int) *evidence.Code { return &evidence.Code{} })); strings.Contains(next[0].Why+next[1].Why, "replaced") {
		t.Errorf("%+v", next)
	}
}
