package ui

import (
	"fmt"
	"strings"
	"testing"

	"cyrlock/evidence"
	"cyrlock/ui/page"
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
		s.Files[2].Waiters = append(s.Files[2].Waiters, sample.Waits(pid, 22, map[bool]float64{true: 500, false: 1}[pid == 30000], 9))
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

// TestFolding: folded, a bucket is what matters of its stack; space shows all of it
// and folds it again, and the cursor stays on its frame.
func TestFolding(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Incident()), without, 80, 24, "2", "n")
	shows(t, s, "▸ WAIT   3 × imapd", "▌ #1  lock_reopen (fd=22", "space all frames")
	hides(t, s, "cmd_select")
	press(t, s, " ")
	shows(t, s, ">▾ WAIT   3 × imapd", "#11 main ()", "space fewer frames")
	press(t, s, "down", "down", "down", "down") // #3, which says nothing
	shows(t, s, "\n>    #3  myfetch ()")
	press(t, s, " ")
	hides(t, s, "cmd_select")
	shows(t, s, "\n>  ▌ #1  lock_reopen")
}

// TestNextProcess: right and left show the other processes of a bucket, each with
// its own arguments and its own wait.
func TestNextProcess(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Incident()), without, 80, 24, "2", "n", "right")
	shows(t, s, ">▸ WAIT   3 × imapd 24901 24876 24950          waits 2m02s")
	press(t, s, "right", "right")
	shows(t, s, ">▸ WAIT   3 × imapd 24876 24901 24950")
	press(t, s, "left")
	shows(t, s, ">▸ WAIT   3 × imapd 24950 24876 24901")
	press(t, s, "down", "down")
	shows(t, s, "sbuf=0x7ffd24950) at lock_flock.c:84")
}

// TestDeeperIntoStacks: from a bucket to its processes to one of them to the
// verdict on it, and back.
func TestDeeperIntoStacks(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Incident()), without, 80, 24, "2", "n", "enter")
	shows(t, s, ">imapd 24876       2m14s     1  jwade     INBOX", "holds cyrus.header")
	press(t, s, "down", "down", "enter")
	shows(t, s, "imapd 24950  jwade  FaMiLy", "sbuf=0x7ffd24950) at lock_flock.c:84", "3 of 3 with this stack")
	press(t, s, "left")
	shows(t, s, "sbuf=0x7ffd24901) at lock_flock.c:84", "2 of 3")
	press(t, s, "enter")
	shows(t, s, "VERDICT", "\n>├ 2 imapd 24901")
	press(t, s, "tab", "shift+tab", "shift+tab") // walking along the path keeps the place
	shows(t, s, "2 of 3", "sbuf=0x7ffd24901")
	press(t, s, "esc")
	shows(t, s, "\n>imapd 24901")
	press(t, s, "esc")
	shows(t, s, ">▸ WAIT   3 × imapd 24901")
	press(t, s, "N", "enter") // the holder is alone: no list of one
	shows(t, s, "imapd 24870  jwade", "#8  main ()")
	press(t, s, "esc")
	shows(t, s, ">▸ HOLDER 1 × imapd 24870")
}

// TestWholeFrame: what a row cuts off is whole below, and in the process's stack.
func TestWholeFrame(t *testing.T) {
	s := sample.Incident()
	long := strings.Repeat("0123456789", 20)
	s.Processes[0].Threads[0].Frames[1].Args = []evidence.Arg{{Name: "text", Value: `"` + long + `end"`}}
	for i := range 20 {
		s.Processes[0].Threads[0].Frames[2].Args = append(s.Processes[0].Threads[0].Frames[2].Args, evidence.Arg{Name: fmt.Sprintf("arg%d", i), Value: "1"})
	}
	m := screens(t, sample.Recorded(s), without, 80, 24, "2", "down", "down")
	shows(t, m, `(text="012345678… prot.c:712`, "0123456789…")
	press(t, m, "enter")
	shows(t, m, `6789end")`, "arg19=1)")
}

// TestThreads: a process of several threads is said to be one, and shows each.
func TestThreads(t *testing.T) {
	m := screens(t, sample.Recorded(threaded()), without, 80, 24, "2")
	shows(t, m, ">▸ HOLDER 1 × imapd 24870  ", "HOLDER 1 × imapd 24870, 2 threads")
	press(t, m, "enter")
	shows(t, m, "thread 24870  write → 192.0.2.3:51234, 41 kB queued", "thread 24871  futex\n")
	press(t, m, "esc", "n", "enter", "down", "enter") // the second of two in one place
	shows(t, m, ">thread 24872")
}

// threaded is the incident with a holder of three threads.
func threaded() evidence.Snapshot {
	s := sample.Incident()
	for _, tid := range []int{24871, 24872} {
		fs := sample.SeenWaiter(tid, "", 0).Threads[0].Frames[9:]
		fs[0].Func = "worker"
		s.Processes[0].Threads = append(s.Processes[0].Threads, evidence.Thread{TID: tid, State: "S", Syscall: "futex", Frames: fs})
	}
	return s
}

// TestStacksFollow: the selected process takes the cursor along to another bucket;
// one that is gone is said to be gone where it is all that is shown.
func TestStacksFollow(t *testing.T) {
	m := &one{snapshot: sample.Incident()}
	s := screens(t, m, without, 80, 24, "2", "n", "right", "down", "down")
	shows(t, s, ">  ▌ #1  lock_reopen")
	m.snapshot = sample.Crowd(3, 3) // others come before it
	look(t, s, epoch)
	shows(t, s, ">  ▌ #1  lock_reopen", "3 × imapd 24901")
	m.snapshot = sample.Incident()
	m.snapshot.Processes[2].Threads[0].Frames[5].Func = "append_addseen"
	look(t, s, epoch)
	shows(t, s, ">▸ WAIT   1 × imapd 24901")

	press(t, s, "enter")
	m.snapshot = sample.Incident()
	m.snapshot.Processes[2].Start++
	look(t, s, epoch)
	shows(t, s, "imapd 24901 is not in this look")
	press(t, s, "enter", "S", " ", "right", "y", "c", "esc", "esc")
	shows(t, s, "STACKS", "13 processes")
}

// TestSeekOutsider: a process without a part in the hang has a stack, too.
func TestSeekOutsider(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Incident()), without, 80, 24)
	s.act(page.GoTo{Step: page.StepStacks, PID: 24102})
	shows(t, s, "imapd 24102", "neither waits nor holds", "idle: waits for its turn")
	press(t, s, "esc")
	shows(t, s, "13 processes")
}

// TestMissingStack says why there is none, and what to do.
func TestMissingStack(t *testing.T) {
	for why, does := range map[string]string{
		"open /proc/1/syscall: permission denied: run as root": "no stack: open /proc/1/syscall: permission denied: run as root",
		"running: no stack without stopping it (--stop)":       "no stack: it is running; r looks again, S attaches for an exact one",
		"": "no stack: it was not asked for",
	} {
		s := sample.Incident()
		s.Processes[0].Threads = []evidence.Thread{{TID: s.Processes[0].PID, State: "R", Error: why}}
		m := screens(t, sample.Recorded(s), without, 100, 30)
		m.act(page.GoTo{Step: page.StepStacks, PID: 24870})
		shows(t, m, does)
	}
}

// TestAlike: two stacks whose frames that matter are the same show where they are
// not.
func TestAlike(t *testing.T) {
	s := sample.Incident()
	s.Processes[1].Threads[0].Frames[7].Func = "index_noop"
	shows(t, screens(t, sample.Recorded(s), without, 80, 30, "2"), "#7  index_check ()", "#7  index_noop ()", "← differs from another stack")
}

// TestGuessedFrame: what was searched, not computed, says so however narrow the row.
func TestGuessedFrame(t *testing.T) {
	s := sample.Incident()
	f := &s.Processes[0].Threads[0].Frames[2]
	f.How, f.Args = "guess", []evidence.Arg{{Name: "text", Value: sample.Nasty[7]}}
	shows(t, screens(t, sample.Recorded(s), without, 40, 12, "2", " "), "#2  guessed: prot_write (")
	shows(t, screens(t, sample.Recorded(s), without, 80, 24, "2", " ", "down", "down", "down"), "It is a guess: found by searching")
}
