package lab

import (
	"context"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

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
		gone(t, r)
	})
	return r
}

// gone fails unless nothing of the incident is left.
func gone(t *testing.T, r *Running) {
	t.Helper()
	if left := sessionOf(r.keeper.pid()); len(left) > 0 {
		t.Errorf("processes %v are left", left)
	}
	if _, err := os.Lstat(r.Dir); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", r.Dir, err)
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

func TestSeed(t *testing.T) {
	r := begin(t, Seed)
	header := r.Dir + "/spool/user/jwade/FaMiLy/cyrus.header"

	mustSleepIn(t, r.PIDs["root"], unix.SYS_WRITE, "")
	mustSleepIn(t, r.PIDs["waiter"], unix.SYS_FLOCK, r.Seen)
	mustSleepIn(t, r.PIDs["lmtpd"], unix.SYS_FLOCK, header)
	if n := len(r.PIDs["lmtpd"]); n < 8 {
		t.Errorf("%d lmtpds wait, want 8 or more", n)
	}
	if !holds(r.PIDs["root"][0], r.Seen) || !holds(r.PIDs["waiter"][0], header) {
		t.Error("the root must hold the seen file, the first waiter the header")
	}
	for _, pid := range r.PIDs["idle"] {
		if c, err := readCall(pid); err != nil || c.number != unix.SYS_ACCEPT && c.number != unix.SYS_FCNTL {
			t.Errorf("idle worker %d is in %v (%v)", pid, c, err)
		}
	}
}
