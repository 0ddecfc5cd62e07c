package stack_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"cyrlock/evidence"
	"cyrlock/probe/stack"

	"golang.org/x/sys/unix"
)

// only returns the one thread of a process.
func only(t *testing.T, o stack.Options, pid int) evidence.Thread {
	t.Helper()
	tracer := stack.New(o)
	defer tracer.Close()
	threads, _, err := tracer.Threads(t.Context(), pid, nil)
	if err != nil {
		t.Error(err)
	}
	if len(threads) != 1 {
		t.Fatalf("%d threads, want 1: %v", len(threads), threads)
	}
	return threads[0]
}

// names are the functions of a stack, innermost first.
func names(frames []evidence.Frame) string {
	var s []string
	for _, f := range frames {
		s = append(s, f.Func)
	}
	return strings.Join(s, " ")
}

// shows fails the test unless the stack has these functions, one called by the next.
func shows(t *testing.T, th evidence.Thread, want string) {
	t.Helper()
	if !strings.Contains(" "+names(th.Frames)+" ", " "+want+" ") {
		t.Errorf("stack has %s, want %s in it (error %q)", names(th.Frames), want, th.Error)
	}
}

// TestVforkParent: a process in state D cannot be stopped. The try must end within
// its limit and leave nothing behind, neither a tracer nor a stop to come.
func TestVforkParent(t *testing.T) {
	exe := buildAlive(t)
	read, wr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer wr.Close()
	p := launchWithInput(t, read, exe, "vfork", "-")
	eventually(t, func() string {
		if s := status(p.pid, "State"); !strings.HasPrefix(s, "D") {
			return "state " + s + ", want D"
		}
		return ""
	})
	shows(t, only(t, stack.Options{}, p.pid), "wait_child main")

	begin := time.Now()
	const limit = 200 * time.Millisecond
	tracer := stack.New(stack.Options{Stop: true, Limit: limit})
	threads, _, err := tracer.Threads(t.Context(), p.pid, nil)
	if took := time.Since(begin); took > limit+2*time.Second {
		t.Errorf("the stop took %v with a limit of %v", took, limit)
	}
	tracer.Close()
	if err == nil && (len(threads) != 1 || threads[0].Error == "" && threads[0].Method == "stop") {
		t.Errorf("a stop of a process in state D: %+v, want an error", threads)
	}
	eventually(t, func() string {
		if s, tr := status(p.pid, "State"), status(p.pid, "TracerPid"); tr != "0" || !strings.HasPrefix(s, "D") {
			return fmt.Sprintf("state %q, tracer %s; want D, 0", s, tr)
		}
		return ""
	})
	if _, err := wr.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	p.Wait()
	if code := p.ProcessState.ExitCode(); code != 7 {
		t.Errorf("the target ended with %v, want 7: it did not go on", p.ProcessState)
	}
}

// TestJobStopped: a process stopped by SIGSTOP stays as it is.
func TestJobStopped(t *testing.T) {
	lock, p := lockWaiter(t, buildAlive(t))
	p.Process.Signal(syscall.SIGSTOP)
	stopped := func() string {
		if s, tr := status(p.pid, "State"), status(p.pid, "TracerPid"); tr != "0" || !strings.HasPrefix(s, "T ") {
			return fmt.Sprintf("state %q, tracer %s; want T, 0", s, tr)
		}
		return ""
	}
	eventually(t, stopped)
	shows(t, only(t, stack.Options{}, p.pid), "wait_lock main")
	for range 20 {
		th := only(t, stack.Options{Stop: true}, p.pid)
		shows(t, th, "wait_lock main")
		eventually(t, stopped)
	}
	p.Process.Signal(syscall.SIGCONT)
	lock.Close()
	if err := p.Wait(); err != nil {
		t.Errorf("after SIGCONT: %v", err)
	}
}

// TestTraced: under another debugger the stack comes without a stop, a stop names
// who is in the way, and the debugger keeps its target.
func TestTraced(t *testing.T) {
	_, p := lockWaiter(t, buildAlive(t))
	runtime.LockOSThread() // only this thread may give the target orders
	defer runtime.UnlockOSThread()
	if err := unix.PtraceSeize(p.pid); err != nil {
		unable(t, "ptrace: "+err.Error())
	}
	defer unix.PtraceDetach(p.pid)
	if err := unix.PtraceInterrupt(p.pid); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() string {
		if s := status(p.pid, "State"); !strings.HasPrefix(s, "t") {
			return "state " + s + ", want t"
		}
		return ""
	})
	for _, stop := range []bool{false, true} {
		th := only(t, stack.Options{Stop: stop}, p.pid)
		switch {
		case !stop:
			shows(t, th, "wait_lock main")
		case !strings.Contains(th.Error, "already traced by "+status(p.pid, "TracerPid")):
			t.Errorf("a second stop: error %q, want the tracer %s named", th.Error, status(p.pid, "TracerPid"))
		}
		if s := status(p.pid, "State"); !strings.HasPrefix(s, "t") || status(p.pid, "TracerPid") == "0" {
			t.Errorf("state %q, tracer %s; want it as the debugger had it", s, status(p.pid, "TracerPid"))
		}
	}
}

// TestZombieLeader: the first thread has ended, others live on.
func TestZombieLeader(t *testing.T) {
	p := launch(t, buildAlive(t), "zombie", "-")
	eventually(t, func() string {
		if s := status(p.pid, "State"); !strings.HasPrefix(s, "Z") || len(systemCalls(p.pid)) != 2 {
			return fmt.Sprintf("state %q, %d threads; want Z, 2", s, len(systemCalls(p.pid)))
		}
		return ""
	})
	for _, stop := range []bool{false, true} {
		tracer := stack.New(stack.Options{Stop: stop})
		threads, _, err := tracer.Threads(t.Context(), p.pid, nil)
		tracer.Close()
		seen := false
		for _, th := range threads {
			if th.TID != p.pid {
				shows(t, th, "worker_wait")
				seen = true
			}
		}
		if !seen {
			t.Errorf("stop %v: no thread but the dead one (%v): %v", stop, err, threads)
		}
	}
}

// TestOtherMountNamespace: the program is a file that exists only where the target is.
func TestOtherMountNamespace(t *testing.T) {
	need(t, "unshare", "mount")
	exe := buildAlive(t)
	place := t.TempDir()
	lock := filepath.Join(t.TempDir(), "lock")
	held, err := os.Create(lock)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := unix.Flock(int(held.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 {
		unable(t, "a mount namespace needs root")
	}
	p := launch(t, "unshare", "-m", "sh", "-c",
		`mount -t tmpfs none "$1" && cp "$2" "$1/alive" && exec "$1/alive" flock "$3"`,
		"sh", place, exe, lock)
	eventually(t, func() string { return notWaiting(p.pid) })
	if _, err := os.Stat(filepath.Join(place, "alive")); err == nil {
		t.Fatal("the program is visible here too")
	}
	for _, stop := range []bool{false, true} {
		th := only(t, stack.Options{Stop: stop}, p.pid)
		shows(t, th, "wait_lock main")
		if f := frame(th, "wait_lock"); f.Line == 0 || filepath.Base(f.File) != "alive.c" {
			t.Errorf("wait_lock at %s:%d, want a line of alive.c", f.File, f.Line)
		}
	}
}

// TestGoneProcess: a pid nobody has is an error, not an empty stack.
func TestGoneProcess(t *testing.T) {
	p := launch(t, "/bin/true")
	p.Wait()
	tracer := stack.New(stack.Options{})
	defer tracer.Close()
	if threads, _, err := tracer.Threads(t.Context(), p.pid, nil); err == nil {
		t.Errorf("stacks of an ended process: %v, want an error", threads)
	}
}

func frame(th evidence.Thread, name string) evidence.Frame {
	for _, f := range th.Frames {
		if f.Func == name {
			return f
		}
	}
	return evidence.Frame{}
}
