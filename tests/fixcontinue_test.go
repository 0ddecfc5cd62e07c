package tests

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"cyrlock/evidence"
	"cyrlock/lab"
)

// A queue is a file that one process has locked and others wait for, in this order.
type queue struct {
	t       *testing.T
	file    string
	holder  *exec.Cmd
	letGo   io.Closer // closed, the holder ends as soon as it runs
	waiters []*exec.Cmd
}

func newQueue(t *testing.T, waiters int) *queue {
	t.Helper()
	q := &queue{t: t, file: filepath.Join(t.TempDir(), "jwade.seen")}
	q.holder, q.letGo = q.spawn(`exec 9>"$1"; flock 9; echo ready; read x; true`)
	for n := range waiters {
		w, _ := q.spawn(`exec 9>"$1"; echo ready; exec flock 9`)
		q.waiters = append(q.waiters, w)
		waitUntil(t, fmt.Sprintf("%d wait", n+1), func() bool { return len(q.order()) == n+1 })
	}
	endable(t, filepath.Join(t.TempDir(), "none"), q.holder.Process.Pid)
	return q
}

func (q *queue) spawn(script string) (*exec.Cmd, io.Closer) {
	q.t.Helper()
	cmd := exec.Command("sh", "-c", script, "sh", q.file)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		q.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		q.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		q.t.Fatal(err)
	}
	q.t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		q.t.Fatal(err)
	}
	return cmd, in
}

// order is who waits, as the kernel has them in its queue.
func (q *queue) order() (pids []int) {
	q.t.Helper()
	info, err := os.Stat(q.file)
	if err != nil {
		q.t.Fatal(err)
	}
	ino := fmt.Sprintf(":%d", info.Sys().(*syscall.Stat_t).Ino)
	text, err := os.ReadFile("/proc/locks")
	if err != nil {
		q.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) > 7 && f[1] == "->" && strings.HasSuffix(f[6], ino) {
			var p int
			fmt.Sscan(f[5], &p)
			pids = append(pids, p)
		}
	}
	return pids
}

func waitUntil(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not so within %v: %s", patience, what)
		}
	}
}

// procStatus is a field of /proc/PID/status; empty: it is gone.
func procStatus(pid int, name string) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		if field, value, ok := strings.Cut(line, ":"); ok && field == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// trace starts a debugger, which is not fed and stays.
func trace(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		unavailable(t, err)
	}
	cmd := exec.Command(name, args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _, _ = in.Close(), cmd.Process.Kill(), cmd.Wait() })
	return cmd
}

// The incident of a stopped holder: nothing is done without being asked for, then it
// runs on, and all that waited drain.
func TestFixContinueStopped(t *testing.T) {
	r := start(t, "stopped-holder")
	m := exactMachine(t, r)
	seenFile(t, m, r, func(_ evidence.Snapshot, f evidence.File) bool { return len(f.Waiters) == 2 && len(f.Holders) == 1 })
	root, state := r.PIDs["root"][0], filepath.Join(t.TempDir(), "state")
	for _, c := range []struct {
		want string
		code int
		args []string
	}{
		{"no terminal to ask at", 2, nil},
		{"--read-only", 1, []string{"--yes", "--read-only"}},
		{`"kind": "continue"`, 0, []string{"--dry-run"}},
	} {
		_, out, code := runFix(t, r.Conf, state, append([]string{"continue", pid(root)}, c.args...)...)
		if code != c.code || !strings.Contains(out, c.want) || procStatus(root, "State")[0] != 'T' {
			t.Errorf("%v: exit code %d, state %s: %s", c.args, code, procStatus(root, "State"), out)
		}
	}
	if _, err := os.Stat(state); err == nil {
		t.Error("there is a receipt of nothing")
	}
	if _, out, code := runFix(t, r.Conf, state, "continue", pid(r.PIDs["waiter"][0]), "--yes"); code != 1 || !strings.Contains(out, "it is not stopped") {
		t.Errorf("a waiter: exit code %d: %s", code, out)
	}
	f, out, code := runFix(t, r.Conf, state, "continue", pid(root), "--yes")
	if code != 0 || f.Proof == nil || !f.Proof.Good || !strings.HasPrefix(f.Proof.Sentence, "2 waiters drained within ") || f.Receipt.Steps[0].Said != "it runs" {
		t.Fatalf("exit code %d: %s", code, out)
	}
	t.Log(f.Receipt.Plan.What, f.Proof.Sentence)
	if f.Receipt.Plan.Basis.Class != "stopped-holder" {
		t.Errorf("%+v", f.Receipt.Plan.Basis)
	}
	if out, code := run(t, "open", f.Receipt.Saved); code != 0 || !strings.Contains(out, "is stopped by a signal") {
		t.Errorf("the evidence before: exit code %d: %s", code, out)
	}
	if _, out, code := runFix(t, r.Conf, state, "continue", pid(root), "--yes", "--force"); code != 1 || !strings.Contains(out, "it is not stopped") {
		t.Errorf("once more: exit code %d: %s", code, out)
	}
}

// A tracer of which nobody knows how it takes SIGTERM is asked only by force.
func TestFixContinueUnknownTracer(t *testing.T) {
	r := start(t, "traced-holder")
	m := exactMachine(t, r)
	seenFile(t, m, r, func(_ evidence.Snapshot, f evidence.File) bool { return len(f.Waiters) == 2 && len(f.Holders) == 1 })
	root, state := r.PIDs["root"][0], filepath.Join(t.TempDir(), "state")
	if _, out, code := runFix(t, r.Conf, state, "continue", pid(root), "--yes"); code != 1 || !strings.Contains(out, "in the hands of debugger") {
		t.Errorf("exit code %d: %s", code, out)
	}
	f, out, code := runFix(t, r.Conf, state, "continue", pid(root), "--yes", "--force")
	if code != 0 || !strings.HasPrefix(f.Proof.Sentence, "2 waiters drained within ") || f.Receipt.Plan.Risk != "some" {
		t.Fatalf("exit code %d: %s", code, out)
	}
	t.Log(f.Receipt.Steps, f.Proof.Sentence)
}

// Real debuggers let go of what they were attached to, also when they are stopped
// themselves, have set a breakpoint, or when a signal has stopped the process as well.
func TestFixContinueDebuggers(t *testing.T) {
	for name, c := range map[string]struct {
		tracer func(pid int) []string
		also   func(q *queue, tracer int)
	}{
		"gdb": {func(p int) []string { return []string{"gdb", "-q", "-nx", "-p", pid(p)} }, nil},
		"gdb with a breakpoint": {func(p int) []string {
			return []string{"gdb", "-q", "-nx", "-p", pid(p), "-ex", "break read", "-ex", "break _exit"}
		}, nil},
		"gdb that was put aside with Ctrl-Z": {func(p int) []string { return []string{"gdb", "-q", "-nx", "-p", pid(p)} },
			func(q *queue, tracer int) {
				if err := syscall.Kill(tracer, syscall.SIGSTOP); err != nil {
					q.t.Fatal(err)
				}
				waitUntil(q.t, "gdb is stopped", func() bool { return procStatus(tracer, "State")[0] == 'T' })
			}},
		"strace of one that a signal has stopped": {func(p int) []string { return []string{"strace", "-q", "-o", "/dev/null", "-p", pid(p)} },
			func(q *queue, _ int) {
				if err := q.holder.Process.Signal(syscall.SIGSTOP); err != nil {
					q.t.Fatal(err)
				}
			}},
	} {
		t.Run(name, func(t *testing.T) {
			q := newQueue(t, 2)
			holder := q.holder.Process.Pid
			args := c.tracer(holder)
			tracer := trace(t, args[0], args[1:]...)
			waitUntil(t, "it is traced", func() bool { return procStatus(holder, "TracerPid") == pid(tracer.Process.Pid) })
			if c.also != nil {
				c.also(q, tracer.Process.Pid)
			}
			waitUntil(t, "it is stopped", func() bool { return strings.ContainsAny(procStatus(holder, "State")[:1], "tT") })
			q.letGo.Close()
			f, out, code := runFix(t, "", filepath.Join(t.TempDir(), "state"), "continue", pid(holder), "--yes")
			if code != 0 || !f.Proof.Good || !strings.HasPrefix(f.Proof.Sentence, "2 waiters drained within ") || !strings.HasPrefix(f.Receipt.Steps[0].Said, "it let go within ") {
				t.Fatalf("exit code %d: %s", code, out)
			}
			if want := fmt.Sprintf("SIGTERM to %s %d (%s)", args[0], tracer.Process.Pid, strings.Join(args, " ")); f.Receipt.Plan.Changes[0].Text != want {
				t.Errorf("%q; want %q", f.Receipt.Plan.Changes[0].Text, want)
			}
			if err := q.holder.Wait(); err != nil { // by itself, and not of a signal
				t.Errorf("the holder: %v", err)
			}
			t.Log(f.Receipt.Steps, f.Proof.Sentence)
		})
	}
}

// What a debugger has started it would take along: that is refused, and the process is
// there still.
func TestFixContinueStartedByDebugger(t *testing.T) {
	note := filepath.Join(t.TempDir(), "pid")
	gdb := trace(t, "gdb", "-q", "-nx", "-ex", "run", "--args", "/bin/sh", "-c", `echo $$ > "$0"; kill -STOP $$`, note)
	var held int
	waitUntil(t, "gdb runs a process that is stopped", func() bool {
		text, _ := os.ReadFile(note)
		_, err := fmt.Sscan(string(text), &held)
		return err == nil && strings.HasPrefix(procStatus(held, "State"), "t")
	})
	t.Cleanup(func() { _ = syscall.Kill(held, syscall.SIGKILL) })
	_, out, code := runFix(t, "", filepath.Join(t.TempDir(), "state"), "continue", pid(held), "--yes", "--force")
	if code != 1 || !strings.Contains(out, "gdb: detach") || procStatus(held, "State") == "" || procStatus(gdb.Process.Pid, "State") == "" {
		t.Errorf("exit code %d: %s", code, out)
	}
}

// One that waits asks again: it goes to the end of the queue and lives on.
func TestFixRejoin(t *testing.T) {
	q := newQueue(t, 2)
	first, second := q.waiters[0].Process.Pid, q.waiters[1].Process.Pid
	state := filepath.Join(t.TempDir(), "state")
	for _, c := range []struct {
		want string
		code int
		args []string
	}{
		{"somebody holds the lock", 1, []string{pid(first), "--yes"}},
		{"does not wait: others wait for it", 1, []string{pid(q.holder.Process.Pid), "--yes", "--force"}},
		{"waits for no lock", 1, []string{pid(os.Getpid()), "--yes", "--force"}},
		{"--read-only", 1, []string{pid(first), "--yes", "--force", "--read-only"}},
		{"no terminal to ask at", 2, []string{pid(first), "--force"}},
		{`"kind": "rejoin"`, 0, []string{pid(first), "--force", "--dry-run"}},
	} {
		if _, out, code := runFix(t, "", state, append([]string{"rejoin"}, c.args...)...); code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%v: exit code %d: %s", c.args, code, out)
		}
	}
	if got := q.order(); !slices.Equal(got, []int{first, second}) {
		t.Fatalf("the queue was touched: %v", got)
	}
	f, out, code := runFix(t, "", state, "rejoin", pid(first), "--yes", "--force")
	if code != 1 || f.Proof == nil || f.Proof.Good || !strings.Contains(f.Proof.Sentence, "asked for the same lock again, and waits again") || !strings.Contains(strings.Join(f.Proof.Lines, ""), "The hang itself goes on") {
		t.Fatalf("exit code %d: %s", code, out)
	}
	t.Log(f.Receipt.Steps[0].Said, f.Proof)
	// Mostly as the last: who waited behind it is woken with it, and may be the later one
	// to ask again.
	if got := q.order(); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values([]int{first, second}))) {
		t.Errorf("the queue is %v; want %d and %d", got, second, first)
	}
	if f.Receipt.Saved == "" || !slices.ContainsFunc(f.Receipt.Plan.Warnings, func(w string) bool { return strings.Contains(w, "destroys the evidence") }) {
		t.Errorf("%+v", f.Receipt)
	}
	q.letGo.Close()
	for _, w := range q.waiters { // flock(1) gets the lock and ends
		if err := w.Wait(); err != nil {
			t.Errorf("a waiter: %v", err)
		}
	}
}

// The seed's idle workers are left alone by rejoin, too.
func TestFixRejoinIdle(t *testing.T) {
	r := start(t, lab.Seed)
	state := filepath.Join(t.TempDir(), "state")
	refused := 0
	for _, idle := range r.PIDs["idle"] {
		_, out, code := runFix(t, r.Conf, state, "rejoin", pid(idle), "--yes", "--force")
		if code != 1 {
			t.Errorf("exit code %d: %s", code, out)
		}
		if strings.Contains(out, "as idle workers do") {
			refused++
		}
	}
	if refused == 0 {
		t.Errorf("none of %d idle workers was known as one", len(r.PIDs["idle"]))
	}
}
