package diagnose

import (
	"strings"
	"testing"
	"unicode"

	"cyrlock/evidence"
)

// chance makes a snapshot of bytes: who holds, who waits, what was not seen.
func chance(b []byte, path string, after float64) evidence.Snapshot {
	s := evidence.Snapshot{Taken: clock(after), Locks: len(b), TookMS: float64(len(b) % 3)}
	next := func() (n int) {
		if len(b) > 0 {
			n, b = int(b[0]), b[1:]
		}
		return n
	}
	s.Host.UID, s.Host.Container = next()%2*1000, next()%16 == 1
	s.Host.BootID = []string{"", "a", "a", "a", "a", "a", "b"}[next()%7]
	if next()%5 == 1 {
		s.Focus = &evidence.Focus{User: path, Paths: []evidence.SeenPath{{Path: path}}}
	}
	for len(b) > 0 {
		what, pid, other := next(), next()%12, next()
		switch what % 8 {
		case 0, 1:
			f := evidence.File{Dev: "fe:00", Ino: uint64(other % 4), Path: path, Lock: []string{evidence.Flock, evidence.Posix, ""}[other%3], Reads: other % 5, HolderSeen: pid % 5}
			if other%7 == 0 {
				f.Dev, f.Ino = "", 0
			}
			if other%11 == 0 {
				f.Path = "/var/imap/socket/imap-0.lock"
			}
			s.Files = append(s.Files, f)
		case 2, 3:
			if n := len(s.Files); n > 0 {
				s.Files[n-1].Holders = append(s.Files[n-1].Holders, evidence.Holder{PID: pid, FD: other%4 - 1, Mode: []string{evidence.Read, evidence.Write}[other%2], Lock: s.Files[n-1].Lock, Locker: other % 12, LockerDead: other > 200})
			}
		case 4, 5:
			if n := len(s.Files); n > 0 {
				s.Files[n-1].Waiters = append(s.Files[n-1].Waiters, evidence.Waiter{PID: pid, TID: pid + other%2, FD: other%4 - 1, Mode: []string{evidence.Read, evidence.Write}[other%2], Lock: s.Files[n-1].Lock, SinceS: float64(other) - 3})
			}
		case 6:
			s.Processes = append(s.Processes, evidence.Process{PID: pid, Start: uint64(other % 3), Comm: path, User: path, Cyrus: other%2 == 0, Threads: []evidence.Thread{{TID: pid, Syscall: []string{"", "flock", "read"}[other%3]}}})
		case 7:
			s.Gaps = append(s.Gaps, evidence.Gap{PID: pid, What: []string{"stack", "system calls", evidence.LockTable}[other%3], Why: path})
		}
	}
	return s
}

// Whatever two looks show, nothing false follows from their difference.
func FuzzCompare(f *testing.F) {
	f.Add([]byte{0, 2, 1, 2, 0, 1, 1, 4, 2, 1, 4, 3, 1, 6, 1, 1, 6, 2, 1}, []byte{0, 2, 1, 2, 0, 1, 1, 2, 2, 1, 4, 3, 1, 6, 2, 1}, "/var/imap/user/j/jwade.seen")
	f.Add([]byte{0, 2, 1, 2, 0, 1, 1, 4, 2, 1, 6, 1, 1}, []byte{0, 2, 1, 2}, "x\x1b[31m|\n")
	f.Add([]byte{0, 2, 1, 2, 0, 1, 1, 2, 1, 0, 2, 2, 0, 4, 3, 1}, []byte{0, 2, 1, 2, 0, 1, 1, 2, 2, 0, 4, 3, 1, 7, 1, 2}, "a")
	f.Fuzz(func(t *testing.T, one, other []byte, path string) {
		if len(one) > 300 || len(other) > 300 || len(path) > 100 {
			return
		}
		before, after := Diagnose(chance(one, path, 0), Options{}), Diagnose(chance(other, path, 2), Options{})
		compareHolds(t, before, after)
		compareHolds(t, after, before)
		for _, r := range []Report{before, after} {
			if c := Compare(r, r); len(c.Events(9)) != 0 || len(c.Came)+len(c.Went)+len(c.Unsure)+len(c.Took)+len(c.LetGo)+len(c.Began)+len(c.Ended)+len(c.Hidden) != 0 {
				t.Fatalf("a look differs from itself: %+v", c)
			}
			r.Users()
			for _, slot := range r.Slots() {
				if slot.Waiting < 1 {
					t.Fatalf("%+v", slot)
				}
			}
		}
		var h History
		for i, r := range []Report{before, after, before, after} {
			r.Taken = clock(float64(2 * i))
			h.Add(r)
			hangs, n := h.Hangs(), len(h.Events())
			h.Add(r)
			if len(h.Events()) != n || len(h.Hangs()) < len(hangs) {
				t.Fatalf("the same look again: %q", texts(h.Events()[min(n, len(h.Events())):]))
			}
		}
		for _, e := range h.Events() {
			safe(t, e.Text)
		}
		for _, g := range h.Hangs() {
			safe(t, g.What+g.How+g.Holder)
			if g.Seen.IsZero() || g.Began.After(g.Seen) || !g.Cleared.IsZero() && g.Cleared.Before(g.Seen) || g.Most < 1 {
				t.Fatalf("%+v", g)
			}
		}
	})
}

func safe(t *testing.T, text string) {
	t.Helper()
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Fatalf("%q can move a cursor", text)
	}
}

func compareHolds(t *testing.T, before, after Report) {
	t.Helper()
	c := Compare(before, after)
	type thread struct {
		ProcessID
		tid  int
		lock lock
	}
	of := func(w Wait) thread { return thread{w.ProcessID, w.TID, lockOfFile(w.File)} }
	over := map[thread]bool{}
	for _, w := range c.Went {
		over[of(w)] = true
	}
	for _, w := range c.Came {
		if over[of(w)] {
			t.Fatalf("%+v came and went", of(w))
		}
	}
	for _, w := range newView(after).waits {
		if over[of(w)] {
			t.Fatalf("%+v is told to wait no longer, and waits", of(w))
		}
	}
	for _, root := range before.Roots {
		p := c.Proof(root)
		safe(t, p.Sentence)
		switch {
		case p.Sentence == "" || p.Freed+p.Left+p.Unsure != p.Waited:
			t.Fatalf("%+v", p)
		case p.Outcome == Drained && (p.Left+p.Unsure > 0 || blind(after.Snapshot) || after.Locks == 0 && after.TookMS == 0):
			t.Fatalf("called drained: %+v", p)
		case p.Outcome == NextRoot && p.Next == nil && p.Left == 0:
			t.Fatalf("no next root: %+v", p)
		}
	}
	for _, e := range c.Events(3) {
		safe(t, e.Text)
		if e.Text == "" || e.Kind == "" {
			t.Fatalf("%+v", e)
		}
	}
}
