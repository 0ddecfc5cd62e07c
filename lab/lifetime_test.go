package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// starterVariable turns the test program into one that starts the seed and then
// does nothing until it is killed.
const starterVariable = "LAB_TEST_STARTER"

func starter(cache string) {
	os.Setenv("XDG_CACHE_HOME", cache)
	r, err := Start(context.Background(), Seed)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println(r.keeper.pid(), r.Dir)
	select {}
}

func TestKilledStarterLeavesNothing(t *testing.T) {
	begin(t, "healthy") // so that it is compiled, or the test skipped
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), starterVariable+"="+os.Getenv("XDG_CACHE_HOME"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
	session := 0
	fmt.Sscan(pid, &session)
	eventually(t, "the seed's processes are there", 10*time.Second, func() bool { return len(sessionOf(session)) >= 20 })
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	eventually(t, "nothing is left", 2*time.Second, func() bool {
		_, err := os.Lstat(dir)
		return os.IsNotExist(err) && len(sessionOf(session)) == 0
	})
}

func TestStopTwice(t *testing.T) {
	r := begin(t, "stalled-client")
	for range 2 {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
		gone(t, r.keeper.pid(), r.Dir)
	}
	if _, err := r.keeper.spawn("/bin/true"); err == nil {
		t.Error("something was started after the end")
	}
}

// Somebody ends what holds the incident together; the rest still goes.
func TestStopWithoutKeeper(t *testing.T) {
	r := begin(t, Seed)
	if err := syscall.Kill(r.keeper.pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := r.Stop(); err != nil {
		t.Error(err)
	}
	gone(t, r.keeper.pid(), r.Dir)
}

func TestStopWithoutMaster(t *testing.T) {
	r := begin(t, Seed)
	if err := syscall.Kill(r.PIDs["master"][0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := r.Stop(); err != nil {
		t.Error(err)
	}
	gone(t, r.keeper.pid(), r.Dir)
}

func TestConcurrentStarts(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir()) // all of them compile
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			r, err := Start(context.Background(), Seed)
			if errors.Is(err, ErrNoCompiler) {
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			if !holds(r.PIDs["root"][0], r.Seen) {
				t.Error("the root does not hold the seen file")
			}
			if err := r.Stop(); err != nil {
				t.Error(err)
			}
			gone(t, r.keeper.pid(), r.Dir)
		})
	}
	all.Wait()
}

// Whenever the context ends, during the compilation or later, nothing is left.
func TestCancelledStart(t *testing.T) {
	begin(t, "healthy")
	for _, compiled := range []bool{false, true} {
		for _, after := range []time.Duration{0, 5 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond} {
			tmp, cache := t.TempDir(), t.TempDir()
			t.Run(fmt.Sprintf("compiled=%v/%s", compiled, after), func(t *testing.T) {
				t.Setenv("TMPDIR", tmp)
				if !compiled {
					t.Setenv("XDG_CACHE_HOME", cache)
				}
				ctx, cancel := context.WithTimeout(t.Context(), after)
				defer cancel()
				r, err := Start(ctx, Seed)
				if err == nil { // it was quicker
					err = r.Stop()
				} else if errors.Is(err, context.DeadlineExceeded) {
					err = nil
				}
				if err != nil {
					t.Error(err)
				}
				if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
					t.Errorf("%v left in TMPDIR (%v)", left, err)
				}
				for _, pid := range processes() {
					if text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); strings.Contains(string(text), tmp) {
						t.Errorf("process %d is left: %q", pid, text)
					}
				}
			})
		}
	}
}

func TestUnknownIncident(t *testing.T) {
	_, err := Start(t.Context(), "no such thing")
	if err == nil || !strings.Contains(err.Error(), "stalled-client") {
		t.Errorf("%v: it does not say what there is", err)
	}
}
