package stack

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cyrlock/probe/limit"
)

// sleeper is a process that hangs in a system call.
func sleeper(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	pid := cmd.Process.Pid
	for deadline := time.Now().Add(10 * time.Second); ; {
		exe, _ := os.Readlink("/proc/" + strconv.Itoa(pid) + "/exe")
		b, _ := os.ReadFile(taskFile(pid, pid, "syscall"))
		if c, err := parseCallLine(string(b)); err == nil && c.blocked && strings.HasSuffix(exe, "sleep") && sleeps(string(b)) {
			return pid
		}
		if time.Now().After(deadline) {
			t.Fatalf("sleep does not sleep: %s %q", exe, b)
		}
	}
}

// sleeps reports whether the call is (clock_)nanosleep, on amd64 or arm64.
func sleeps(line string) bool {
	number, _, _ := strings.Cut(line, " ")
	return number == "35" || number == "230" || number == "101" || number == "115"
}

// TestConcurrentLooks uses one Tracer from many goroutines, with and without a
// stop: run it with the race detector.
func TestConcurrentLooks(t *testing.T) {
	pids := []int{sleeper(t), sleeper(t), sleeper(t)}
	for _, o := range []Options{{}, {Stop: true}} {
		tracer := New(o)
		var wg sync.WaitGroup
		for i := range 24 {
			if o.Stop && i >= len(pids) {
				break // a second tracer of the same thread is refused
			}
			wg.Go(func() {
				threads, _, err := tracer.Threads(t.Context(), pids[i%len(pids)], nil)
				if err != nil || len(threads) != 1 || len(threads[0].Frames) < 3 {
					t.Errorf("%+v: %+v, %v", o, threads, err)
				}
			})
		}
		wg.Wait()
		tracer.Close()
	}
}

func TestOneThread(t *testing.T) {
	pid := sleeper(t)
	tracer := New(Options{})
	defer tracer.Close()
	th := tracer.Thread(t.Context(), pid, pid)
	if th.TID != pid || th.State != "S" || th.Method != noStop || len(th.Frames) < 3 || th.Error != "" {
		t.Errorf("%+v", th)
	}
	th = tracer.Thread(t.Context(), pid, 1<<30)
	if th.TID != 1<<30 || th.Error == "" || len(th.Frames) > 0 {
		t.Errorf("a thread that is not there: %+v", th)
	}
}

func TestTimeIsLimited(t *testing.T) {
	pid := sleeper(t)
	tracer := New(Options{Limit: 1})
	defer tracer.Close()
	if threads, _, err := tracer.Threads(t.Context(), pid, nil); !errors.Is(err, limit.ErrTime) {
		t.Errorf("%+v, %v", threads, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if threads, _, err := New(Options{}).Threads(ctx, pid, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v", threads, err)
	}
}

// TestRunningThread asks for a thread that does not stop running.
func TestRunningThread(t *testing.T) {
	cmd := exec.Command("sh", "-c", "while :; do :; done")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()
	pid := cmd.Process.Pid
	tracer := New(Options{})
	defer tracer.Close()
	deadline := time.Now().Add(20 * time.Second)
	for { // on a busy machine it may be waiting for a processor, in the kernel
		th := tracer.Thread(t.Context(), pid, pid)
		if strings.Contains(th.Error, "--stop") && len(th.Frames) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v", th)
		}
	}
	exact := New(Options{Stop: true, Limit: 20 * time.Second})
	defer exact.Close()
	th := exact.Thread(t.Context(), pid, pid)
	if th.Method != stop || th.StopUS <= 0 || len(th.Frames) < 2 || th.Error != "" {
		t.Errorf("with a stop: %+v", th)
	}
}

// TestNoSyscallFile says which file is missing or refused, why, and what to do.
func TestNoSyscallFile(t *testing.T) {
	pid := os.Getpid()
	path := taskFile(pid, pid, "syscall")
	for err, want := range map[error][]string{
		os.ErrNotExist:   {path, "CONFIG_HAVE_ARCH_TRACEHOOK", "--stop"},
		os.ErrPermission: {path, "root", "--stop"},
	} {
		text := reader{}.noCallLine(pid, pid, &os.PathError{Op: "open", Path: path, Err: err}).Error()
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%q does not say %s", text, w)
			}
		}
	}
	if text := (reader{}).noCallLine(pid, 1<<30, &os.PathError{Op: "open", Path: path, Err: os.ErrNotExist}).Error(); !strings.Contains(text, "ended") {
		t.Error(text)
	}
}
