package lab

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Tests keep what they compile apart from the user's cache.
func TestMain(m *testing.M) {
	if dir := os.Getenv(starterVariable); dir != "" {
		starter(dir)
	}
	cache, err := os.MkdirTemp("", "lab-test-cache-")
	if err != nil {
		panic(err)
	}
	os.Setenv("XDG_CACHE_HOME", cache)
	code := m.Run()
	os.RemoveAll(cache)
	os.Exit(code)
}

// begin starts an incident and ends it with the test, or skips where there is
// no compiler.
func begin(t *testing.T, name string) *Running {
	t.Helper()
	r, err := Start(context.Background(), name)
	if err != nil {
		skipOrFail(t, err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
		gone(t, r.keeper.pid(), r.Dir)
	})
	return r
}

// gone fails unless nothing of the incident is left.
func gone(t *testing.T, session int, dir string) {
	t.Helper()
	if left := sessionOf(session); len(left) > 0 {
		t.Errorf("processes %v are left", left)
	}
	if _, err := os.Lstat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", dir, err)
	}
}

// eventually waits for a condition with a deadline.
func eventually(t *testing.T, what string, limit time.Duration, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("after %s still not: %s", limit, what)
		}
		time.Sleep(pollEvery)
	}
}

func mustSleepIn(t *testing.T, pids []int, number int, path string) {
	t.Helper()
	if len(pids) == 0 {
		t.Errorf("nobody plays this part (system call %d on %s)", number, path)
	}
	for _, pid := range pids {
		c, err := readCall(pid)
		if err != nil {
			t.Error(err)
		} else if c.number != number || path != "" && leadsTo(pid, c.fd) != path {
			t.Errorf("process %d is in system call %d on %q, want %d on %q", pid, c.number, leadsTo(pid, c.fd), number, path)
		}
	}
}

func mustHold(t *testing.T, pids []int, path string) {
	t.Helper()
	if len(pids) == 0 {
		t.Errorf("nobody holds %s", path)
	}
	for _, pid := range pids {
		if !holds(pid, path) {
			t.Errorf("process %d does not hold %s", pid, path)
		}
	}
}

func mustBeInState(t *testing.T, pids []int, state byte) {
	t.Helper()
	for _, pid := range pids {
		if st, err := readStat(pid); err != nil || st.state != state {
			t.Errorf("process %d is in state %c (%v), want %c", pid, st.state, err, state)
		}
	}
}

// mustBeInLockTable wants a process to be in /proc/locks as one that waits. A
// single reading may miss it (its pages are not a snapshot).
func mustBeInLockTable(t *testing.T, pid int) {
	t.Helper()
	eventually(t, fmt.Sprintf("/proc/locks shows that %d waits", pid), 3*time.Second, func() bool {
		for _, fields := range lockTable(t) {
			if fields[1] == "->" && fields[2] == "FLOCK" && fields[5] == fmt.Sprint(pid) {
				return true
			}
		}
		return false
	})
}

// lockOwner is the pid that /proc/locks has for the lock on a file.
func lockOwner(t *testing.T, path string) int {
	t.Helper()
	inode := inodeOf(t, path)
	owner := 0
	eventually(t, "/proc/locks shows who owns "+path, 3*time.Second, func() bool {
		for _, fields := range lockTable(t) {
			if fields[1] == "FLOCK" && strings.HasSuffix(fields[5], fmt.Sprint(":", inode)) {
				fmt.Sscan(fields[4], &owner)
			}
		}
		return owner != 0
	})
	return owner
}

func inodeOf(t *testing.T, path string) uint64 {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	return st.Ino
}

func lockTable(t *testing.T) [][]string {
	t.Helper()
	text, err := os.ReadFile("/proc/locks")
	if err != nil {
		t.Fatal(err)
	}
	var table [][]string
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) >= 8 {
			table = append(table, fields)
		}
	}
	return table
}

// sendQueue is how much of what a process wrote to its client is not yet taken.
func sendQueue(t *testing.T, pid int) (bytes int) {
	t.Helper()
	inode := strings.Trim(strings.TrimPrefix(leadsTo(pid, 1), "socket:"), "[]")
	f, err := os.Open("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) > 9 && fields[9] == inode {
			fmt.Sscanf(fields[4], "%x:", &bytes)
		}
	}
	return bytes
}

func statusField(t *testing.T, pid int, name string) string { return field(t, pid, "status", name) }

func ioField(t *testing.T, pid int, name string) string { return field(t, pid, "io", name) }

func field(t *testing.T, pid int, file, name string) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	t.Fatalf("/proc/%d/%s has no %s", pid, file, name)
	return ""
}

func exeOf(t *testing.T, pid int) string {
	t.Helper()
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		t.Fatal(err)
	}
	return exe
}

func headerOf(r *Running, mailbox string) string {
	return filepath.Join(r.Dir, "spool", "user", "jwade", mailbox, "cyrus.header")
}
