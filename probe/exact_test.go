package probe

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
	"cyrlock/probe/stack"
	"cyrlock/probe/tally"
)

func exactly(t *testing.T) *Machine {
	tracer := stack.New(stack.Options{Stop: true})
	t.Cleanup(func() { tracer.Close() })
	return New(Options{Exact: tracer})
}

// startOf is when a process started, as the kernel counts.
func startOf(t *testing.T, pid int) uint64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	s, err := parseStat(b)
	if err != nil {
		t.Fatal(err)
	}
	return s.start
}

// sleeper is a process that sleeps, and where: it has begun to.
func sleeper(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sleep", "3600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for deadline := time.Now().Add(patience); ; {
		if b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/wchan", cmd.Process.Pid)); strings.Contains(string(b), "nanosleep") {
			return cmd
		}
		if time.Now().After(deadline) {
			t.Fatal("it never sleeps")
		}
	}
}

func TestExact(t *testing.T) {
	pid := sleeper(t).Process.Pid
	p, err := exactly(t).Exact(t.Context(), pid, startOf(t, pid))
	if err != nil || p.PID != pid || p.Comm != "sleep" || len(p.Threads) != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	th := p.Threads[0]
	if th.Method != "stop" || th.StopUS <= 0 || len(th.Frames) < 3 || th.Error != "" || !strings.Contains(th.Syscall, "nanosleep") || th.SinceHow == "" {
		t.Errorf("%+v", th)
	}
}

// Every refusal says why, and nobody is stopped.
func TestExactRefuses(t *testing.T) {
	pid := sleeper(t).Process.Pid
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	zombie := exec.Command("true") // until it is waited for
	if err := zombie.Start(); err != nil {
		t.Fatal(err)
	}
	defer zombie.Wait()
	for deadline := time.Now().Add(patience); ; {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", zombie.Process.Pid))
		if s, err := parseStat(b); err == nil && s.state == "Z" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it never ended")
		}
	}
	m := exactly(t)
	for _, c := range []struct {
		pid   int
		start uint64
		want  string
	}{
		{pid, startOf(t, pid) + 1, "another process has its number now"},
		{gone.Process.Pid, 1, "it has ended"},
		{zombie.Process.Pid, startOf(t, zombie.Process.Pid), "parent has not noticed"},
		{os.Getpid(), startOf(t, os.Getpid()), "cyrlock itself"},
		{-1, 0, "it has ended"},
		{0, 0, "it has ended"},
		{1 << 40, 0, "it has ended"},
	} {
		p, err := m.Exact(t.Context(), c.pid, c.start)
		if err == nil || !strings.HasPrefix(err.Error(), "no exact stack of process "+strconv.Itoa(c.pid)+": ") || !strings.Contains(err.Error(), c.want) || len(p.Threads) > 0 {
			t.Errorf("%d: %v, %+v; want %q", c.pid, err, p, c.want)
		}
	}
	if _, err := New(Options{}).Exact(t.Context(), pid, startOf(t, pid)); err == nil {
		t.Error("stopped without a tracer for it")
	}
	if b, err := os.ReadFile("/proc/2/stat"); err == nil {
		if s, err := parseStat(b); err == nil && s.kernel {
			if _, err := m.Exact(t.Context(), 2, s.start); err == nil || !strings.Contains(err.Error(), "thread of the kernel") {
				t.Error(err)
			}
		}
	}
}

// An ordinary user may not, and is told what would do.
func TestExactNotPermitted(t *testing.T) {
	asRoot(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for d := dir; len(d) > len(os.TempDir()); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(dir, "program")
	if out, err := exec.Command("install", "-m", "755", self, program).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	pid := sleeper(t).Process.Pid
	nobody := newActor(t, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program)
	if got := nobody.do("exact %d %d", pid, startOf(t, pid)); !strings.Contains(got, "permission denied") || !strings.Contains(got, "run as root") {
		t.Error(got)
	}
}

// A meddler is a tracer during whose work something happens.
type meddler func()

func (m meddler) Threads(_ context.Context, pid int, _ *tally.Sheet) ([]evidence.Thread, *evidence.Code, error) {
	m()
	return []evidence.Thread{{TID: pid, Method: "stop", Frames: []evidence.Frame{{Func: "nobody"}}}}, nil, nil
}

// What was read while the process went away is nobody's stack.
func TestExactGoneMeanwhile(t *testing.T) {
	cmd := sleeper(t)
	m := New(Options{Exact: meddler(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})})
	p, err := m.Exact(t.Context(), cmd.Process.Pid, startOf(t, cmd.Process.Pid))
	if err == nil || !strings.Contains(err.Error(), "it has ended") || len(p.Threads) > 0 {
		t.Errorf("%+v, %v", p, err)
	}
}

// The same when its number has gone to another process by then.
func TestExactReplacedMeanwhile(t *testing.T) {
	asRoot(t)
	const last = "/proc/sys/kernel/ns_last_pid"                                         // proc_sys_kernel(5): the next process has the number after it
	if now, err := os.ReadFile(last); err != nil || os.WriteFile(last, now, 0) != nil { // a container may not
		missing(t, last)
	}
	for deadline := time.Now().Add(patience); ; {
		cmd := sleeper(t)
		pid := cmd.Process.Pid
		start := startOf(t, pid)
		for uptime(t) <= start { // its heir must have another start time
		}
		var heir *exec.Cmd
		m := New(Options{Exact: meddler(func() {
			cmd.Process.Kill()
			cmd.Wait()
			if err := os.WriteFile(last, []byte(strconv.Itoa(pid-1)), 0); err != nil {
				t.Error(err)
			}
			heir = sleeper(t)
		})})
		p, err := m.Exact(t.Context(), pid, start)
		if heir.Process.Pid == pid { // else somebody else's process came between
			if err == nil || !strings.Contains(err.Error(), "another process has its number now") || len(p.Threads) > 0 {
				t.Errorf("%+v, %v", p, err)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the number was never given again")
		}
	}
}

// uptime is the time that start times are counted in.
func uptime(t *testing.T) uint64 {
	t.Helper()
	var boot unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot); err != nil {
		t.Fatal(err)
	}
	return uint64(boot.Nano() / (int64(time.Second) / userHz))
}
