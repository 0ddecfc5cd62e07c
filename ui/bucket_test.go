package ui

import (
	"testing"

	"cyrlock/evidence"
)

// TestBuckets: the same functions are one bucket whatever their arguments and
// addresses; another function, another module, or another part is another.
func TestBuckets(t *testing.T) {
	s := incident()
	same := seenWaiter(30000, "INBOX", 500)
	same.Threads[0].Frames[1].Args[0].Value = "7"
	same.Threads[0].Frames[3].PC += 4096
	elsewhere := seenWaiter(30001, "INBOX", 1)
	elsewhere.Threads[0].Frames[5].Func = "append_addseen"
	module := seenWaiter(30002, "INBOX", 1)
	module.Threads[0].Frames[5].Module = "/usr/cyrus/bin/pop3d"
	s.Processes = append(s.Processes, same, elsewhere, module)
	for _, pid := range []int{30000, 30001, 30002} {
		s.Files[2].Waiters = append(s.Files[2].Waiters, waits(pid, 22, 1, 9))
	}
	// The holder stands where the waiters stand: it is in a lock call of its own.
	s.Processes[0].Threads[0].Frames = seenWaiter(1, "", 0).Threads[0].Frames

	type want struct {
		part  part
		file  string
		first int
		n     int
	}
	var got []want
	m := screens(t, recorded(s), colour, 80, 24)
	for _, b := range buckets(&m.scene) {
		got = append(got, want{b.part, b.file.Path, b.members[0].proc.PID, len(b.members)})
	}
	wants := []want{
		{holder, seenFile, 24870, 1},
		{waiter, seenFile, 30000, 4}, // the longest wait comes first
		{waiter, seenFile, 30001, 1},
		{waiter, seenFile, 30002, 1},
		{waiter, headerFile, 25010, 9},
	}
	if len(got) != len(wants) {
		t.Fatalf("got %v", got)
	}
	for i := range wants {
		if got[i] != wants[i] {
			t.Errorf("bucket %d: got %v, want %v", i, got[i], wants[i])
		}
	}
}

// TestBucketsKeepTheirKeys: folding and selection hold on to the key.
func TestBucketsKeepTheirKeys(t *testing.T) {
	a, b := screens(t, recorded(incident()), colour, 80, 24), screens(t, recorded(incident()), colour, 80, 24)
	x, y := buckets(&a.scene), buckets(&b.scene)
	seen := map[string]bool{}
	for i := range x {
		if x[i].key != y[i].key || seen[x[i].key] {
			t.Errorf("key %q and %q", x[i].key, y[i].key)
		}
		seen[x[i].key] = true
	}
}

// TestFolding: space shows a whole stack and folds it; right shows another process.
func TestFolding(t *testing.T) {
	s := screens(t, recorded(incident()), without, 80, 24, "2", "down")
	hides(t, s, "cmd_select")
	press(t, s, " ")
	shows(t, s, "#11 main ()")
	press(t, s, " ")
	hides(t, s, "lock_reopen (fd=22")
	press(t, s, " ")
	press(t, s, "right")
	shows(t, s, ">▾ WAIT   3 × imapd 24901 24876 24950")
	press(t, s, "right", "right")
	shows(t, s, ">▾ WAIT   3 × imapd 24876 24901 24950")
}

// TestMissingStack says why there is none.
func TestMissingStack(t *testing.T) {
	s := incident()
	s.Processes[1].Threads = []evidence.Thread{{TID: s.Processes[1].PID, Error: "permission denied: run as root"}}
	shows(t, screens(t, recorded(s), without, 80, 50, "2"), "no stack: permission denied: run as root")
}

// TestGuessedFrame: what was searched, not computed, says so however narrow the row.
func TestGuessedFrame(t *testing.T) {
	s := incident()
	f := &s.Processes[0].Threads[0].Frames[2]
	f.How, f.Args = "guess", []evidence.Arg{{Name: "text", Value: nasty[7]}}
	shows(t, screens(t, recorded(s), without, 40, 12, "2"), "#2  guessed: prot_write (")
}
