package source_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"cyrlock/fix/source"
)

// A variant is a stand-in, patched and made into a program.
type variant struct {
	bin, kind string
	hybrid    bool
	tells     bool // its lock_reopen tells that the file was replaced
}

const (
	variantSecond = 20 // ms
	variantBound  = 30 // of its seconds: MAXTIME is 17
)

// Every stand-in, with both kinds of lock and both schedules, on locks that are
// really held.
func TestStandIns(t *testing.T) {
	for _, name := range standIns {
		for _, kind := range []string{"flock", "fcntl"} {
			for _, hybrid := range []bool{true, false} {
				schedule := map[bool]string{true: "hybrid", false: "quadratic"}[hybrid]
				t.Run(strings.Join([]string{name, kind, schedule}, "/"), func(t *testing.T) {
					t.Parallel() // they only wait
					s := apply(t, tree(t, name), options(17, hybrid))
					v := variant{build(t, s, kind, variantSecond), kind, hybrid, s.Version[0] == 3 || s.Version == source.Version{2, 5, 11}}
					t.Run("released", v.released)
					t.Run("replaced", v.replaced)
					t.Run("never", v.never)
				})
			}
		}
	}
}

func seenFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "jwade.seen")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func inode(t testing.TB, path string) uint64 {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	return st.Ino
}

// A lock that is released in time is got.
func (v variant) released(t *testing.T) {
	path := seenFile(t)
	release := hold(t, path, v.kind, unix.F_WRLCK)
	w := wait(t, v.bin, path)
	w.await("notice", "lock_reopen-blocked: sleeping 4 s, attempt 3 of 6, bound 30 s, pid ")
	release()
	v.got(t, w, path, 0)
	if blocked := len(w.all("block")) > 0; blocked != v.hybrid {
		t.Errorf("hybrid: %v, yet it waited in the kernel's queue: %v", v.hybrid, blocked)
	}
}

// got is when the waiter has the lock on the file that has this name now.
func (v variant) got(t *testing.T, w *waiter, path string, changed int) {
	t.Helper()
	got := w.await("end", "").more
	if want := fmt.Sprintf("r=0 errno=0 action=none changed=%d ino=%d", changed, inode(t, path)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if free(t, path, v.kind) {
		t.Error("it says that it has the lock, and has not")
	}
}

// A file that was replaced meanwhile is not what is locked in the end.
func (v variant) replaced(t *testing.T) {
	path := seenFile(t)
	release := hold(t, path, v.kind, unix.F_WRLCK)
	w := wait(t, v.bin, path)
	w.await("debug", "lock_reopen-blocked: sleeping 1 s, attempt 2 of 6")
	fresh := path + ".NEW"
	if err := os.WriteFile(fresh, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	releaseNew := hold(t, fresh, v.kind, unix.F_WRLCK)
	if err := os.Rename(fresh, path); err != nil {
		t.Fatal(err)
	}
	release()
	// The old file is got; the new one is held, and begins from the first try.
	w.await("debug", "lock_reopen-blocked: sleeping 1 s, attempt 2 of 6")
	releaseNew()
	v.got(t, w, path, map[bool]int{true: 1}[v.tells])
}

// A lock that is never released is given up on schedule, whatever signals come,
// with the error that tells Cyrus that somebody else has it.
func (v variant) never(t *testing.T) {
	path := seenFile(t)
	hold(t, path, v.kind, unix.F_WRLCK)
	w := wait(t, v.bin, path)
	began := w.await("ready", "").at
	stop := signals(w, syscall.SIGUSR1, variantSecond*time.Millisecond/8)
	end := w.await("end", "")
	stop()
	if want := fmt.Sprintf("r=-1 errno=%d action=locking changed=0", syscall.EWOULDBLOCK); !strings.HasPrefix(end.more, want) {
		t.Errorf("%s, want %s", end.more, want)
	}
	if took := end.at - began; took < variantBound*variantSecond {
		t.Errorf("gave up after %d ms, want %d", took, variantBound*variantSecond)
	}
	onSchedule(t, w, []int{1, 4, 9, 16}, variantSecond)
}

// signals sends a signal again and again, until it is stopped.
func signals(w *waiter, sig os.Signal, every time.Duration) (stop func()) {
	tick, done, ended := time.NewTicker(every), make(chan bool), make(chan bool)
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				_ = w.cmd.Process.Signal(sig)
			}
		}
	}()
	return func() {
		tick.Stop()
		close(done)
		<-ended
	}
}

// onSchedule compares what a waiter that gave up logged, and when it tried, with
// the sleeps of the schedule.
func onSchedule(t *testing.T, w *waiter, sleeps []int, ms int) {
	t.Helper()
	bound := 0
	for _, s := range sleeps {
		bound += s
	}
	pid, file := w.cmd.Process.Pid, w.cmd.Args[1]
	said := append(w.all("debug"), w.all("notice")...)
	if len(said) != len(sleeps) {
		t.Fatalf("it said %d times that it sleeps, want %d: %v", len(said), len(sleeps), w.seen)
	}
	tries := w.all("try")
	if len(tries) != len(sleeps)+2 {
		t.Fatalf("%d tries, want %d: %v", len(tries), len(sleeps)+2, w.seen)
	}
	for i, s := range sleeps {
		want := fmt.Sprintf("lock_reopen-blocked: sleeping %d s, attempt %d of %d, bound %d s, pid %d, file %s", s, i+2, len(sleeps)+2, bound, pid, file)
		if said[i].more != want {
			t.Errorf("it said %q,\nwant %q", said[i].more, want)
		}
		// The clock is read in whole ms, at both ends.
		if slept := tries[i+2].at - said[i].at; slept < s*ms-1 {
			t.Errorf("try %d came after %d ms, want %d", i+3, slept, s*ms)
		}
	}
	errors := w.all("error")
	want := fmt.Sprintf("lock_reopen-blocked: gave up after %d s, attempt %d of %d, bound %d s, pid %d, file %s", bound, len(sleeps)+2, len(sleeps)+2, bound, pid, file)
	if len(errors) != 1 || errors[0].more != want {
		t.Errorf("it said %v,\nwant %q", errors, want)
	}
}

// The seed's own schedule, to the end: 11 tries in 285 s, asleep in between.
func TestQuadraticIsTheSeeds(t *testing.T) {
	const ms = 10
	bin := build(t, apply(t, tree(t, "2.0.16"), options(99, false)), "flock", ms)
	path := seenFile(t)
	hold(t, path, "flock", unix.F_WRLCK)
	w := wait(t, bin, path)
	began := w.await("ready", "").at
	end := w.await("end", "r=-1 errno=11 ")
	onSchedule(t, w, []int{1, 4, 9, 16, 25, 36, 49, 64, 81}, ms)
	if took := end.at - began; took < 285*ms {
		t.Errorf("it took %d ms, want %d", took, 285*ms)
	}
	if blocked := w.all("block"); len(blocked) > 0 {
		t.Errorf("it waited in the kernel's queue: %v", blocked)
	}
	if tries := w.all("try"); tries[1].at-tries[0].at >= ms {
		t.Errorf("the second try came %d ms after the first, not at once", tries[1].at-tries[0].at)
	}
}

// The signal that ends the wait in the kernel may come before that has begun: it
// comes again.
func TestEarlySignal(t *testing.T) {
	bin := build(t, apply(t, tree(t, "2.0.16"), options(4, true)), "flock", 20)
	path := seenFile(t)
	hold(t, path, "flock", unix.F_WRLCK)
	w := wait(t, bin, path, "late")
	w.await("end", "r=-1 errno=11 ")
	if blocked := w.all("block"); len(blocked) != 2 {
		t.Errorf("it waited in the kernel's queue %d times, want twice: %v", len(blocked), w.seen)
	}
}

// The locks that are not reopened, where that was asked for.
func TestAlsoShared(t *testing.T) {
	for _, name := range []string{"2.5.0", "2.5.11", "3.6.1"} {
		for _, kind := range []string{"flock", "fcntl"} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				o := options(4, true)
				o.AlsoShared = true
				bin := build(t, apply(t, tree(t, name), o), kind, 20)
				path := seenFile(t)
				release := hold(t, path, kind, unix.F_WRLCK)
				wait(t, bin, path, "shared").await("end", "r=-1 errno=11 ")
				w := wait(t, bin, path, "shared")
				w.await("block", "shared")
				release()
				w.await("end", "r=0 ")
				endless(t, bin, kind, "shared")
			})
		}
	}
	endless(t, build(t, apply(t, tree(t, "2.0.16"), options(4, false)), "fcntl", 20), "fcntl")
}

// endless: mailboxes.db and user locks are waited for as if nothing had been done.
func endless(t *testing.T, bin, kind string, how ...string) {
	t.Helper()
	for _, name := range []string{"mailboxes.db", "*U*jwade.lock"} {
		path := filepath.Join(t.TempDir(), name)
		release := hold(t, path, kind, unix.F_WRLCK)
		w := wait(t, bin, append([]string{path}, how...)...)
		w.await("block", "")
		release()
		w.await("end", "r=0 ")
		if tries := w.all("try"); len(tries) > 0 {
			t.Errorf("%s: the wait is bounded", name)
		}
	}
}
