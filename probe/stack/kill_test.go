package stack_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"cyrlock/probe/stack"

	"golang.org/x/sys/unix"
)

// killsEach is how often the looker is killed, per target.
const killsEach = 200

// stopLoopEnv makes [TestStopLoop] the victim of [TestKilledWhileItStops].
const stopLoopEnv = "CYRLOCK_STOP_LOOP"

// TestStopLoop is the process that gets killed: it takes stacks with a stop, for ever.
func TestStopLoop(t *testing.T) {
	pid, err := strconv.Atoi(os.Getenv(stopLoopEnv))
	if err != nil {
		return
	}
	tracer := stack.New(stack.Options{Stop: true, NoArgs: true})
	for first := true; ; first = false {
		threads, _, err := tracer.Threads(t.Context(), pid, nil)
		if err != nil || len(threads) == 0 || len(threads[0].Frames) == 0 {
			fmt.Println("failed:", err, threads)
			return
		}
		if first {
			fmt.Println("ready", threads[0].Method)
		}
	}
}

// TestKilledWhileItStops kills a looker with SIGKILL at any moment, also while it
// has the target stopped. Each time the target must be left running, not stopped
// and not traced, and must go on with its work.
func TestKilledWhileItStops(t *testing.T) {
	exe := buildAlive(t)
	t.Run("a target that works", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "count")
		write(t, file, make([]byte, 8))
		count := mapCounter(t, file)
		p := launch(t, exe, "count", file)
		eventually(t, func() string { return stays(count.Load(), 0, "the counter") })
		killLookers(t, p.pid, func() {
			before := count.Load()
			eventually(t, func() string { return stays(count.Load(), before, "the counter") })
		})
	})
	t.Run("a target that waits for a lock", func(t *testing.T) {
		t.Parallel()
		lock, p := lockWaiter(t, exe)
		killLookers(t, p.pid, func() { eventually(t, func() string { return notWaiting(p.pid) }) })
		lock.Close()
		if err := p.Wait(); err != nil {
			t.Errorf("the target did not get its lock: %v", err)
		}
	})
}

// killLookers starts lookers at the process and kills each one: every other one at
// a random moment, the rest when it is seen to trace the target.
func killLookers(t *testing.T, pid int, goesOn func()) {
	traced := 0
	for i := range killsEach {
		looker := exec.Command(os.Args[0], "-test.run=^TestStopLoop$")
		looker.Env = append(os.Environ(), fmt.Sprintf("%s=%d", stopLoopEnv, pid))
		looker.Stderr = os.Stderr
		out, err := looker.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := looker.Start(); err != nil {
			t.Fatal(err)
		}
		line, _ := bufio.NewReader(out).ReadString('\n')
		if line != "ready stop\n" {
			looker.Process.Kill()
			looker.Wait()
			t.Fatalf("the looker says %q", line)
		}
		// Not a wait for something: the moment of the kill has to be any moment.
		moment := time.Now().Add(rand.N(3 * time.Millisecond))
		aimed := i%2 == 0
		for time.Now().Before(moment) || aimed && status(pid, "TracerPid") == "0" {
			if time.Since(moment) > time.Second {
				break
			}
		}
		if status(pid, "TracerPid") != "0" {
			traced++
		}
		looker.Process.Kill()
		looker.Wait()
		eventually(t, func() string {
			state, tracer := status(pid, "State"), status(pid, "TracerPid")
			if tracer != "0" || state == "" || strings.ContainsAny(state[:1], "tTZX") {
				return fmt.Sprintf("kill %d: state %q, tracer %q", i, state, tracer)
			}
			return ""
		})
		goesOn()
	}
	t.Logf("%d kills, %d of them with the target seen traced just before", killsEach, traced)
	if traced == 0 {
		t.Error("no looker was killed while it traced: the test has proved nothing")
	}
}

// buildAlive compiles the target that shows whether it goes on.
func buildAlive(t *testing.T) string {
	t.Helper()
	need(t, "gcc")
	exe := filepath.Join(t.TempDir(), "alive")
	run(t, "testdata", "gcc", "-O2", "-g", "-pthread", "-o", exe, "alive.c")
	return exe
}

// lockWaiter starts a target that waits for a lock until the file is closed.
func lockWaiter(t *testing.T, exe string) (*os.File, target) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "lock")
	lock, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	p := launch(t, exe, "flock", file)
	eventually(t, func() string { return notWaiting(p.pid) })
	return lock, p
}

// notWaiting says what a process does instead of waiting in flock.
func notWaiting(pid int) string {
	for _, n := range systemCalls(pid) {
		if n == callFlock[0] || n == callFlock[2] {
			return ""
		}
	}
	return fmt.Sprintf("%d in system calls %v, not in flock", pid, systemCalls(pid))
}

func stays(now, before uint64, what string) string {
	if now == before {
		return fmt.Sprintf("%s stays at %d", what, now)
	}
	return ""
}

// mapCounter maps the number that the target counts up.
func mapCounter(t *testing.T, file string) *atomic.Uint64 {
	t.Helper()
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := unix.Mmap(int(f.Fd()), 0, 8, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Munmap(b) })
	return (*atomic.Uint64)(unsafe.Pointer(&b[0]))
}

// status returns a field of /proc/PID/status, or "" when there is none.
func status(pid int, field string) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(b)) {
		if name, value, ok := strings.Cut(line, ":"); ok && name == field {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
