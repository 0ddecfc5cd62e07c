package shim

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// libcs are the two that the library must fit.
func libcs() map[string]string { return map[string]string{"glibc": "cc", "musl": "musl-gcc"} }

// Every schedule, kind of lock and libc: a wait on a seen file is given up with
// EAGAIN when its time is over and not before, and counted.
func TestGivesUp(t *testing.T) {
	for libc, cc := range libcs() {
		for _, schedule := range []string{"hybrid", "quadratic"} {
			for _, kind := range []string{"flock", "fcntl"} {
				t.Run(libc+" "+schedule+" "+kind, func(t *testing.T) {
					t.Parallel()
					h := hold(t, unix.F_WRLCK, "jwade.seen")
					p := perform(t, settings(t, "CYRLOCK_SHIM_SCHEDULE="+schedule), actor(t, cc), "one", kind, h.name)
					errno, took := p.result()
					if errno != unix.EAGAIN || took < bound-grain || took > bound+patience/2 {
						t.Errorf("%v after %v; want EAGAIN after %v", errno, took, bound)
					}
					n := p.counts()
					want := Counts{Entered: n.Entered, Calls: 1, Contended: 1, Selected: 1, Tries: 5, Sleeps: 3, GaveUp: 1, Unlogged: n.Unlogged}
					if n != want {
						t.Errorf("%+v; want %+v", n, want)
					}
				})
			}
		}
	}
}

// A wait that is not in vain ends as soon as the lock is free, under the hybrid
// schedule; errno stays as it was.
func TestGetsTheLock(t *testing.T) {
	for libc, cc := range libcs() {
		for _, kind := range []string{"flock", "fcntl"} {
			t.Run(libc+" "+kind, func(t *testing.T) {
				t.Parallel()
				h := hold(t, unix.F_WRLCK, "jwade.seen")
				// The sleep of 4 s is long beside all else: who waits for it to end is late.
				env := settings(t, "CYRLOCK_SHIM_SECOND_MS=1000")
				p := perform(t, env, actor(t, cc), "one", kind, h.name)
				until(t, "the second sleep has begun", func() bool { return loaded(t, p) && p.counts().Sleeps == 2 })
				freed := time.Now()
				h.free()
				errno, _ := p.result()
				if late := time.Since(freed); errno != 0 || late > 2*time.Second {
					t.Errorf("%v, %v after the lock was free", errno, late)
				}
				if n := p.counts(); n.Got != 1 || n.GaveUp != 0 {
					t.Errorf("%+v", n)
				}
			})
		}
	}
}

// loaded: from exec on it takes the loader some time.
func loaded(t *testing.T, p *play) bool {
	text, err := machine{}.Read(t.Context(), p.pid, "maps")
	return err == nil && len(mappings(text)) > 1 && func() bool {
		b, err := readBlock(t.Context(), machine{}, p.pid, mappings(text))
		return err == nil && b.complete && b.role != 0
	}()
}

// A wake-up that the kernel loses: the wait itself never ends, though the lock is
// free. The next try finds that out.
func TestLostWakeUp(t *testing.T) {
	needs(t, "cc")
	deaf := filepath.Join(t.TempDir(), "deaf.so")
	if out, err := exec.Command("cc", "-shared", "-fPIC", "-o", deaf, "testdata/deaf.c").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	h := hold(t, unix.F_WRLCK, "jwade.seen")
	env := settings(t, "LD_PRELOAD="+realLibrary(t)+":"+deaf, "CYRLOCK_SHIM_SECOND_MS=100")
	p := perform(t, env, actor(t, "cc"), "one", "fcntl", h.name)
	until(t, "the second sleep has begun", func() bool { return loaded(t, p) && p.counts().Sleeps == 2 })
	h.free()
	if errno, took := p.result(); errno != 0 || took < 500*time.Millisecond-grain {
		t.Errorf("%v after %v; the lock should be got at the third try, after 1 + 4 times 100 ms", errno, took)
	}
}

// Signals neither make a wait longer nor are they hidden: with SA_RESTART the call
// goes on, without it is interrupted, and the caller asks again.
func TestSignals(t *testing.T) {
	for libc, cc := range libcs() {
		for _, schedule := range []string{"hybrid", "quadratic"} {
			for _, kind := range []string{"flock", "fcntl"} {
				for _, how := range []string{"interrupted", "restarted"} {
					t.Run(strings.Join([]string{libc, schedule, kind, how}, " "), func(t *testing.T) {
						t.Parallel()
						h := hold(t, unix.F_WRLCK, "jwade.seen")
						p := perform(t, settings(t, "CYRLOCK_SHIM_SCHEDULE="+schedule), actor(t, cc), how, kind, h.name)
						errno, took := p.result()
						if errno != unix.EAGAIN || took < bound-grain || took > bound+patience/2 {
							t.Errorf("%v after %v; want EAGAIN after %v", errno, took, bound)
						}
						var interrupted, alarms int
						_, err := fmt.Sscan(p.line(), &interrupted, &alarms)
						if err != nil || alarms == 0 || (how == "restarted") != (interrupted == 0) {
							t.Errorf("%d alarms, %d of them seen by the caller", alarms, interrupted)
						}
						if n := p.counts(); n.GaveUp != 1 || int(n.Interrupted) != interrupted {
							t.Errorf("%d interruptions: %+v", interrupted, n)
						}
					})
				}
			}
		}
	}
}

// Signals that the caller has blocked stay so, and end no wait; the ticks come all
// the same.
func TestMasked(t *testing.T) {
	for libc, cc := range libcs() {
		h := hold(t, unix.F_WRLCK, "jwade.seen")
		for _, kind := range []string{"flock", "fcntl"} {
			p := perform(t, settings(t), actor(t, cc), "masked", kind, h.name)
			var before, after int
			if _, err := fmt.Sscan(p.line(), &before, &after); err != nil || before != after || before < 50 {
				t.Errorf("%s %s: %d signals were blocked, then %d, %v", libc, kind, before, after, err)
			}
			if errno, took := p.result(); errno != unix.EAGAIN || took < bound-grain || took > bound+patience/2 {
				t.Errorf("%s %s: %v after %v", libc, kind, errno, took)
			}
		}
	}
}

// A handler that waits for another lock inside the wait, as Cyrus's idle handler
// does: both waits are given up, and nothing stays behind.
func TestNested(t *testing.T) {
	for libc, cc := range libcs() {
		t.Run(libc, func(t *testing.T) {
			t.Parallel()
			h, other := hold(t, unix.F_WRLCK, "jwade.seen"), hold(t, unix.F_WRLCK, "other.seen")
			p := perform(t, settings(t), actor(t, cc), "nested", h.name, other.name)
			if errno, took := p.result(); errno != unix.EAGAIN || took < bound-grain {
				t.Errorf("%v after %v", errno, took)
			}
			if left := p.line(); left != "0 0" {
				t.Errorf("blocked signals and timers that are left: %s", left)
			}
			if n := p.counts(); n.GaveUp != 2 {
				t.Errorf("%+v", n)
			}
		})
	}
}

// Who could not read a file must not write it, or Cyrus would save that there was
// nothing in it: no exclusive lock after a shared one timed out, not even when it is
// free, until the next client comes. Other files and reading are open to it.
func TestGuard(t *testing.T) {
	for _, kind := range []string{"flock", "fcntl"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			h := hold(t, unix.F_WRLCK, "jwade.seen")
			p := perform(t, settings(t), actor(t, "cc"), "sessions", kind, h.name, filepath.Join(t.TempDir(), "other.seen"))
			if errno, took := p.result(); errno != unix.EAGAIN || took < bound-grain {
				t.Fatalf("reading: %v after %v", errno, took)
			}
			h.free()
			fmt.Fprintln(p.in)
			for _, c := range []struct {
				what string
				want unix.Errno
			}{{"writing", unix.EAGAIN}, {"writing again", unix.EAGAIN}, {"writing another file", 0}, {"reading again", 0}, {"writing after reading", unix.EAGAIN}, {"writing, as another client", 0}} {
				if errno, took := p.result(); errno != c.want || took > bound/2 {
					t.Errorf("%s: %v after %v; want %v at once", c.what, errno, took, c.want)
				}
			}
			if n := p.counts(); n.Refused != 3 || n.GaveUp != 1 || n.Selected != 1 {
				t.Errorf("%+v", n)
			}
		})
	}
}

// Threads wait each for themselves.
func TestThreads(t *testing.T) {
	for libc, cc := range libcs() {
		t.Run(libc, func(t *testing.T) {
			t.Parallel()
			h := hold(t, unix.F_WRLCK, "jwade.seen")
			p := perform(t, settings(t), actor(t, cc), "threads", h.name)
			if errno, took := p.result(); errno != unix.EAGAIN || took < bound-grain {
				t.Errorf("%v after %v", errno, took)
			}
			if n := p.counts(); n.GaveUp != 8 || n.Selected != 8 || n.Calls != 8 {
				t.Errorf("%+v", n)
			}
		})
	}
}

// A thread can be cancelled in F_SETLKW, as POSIX has it, and leaves no timer.
func TestCancel(t *testing.T) {
	for libc, cc := range libcs() {
		t.Run(libc, func(t *testing.T) {
			t.Parallel()
			h := hold(t, unix.F_WRLCK, "jwade.seen")
			p := perform(t, settings(t, "CYRLOCK_SHIM_SECOND_MS=1000"), actor(t, cc), "cancelled", h.name)
			if line := p.line(); line != "waiting" {
				t.Fatal(line)
			}
			until(t, "the second sleep has begun", func() bool { return p.counts().Sleeps == 2 })
			fmt.Fprintln(p.in)
			if errno, took := p.result(); errno != 0 || took > 2*time.Second {
				t.Errorf("%v after %v; want a cancelled thread at once", errno, took)
			}
			if left := p.line(); left != "0 0" {
				t.Errorf("blocked signals and timers that are left: %s", left)
			}
		})
	}
}

// Everything that is no wait for a whole file is as it is without the library.
func TestPass(t *testing.T) {
	for libc, cc := range libcs() {
		for _, env := range [][]string{settings(t), {"PATH=" + os.Getenv("PATH")}} {
			t.Run(fmt.Sprintf("%s with %d variables", libc, len(env)), func(t *testing.T) {
				p := perform(t, env, actor(t, cc), "pass", filepath.Join(t.TempDir(), "jwade.seen"))
				if line := p.line(); line != "0 0" {
					t.Error(line)
				}
			})
		}
	}
}
