package tests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"cyrlock/fix/source"
	"cyrlock/fix/timedlock"
)

// waiters builds a program that takes a lock through Cyrus's lock code with the time
// limit in it; a second is so many ms long for it.
func (r *logRig) waiters(second int, s timedlock.Schedule) string {
	r.t.Helper()
	const tree = "../fix/source/testdata/trees/2.0.16/lib"
	code, err := os.ReadFile(tree + "/lock_flock.c")
	if err != nil {
		r.t.Fatal(err)
	}
	if code, err = source.Patch(code, source.Options{Schedule: s}); err != nil {
		r.t.Fatal(err)
	}
	bin := filepath.Join(r.dir, fmt.Sprintf("imapd%d", second))
	for name, text := range map[string]string{bin + "-lock.c": string(code), bin + ".c": waiterC} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
	cc := exec.Command("cc", fmt.Sprintf("-DTIMEDLOCK_SECOND=%d", second), "-I", tree, "-o", bin, bin+".c", bin+"-lock.c")
	if said, err := cc.CombinedOutput(); err != nil {
		r.t.Fatalf("cc: %v\n%s", err, said)
	}
	return bin
}

// hold makes a file whose lock is held until release.
func (r *logRig) hold(name string) (path string, release func()) {
	r.t.Helper()
	path = filepath.Join(r.dir, name)
	f, err := os.Create(path)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { f.Close() })
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		r.t.Fatal(err)
	}
	return path, func() { f.Close() }
}

// A logTeller is a cyrlock log that runs.
type logTeller struct {
	t         *testing.T
	cmd       *exec.Cmd
	mu        sync.Mutex
	out, errs bytes.Buffer
}

type lockedWriter struct {
	mu *sync.Mutex
	b  *bytes.Buffer
}

func (w lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

// tellLog starts cyrlock log and waits until it follows.
func tellLog(t *testing.T, args ...string) *logTeller {
	t.Helper()
	l := &logTeller{t: t, cmd: exec.Command(binary(t), append([]string{"log"}, args...)...)}
	l.cmd.Stdout, l.cmd.Stderr = lockedWriter{&l.mu, &l.out}, lockedWriter{&l.mu, &l.errs}
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.cmd.Process.Kill(); _ = l.cmd.Wait() })
	waitUntil(t, "cyrlock log follows", func() bool { return strings.Contains(l.said()+l.complained(), "following") })
	return l
}

func (l *logTeller) said() string       { l.mu.Lock(); defer l.mu.Unlock(); return l.out.String() }
func (l *logTeller) complained() string { l.mu.Lock(); defer l.mu.Unlock(); return l.errs.String() }

// end ends it as Ctrl-C or a service manager does; that is no failure.
func (l *logTeller) end(sig os.Signal) {
	l.t.Helper()
	if err := l.cmd.Process.Signal(sig); err != nil {
		l.t.Fatal(err)
	}
	stuck := time.AfterFunc(30*time.Second, func() { _ = l.cmd.Process.Kill() })
	defer stuck.Stop()
	if err := l.cmd.Wait(); err != nil {
		l.t.Errorf("cyrlock log: %v\n%s", err, l.complained())
	}
}

// A toldEvent is what is checked of an event.
type toldEvent struct {
	Event    string
	Sentence string
	Line     struct {
		PID     int
		Message struct {
			Kind        string
			Attempt, Of int
		}
	}
	Process *struct {
		PID   int
		Start uint64
	}
	File *struct{ Path, Kind, User string }
	Wait *struct {
		End   string
		Least float64 `json:"least_s"`
		Most  float64 `json:"most_s"`
	}
	Counts *struct {
		Ends map[string]int
		Open int
	}
}

func (l *logTeller) events() (all []toldEvent) {
	l.t.Helper()
	for line := range strings.Lines(l.said()) {
		var e toldEvent
		if !strings.HasSuffix(line, "\n") {
			break
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			l.t.Fatalf("%v: %s", err, line)
		}
		all = append(all, e)
	}
	return all
}

// The timed lock waits, libc's syslog tells it to a real rsyslog, and cyrlock log tells
// each try beside the process that waits: one that gives up, by a clock that is a
// hundred times as fast, and one that gets its lock, of which nothing is logged.
func TestLogFollows(t *testing.T) {
	r := newLogRig(t, "local6.debug <log>", "copytruncate")
	seen, _ := r.hold("jwade.seen")
	other, release := r.hold("lsmith.seen")
	fast, real := r.waiters(10, timedlock.Schedule{Maxtime: 99}), r.waiters(1000, timedlock.Schedule{Maxtime: 99, Hybrid: true})
	l := tellLog(t, "--json", r.log)

	lucky := r.run(real, other)
	unlucky := r.run(fast, seen)
	_ = unlucky.Wait()
	if code := unlucky.ProcessState.ExitCode(); code != 75 {
		t.Fatalf("the waiter ended with %d", code)
	}
	about := func(pid int, event string) (all []toldEvent) {
		return slices.DeleteFunc(l.events(), func(e toldEvent) bool {
			return e.Event != event || e.Line.PID != pid && (e.Process == nil || e.Process.PID != pid)
		})
	}
	waitUntil(t, "two tries of the one that will get its lock", func() bool { return len(about(lucky.Process.Pid, "message")) >= 2 })
	release()
	_ = lucky.Wait()
	waitUntil(t, "ten messages of the one that gave up", func() bool { return len(about(unlucky.Process.Pid, "message")) >= 10 })
	var got []string
	for _, e := range about(unlucky.Process.Pid, "message") {
		got = append(got, fmt.Sprintf("%s %d/%d", e.Line.Message.Kind, e.Line.Message.Attempt, e.Line.Message.Of))
		if e.File == nil || e.File.Path != seen || e.File.Kind != "seen" || e.File.User != "jwade" {
			t.Errorf("the file: %+v", e.File)
		}
		if e.Process == nil || e.Process.PID != unlucky.Process.Pid || e.Process.Start == 0 {
			t.Errorf("the process of %q: %+v", e.Sentence, e.Process)
		}
	}
	var want []string
	for n := 1; n <= 9; n++ {
		want = append(want, fmt.Sprintf("sleeping %d/11", n+1))
	}
	if want = append(want, "gave-up 11/11"); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}

	waitUntil(t, "it is told that the other has its lock", func() bool { return len(about(lucky.Process.Pid, "ended")) == 1 })
	if e := about(lucky.Process.Pid, "ended")[0]; e.Wait.End != "silent" || e.Wait.Least != 1 || e.Wait.Most != 5 || !strings.Contains(e.Sentence, "lsmith's seen file") {
		t.Errorf("%+v %+v", e, e.Wait)
	}

	l.end(syscall.SIGINT)
	all := l.events()
	last := all[len(all)-1]
	if last.Event != "summary" || last.Counts.Ends["gave-up"] != 1 || last.Counts.Ends["silent"] != 1 || last.Counts.Open != 0 {
		t.Errorf("%+v %+v", last, last.Counts)
	}

	// What was logged is history by now.
	out, code := run(t, "log", "--history", r.log)
	if code != 0 || !strings.HasPrefix(out, "Too little to go by: leave MAXTIME at 99") || !strings.Contains(out, "1 wait gave up") || !strings.Contains(out, "1 to 5 s") {
		t.Errorf("exit code %d: %s", code, out)
	}
}

// For people: a line an event, and a summary that does not take silence for health.
func TestLogTells(t *testing.T) {
	log := filepath.Join(t.TempDir(), "mail.log")
	if err := os.WriteFile(log, []byte("2026-11-23T09:00:00+00:00 mail1 imapd[7]: lock_reopen-blocked: sleeping 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := tellLog(t, log)
	l.end(syscall.SIGTERM)
	if said := l.said(); !strings.HasPrefix(said, "Nothing about locks came in ") || !strings.Contains(said, "no sign of health") || !strings.Contains(said, "cyrlock log --test") {
		t.Errorf("%q", said)
	}

	// What was before is told on request, and what comes then once.
	recent := time.Now().Add(-time.Minute).Format(time.RFC3339Nano) + " mail1 imapd[7]: lock_reopen-blocked: sleeping 4\n"
	if err := os.WriteFile(log, []byte(recent), 0o600); err != nil {
		t.Fatal(err)
	}
	l = tellLog(t, "--since", "1h", log)
	waitUntil(t, "the wait of a minute ago is over", func() bool { return strings.Contains(l.said(), "must have its lock by now: it waited 1 to 5 s") })
	if said := l.said(); strings.Count(said, "has waited 1 s for a lock, tries again in 4 s") != 1 {
		t.Errorf("%q", said)
	}
	l.end(syscall.SIGTERM)

	l = tellLog(t, "--file", "jwade.seen", log)
	f, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	host, _ := os.Hostname()
	for _, user := range []string{"lsmith", "jwade"} {
		fmt.Fprintf(f, "%s %s cyrus/imap[%d]: lock_reopen-blocked: sleeping 9 s, attempt 4 of 11, bound 285 s, pid %d, file /var/imap/user/j/\x1b[2J/%s.seen\n",
			time.Now().Format(time.RFC3339Nano), host, os.Getpid(), os.Getpid(), user)
	}
	want := fmt.Sprintf("  tests.test %d ", os.Getpid())
	waitUntil(t, "the wait is told", func() bool { return strings.Contains(l.said(), "(4 of 11)") })
	if said := l.said(); !strings.Contains(said, want) || !strings.Contains(said, "has waited 5 s for jwade's seen file, tries again in 9 s, gives up in 4m40s") || strings.Contains(said, "lsmith") || strings.Contains(said, "\x1b") {
		t.Errorf("%q", said)
	}
	l.end(syscall.SIGINT)
	if said := l.said(); !strings.Contains(said, "1 wait, in ") || !strings.Contains(said, "1 had not ended") {
		t.Errorf("%q", said)
	}
}
