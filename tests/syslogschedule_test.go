package tests

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
	"cyrlock/fix/source"
	"cyrlock/fix/timedlock"
	"cyrlock/probe/syslog"
)

// A waiter takes a lock through Cyrus's lock code; it logs as imapd does.
const waiterC = `
#include <errno.h>
#include <fcntl.h>
#include <syslog.h>
#include <sys/stat.h>
extern int lock_reopen(int fd, const char *filename, struct stat *sbuf, const char **failaction);
int main(int argc, char **argv)
{
	const char *action = "";
	int fd = open(argv[argc - 1], O_RDWR);
	openlog("imapd", LOG_PID, LOG_LOCAL6);
	if (lock_reopen(fd, argv[argc - 1], 0, &action) == -1) return errno == EWOULDBLOCK ? 75 : 1;
	return 0;
}`

// The seed's schedule from end to end, a hundred times as fast: the patched code of
// Cyrus 2.0.16 waits for a lock that is held, libc's syslog tells it to rsyslog, and
// what we follow is that schedule, to its end and to the message that it was given up.
func TestSyslogSchedule(t *testing.T) {
	r := newLogRig(t, `local6.debug <log>`, "copytruncate")
	const tree = "../fix/source/testdata/trees/2.0.16/lib"
	code, err := os.ReadFile(tree + "/lock_flock.c")
	if err != nil {
		t.Fatal(err)
	}
	if code, err = source.Patch(code, source.Options{Schedule: timedlock.Schedule{Maxtime: 99}}); err != nil {
		t.Fatal(err)
	}
	file := func(name string) string { return filepath.Join(r.dir, name) }
	for name, text := range map[string]string{"lock.c": string(code), "waiter.c": waiterC, "jwade.seen": ""} {
		if err := os.WriteFile(file(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if said, err := exec.Command("cc", "-DTIMEDLOCK_SECOND=10", "-I", tree, "-o", file("waiter"), file("waiter.c"), file("lock.c")).CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, said)
	}
	held, err := os.Open(file("jwade.seen"))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := unix.Flock(int(held.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}

	var mu sync.Mutex
	var pid int
	var got []string
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	defer func() { cancel(); <-done }()
	go func() {
		defer close(done)
		_ = syslog.Follow(ctx, r.log, syslog.From{Start: true}, syslog.Sink{Maybe: syslog.MayMatter, Line: func(l evidence.LogLine) {
			mu.Lock()
			defer mu.Unlock()
			m := syslog.Understand(l.Text)
			if m == nil || m.File != file("jwade.seen") || m.Bound != 285 || l.Ident != "imapd" {
				got = append(got, fmt.Sprintf("not understood: %+v: %+v", l, m))
				return
			}
			pid = l.PID
			got = append(got, fmt.Sprintf("%s %g %d/%d", m.Kind, m.Sleep, m.Attempt, m.Of))
		}})
	}()

	cmd := r.run(file("waiter"), file("jwade.seen"))
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 75 {
		t.Fatalf("the waiter ended with %d", code)
	}
	var want []string
	for n := 1; n <= 9; n++ {
		want = append(want, fmt.Sprintf("%s %d %d/11", evidence.LogSleeping, n*n, n+1))
	}
	want = append(want, fmt.Sprintf("%s 0 11/11", evidence.LogGaveUp))
	waitUntil(t, "the last message", func() bool { mu.Lock(); defer mu.Unlock(); return len(got) >= len(want) })
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(got, want) || pid != cmd.Process.Pid {
		t.Errorf("pid %d, want %d\n got %q\nwant %q", pid, cmd.Process.Pid, got, want)
	}
}
