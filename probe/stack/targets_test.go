package stack_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A mode is one way of the target to hang.
type mode struct {
	name    string
	threads int
	calls   []int // the system calls its threads end in, in each of the architectures
}

// Numbers of the calls for amd64, i386 and arm64.
var (
	callFlock = []int{73, 143, 32}
	callFcntl = []int{72, 221, 25}
	callSleep = []int{35, 230, 162, 267, 407, 115, 101}
	callPause = []int{34, 29, 73, 271, 309}
	callFutex = []int{202, 240, 422, 98}
	callRead  = []int{0, 3, 63}
)

var modes = []mode{
	{"flock", 1, callFlock},
	{"setlkw", 1, callFcntl},
	{"ofd", 1, callFcntl},
	{"nanosleep", 1, callSleep},
	{"signal", 1, callPause},
	{"altstack", 1, callPause},
	{"nullcall", 1, callPause},
	{"threads", 4, slices.Concat(callFlock, callFutex, callRead)},
}

// A target is a process of ours that hangs.
type target struct {
	*exec.Cmd
	pid  int
	mode string
}

// start starts the target and waits until all of its threads hang.
func start(t *testing.T, exe string, m mode, locks string) target {
	t.Helper()
	p := launch(t, exe, m.name, locks)
	eventually(t, func() string {
		seen := systemCalls(p.pid)
		if len(seen) != m.threads {
			return fmt.Sprintf("%s %s: threads in %v, want %d", exe, m.name, seen, m.threads)
		}
		for _, n := range seen {
			if !slices.Contains(m.calls, n) {
				return fmt.Sprintf("%s %s: threads in %v, want them in %v", exe, m.name, seen, m.calls)
			}
		}
		return ""
	})
	return p
}

// launch starts a program and kills it, and only it, when the test ends.
func launch(t *testing.T, exe string, args ...string) target {
	t.Helper()
	return launchWithInput(t, nil, exe, args...)
}

func launchWithInput(t *testing.T, input *os.File, exe string, args ...string) target {
	t.Helper()
	cmd := exec.Command(exe, args...)
	cmd.Stderr = os.Stderr
	if input != nil {
		cmd.Stdin = input
		defer input.Close()
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return target{cmd, cmd.Process.Pid, strings.Join(args[:min(1, len(args))], "")}
}

// systemCalls returns the number of the system call of every thread, -1 for one
// that is running.
func systemCalls(pid int) []int {
	lines, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/syscall", pid))
	var numbers []int
	for _, path := range lines {
		b, _ := os.ReadFile(path)
		word, _, _ := strings.Cut(string(b), " ")
		n, err := strconv.Atoi(word)
		if err != nil {
			n = -1
		}
		numbers = append(numbers, n)
	}
	return numbers
}

// quiet waits until no thread of the process is running.
func quiet(t *testing.T, pid int) {
	t.Helper()
	eventually(t, func() string {
		if calls := systemCalls(pid); len(calls) == 0 || slices.Contains(calls, -1) {
			return fmt.Sprintf("%d in system calls %v", pid, calls)
		}
		return ""
	})
}

// holdLocks makes a directory with the locks that the targets wait for, one of
// each kind, held by this process.
func holdLocks(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	take := map[string]func(fd int) error{
		"flock": func(fd int) error { return unix.Flock(fd, unix.LOCK_EX) },
		"setlkw": func(fd int) error {
			return unix.FcntlFlock(uintptr(fd), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
		},
		"ofd": func(fd int) error {
			return unix.FcntlFlock(uintptr(fd), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
		},
	}
	for name, lock := range take {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		if err := lock(int(f.Fd())); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
