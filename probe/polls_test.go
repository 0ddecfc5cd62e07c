package probe

import (
	"os/exec"
	"path/filepath"
	"testing"

	"cyrlock/evidence"
	"cyrlock/probe/stack"
)

// compile builds a C program of testdata.
func compile(tb testing.TB, dir, name string) string {
	tb.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		missing(tb, "a C compiler")
	}
	program := filepath.Join(dir, name)
	if out, err := exec.Command(cc, "-O1", "-g", "-pthread", "-o", program, filepath.Join("testdata", name+".c")).CombinedOutput(); err != nil {
		tb.Fatalf("%v: %s", err, out)
	}
	return program
}

// The seed's patch: nobody is in a lock call, yet somebody waits.
func TestPoller(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "jwade.seen")
	holder, waiter := newActor(t), newActor(t)
	holder.do("open a %s", path)
	holder.do("flock a sh")
	poller := exec.Command(compile(t, dir, "poller"), path)
	if err := poller.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		poller.Process.Kill()
		poller.Wait()
	})
	tracer := stack.New(stack.Options{})
	t.Cleanup(func() { tracer.Close() })
	m := New(Options{Tracer: tracer})
	// As the focus, for nobody else waits for it.
	_, f := until(t, m, evidence.Query{File: path}, path, waiters(1))
	w := f.Waiters[0]
	if !w.Polls || w.PID != poller.Process.Pid || w.FD != 3 || w.SinceHow != "at least" || w.Queue != 0 || w.Lock != evidence.Flock {
		t.Errorf("waiter %+v", w)
	}
	// And beside one that does wait in a lock call.
	waiter.do("open a %s", path)
	waiter.begin("flock a ex")
	s, f := until(t, m, evidence.Query{}, path, waiters(2))
	if f.Waiters[0].Polls || !f.Waiters[1].Polls || len(f.Holders) != 1 || f.Holders[0].PID != holder.pid {
		t.Errorf("waiters %+v, holders %+v", f.Waiters, f.Holders)
	}
	p := s.Process(poller.Process.Pid)
	if p == nil || len(p.Threads) != 1 || len(p.Threads[0].Frames) < 3 || p.Threads[0].Method != "no-stop" {
		t.Errorf("poller %+v", p)
	}
	if th := s.Process(waiter.pid).Threads; len(th) == 0 || len(th[0].Frames) == 0 {
		t.Errorf("the other waiter has no stack: %+v", th)
	}
}
