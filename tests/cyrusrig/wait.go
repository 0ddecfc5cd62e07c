package cyrusrig

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// pause is the time between two looks at a condition.
func pause() { time.Sleep(10 * time.Millisecond) }

// Until waits for a condition to hold.
func Until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(Patience); !holds(); pause() {
		if time.Now().After(end) {
			t.Fatalf("still not true after %v: %s", Patience, what)
		}
	}
}

// Waiting are the workers that sleep in fcntl(F_SETLKW) on a file, as /proc shows
// them at this moment.
func (s *Server) Waiting(file string) (pids []int) {
	for _, pid := range s.Processes() {
		number, args := syscallOf(pid)
		if number != fcntl() || len(args) < 2 || args[1] != 7 {
			continue
		}
		if to, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, args[0])); to == file {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Writing tells whether a process sleeps in write(2) to descriptor 1, which for
// an imapd is its client.
func Writing(pid int) bool {
	number, args := syscallOf(pid)
	return number == write() && len(args) > 0 && args[0] == 1
}

// fcntl and write are numbers of system calls.
func fcntl() string { return map[string]string{"amd64": "72", "arm64": "25"}[runtime.GOARCH] }
func write() string { return map[string]string{"amd64": "1", "arm64": "64"}[runtime.GOARCH] }

// syscallOf reads what a process waits in; nothing when it runs.
func syscallOf(pid int) (number string, args []uint64) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/syscall", pid))
	fields := strings.Fields(string(data))
	if err != nil || len(fields) < 3 {
		return "", nil
	}
	for _, f := range fields[1:] {
		v, err := strconv.ParseUint(f, 0, 64)
		if err != nil {
			return "", nil
		}
		args = append(args, v)
	}
	return fields[0], args
}

// A Holder is a process that is no part of Cyrus and has a lock on one of its files.
type Holder struct {
	PID   int
	cmd   *exec.Cmd
	stdin io.Closer
}

// Hold locks a file exclusively from outside, until Kill or the end of the test.
func Hold(t testing.TB, file string) *Holder {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "hold")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "cyrlock/tests/cyrusrig/hold")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, said)
	}
	h := &Holder{cmd: exec.Command(bin, file)}
	stdin, err := h.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	h.stdin, h.cmd.Stderr = stdin, os.Stderr
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h.PID = h.cmd.Process.Pid
	t.Cleanup(h.Kill)
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "held\n" {
		t.Fatalf("hold %s: %q, %v", file, line, err)
	}
	return h
}

// Kill ends the holder the hard way; the kernel drops its lock.
func (h *Holder) Kill() {
	if h.cmd.ProcessState == nil {
		_ = h.cmd.Process.Kill()
		_ = h.cmd.Wait()
	}
	h.stdin.Close()
}
