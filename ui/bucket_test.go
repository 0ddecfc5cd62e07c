package ui

import (
	"testing"

	"cyrlock/evidence"
	"cyrlock/ui/sample"
	"cyrlock/ui/scene"
)

// TestBuckets: the same functions are one bucket whatever their arguments and
// addresses; another function, another module, or another part is another.
func TestBuckets(t *testing.T) {
	s := sample.Incident()
	same := sample.SeenWaiter(30000, "INBOX", 500)
	same.Threads[0].Frames[1].Args[0].Value = "7"
	same.Threads[0].Frames[3].PC += 4096
	elsewhere := sample.SeenWaiter(30001, "INBOX", 1)
	elsewhere.Threads[0].Frames[5].Func = "append_addseen"
	module := sample.SeenWaiter(30002, "INBOX", 1)
	module.Threads[0].Frames[5].Module = "/usr/cyrus/bin/pop3d"
	s.Processes = append(s.Processes, same, elsewhere, module)
	for _, pid := range []int{30000, 30001, 30002} {
		s.Files[2].Waiters = append(s.Files[2].Waiters, sample.Waits(pid, 22, 1, 9))
	}
	// The holder stands where the waiters stand: it is in a lock call of its own.
	s.Processes[0].Threads[0].Frames = sample.SeenWaiter(1, "", 0).Threads[0].Frames

	type want struct {
		part  scene.Part
		file  string
		first int
		n     int
	}
	var got []want
	m := screens(t, sample.Recorded(s), colour, 80, 24)
	for _, b := range m.Buckets {
		got = append(got, want{b.Part, b.File.Path, b.Members[0].Proc.PID, len(b.Members)})
	}
	wants := []want{
		{scene.Holder, sample.SeenFile, 24870, 1},
		{scene.Waiter, sample.SeenFile, 30000, 4}, // the longest wait comes first
		{scene.Waiter, sample.SeenFile, 30001, 1},
		{scene.Waiter, sample.SeenFile, 30002, 1},
		{scene.Waiter, sample.HeaderFile, 25010, 9},
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
	a, b := screens(t, sample.Recorded(sample.Incident()), colour, 80, 24), screens(t, sample.Recorded(sample.Incident()), colour, 80, 24)
	x, y := a.Buckets, b.Buckets
	seen := map[string]bool{}
	for i := range x {
		if x[i].Key != y[i].Key || seen[x[i].Key] {
			t.Errorf("key %q and %q", x[i].Key, y[i].Key)
		}
		seen[x[i].Key] = true
	}
}

// TestFolding: space shows a whole stack and folds it; right shows another process.
func TestFolding(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Incident()), without, 80, 24, "2", "down")
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
	s := sample.Incident()
	s.Processes[1].Threads = []evidence.Thread{{TID: s.Processes[1].PID, Error: "permission denied: run as root"}}
	shows(t, screens(t, sample.Recorded(s), without, 80, 50, "2"), "no stack: permission denied: run as root")
}

// TestGuessedFrame: what was searched, not computed, says so however narrow the row.
func TestGuessedFrame(t *testing.T) {
	s := sample.Incident()
	f := &s.Processes[0].Threads[0].Frames[2]
	f.How, f.Args = "guess", []evidence.Arg{{Name: "text", Value: sample.Nasty[7]}}
	shows(t, screens(t, sample.Recorded(s), without, 40, 12, "2"), "#2  guessed: prot_write (")
}
