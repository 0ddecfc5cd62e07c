package source_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"cyrlock/fix/source"
	"cyrlock/fix/timedlock"
)

// patience bounds every wait for something to happen. Nothing takes that long.
const patience = 30 * time.Second

// stand-ins, each for a way in which the releases write their lock code.
var standIns = []string{"2.0.16", "2.3.13", "2.4.17", "2.5.0", "2.5.11", "3.6.1"}

// tree is a copy of a stand-in that may be changed.
func tree(t testing.TB, name string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata/trees", name))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func options(maxtime int, hybrid bool) source.Options {
	return source.Options{Schedule: timedlock.Schedule{Maxtime: maxtime, Hybrid: hybrid}}
}

// apply writes what a plan changes.
func apply(t testing.TB, dir string, o source.Options) *source.Tree {
	t.Helper()
	s, err := source.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(o)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Changes) != len(s.Files) {
		t.Fatalf("%d of %d files are changed", len(p.Changes), len(s.Files))
	}
	for _, c := range p.Changes {
		if err := os.WriteFile(filepath.Join(c.File.Dir, c.File.Name), c.File.New, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// compiler skips the test where there is none, and fails it where all must run.
func compiler(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" || os.Getenv("CYRLOCK_TESTS") == "all" {
		t.Fatalf("%v, and here every test must run: sh tests/needs.sh", err)
	}
	t.Skipf("NOT TESTED: %v: sh tests/needs.sh", err)
	return ""
}

// build makes the waiter with the patched lock code; a second is ms long in it.
func build(t testing.TB, s *source.Tree, kind string, ms int) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "waiter")
	args := []string{"-std=gnu99", "-Wall", "-Wextra", "-Werror", "-DHAVE_UNISTD_H", fmt.Sprintf("-DTIMEDLOCK_SECOND=%d", ms),
		"-I", filepath.Join(s.Dir, "lib"), "testdata/waiter.c", filepath.Join(s.Dir, "lib/lock_"+kind+".c"), "-o", bin}
	if s.Version[0] > 2 || s.Version[1] >= 5 {
		args = append(args, "-DTAKES_NAME")
	}
	if out, err := exec.Command(compiler(t, "gcc"), args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}

// A waiter is a process that asks for a lock.
type waiter struct {
	t     testing.TB
	cmd   *exec.Cmd
	stdin io.Closer
	next  chan event
	seen  []event
}

// An event is one line of a waiter: when, in ms, and what.
type event struct {
	at         int
	what, more string
}

func wait(t testing.TB, bin string, args ...string) *waiter {
	t.Helper()
	w := &waiter{t: t, cmd: exec.Command(bin, args...), next: make(chan event, 1000)}
	w.cmd.Stderr = os.Stderr
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if w.stdin, err = w.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(w.next)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var e event
			at, rest, _ := strings.Cut(lines.Text(), " ")
			_, _ = fmt.Sscan(at, &e.at)
			e.what, e.more, _ = strings.Cut(rest, " ")
			w.next <- e
		}
	}()
	t.Cleanup(w.end)
	return w
}

// end lets the waiter go, and its lock with it.
func (w *waiter) end() {
	w.stdin.Close()
	stuck := time.AfterFunc(patience, func() { _ = w.cmd.Process.Kill() })
	defer stuck.Stop()
	for range w.next {
	}
	if err := w.cmd.Wait(); err != nil {
		w.t.Errorf("the waiter: %v", err)
	}
}

// await is the next event of a kind whose text begins so.
func (w *waiter) await(what, begins string) event {
	w.t.Helper()
	late := time.After(patience)
	for {
		select {
		case e, ok := <-w.next:
			if !ok {
				w.t.Fatalf("the waiter ended without %q %q: %v", what, begins, w.seen)
			}
			w.seen = append(w.seen, e)
			if e.what == what && strings.HasPrefix(e.more, begins) {
				return e
			}
		case <-late:
			_ = w.cmd.Process.Kill()
			w.t.Fatalf("no %q %q: %v", what, begins, w.seen)
		}
	}
}

// all are the events of a kind so far.
func (w *waiter) all(what string) (found []event) {
	for _, e := range w.seen {
		if e.what == what {
			found = append(found, e)
		}
	}
	return found
}

// hold takes a lock on a file, as another process would; exclusive ones of both
// kinds exclude other processes. release gives it back.
func hold(t testing.TB, path, kind string, how int16) (release func()) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	release = func() { f.Close() }
	t.Cleanup(release)
	if kind == "flock" {
		err = unix.Flock(int(f.Fd()), map[int16]int{unix.F_WRLCK: unix.LOCK_EX, unix.F_RDLCK: unix.LOCK_SH}[how]|unix.LOCK_NB)
	} else {
		err = unix.FcntlFlock(f.Fd(), unix.F_SETLK, &unix.Flock_t{Type: how})
	}
	if err != nil {
		t.Fatal(err)
	}
	return release
}

// free reports whether nobody holds the file's lock.
func free(t testing.TB, path, kind string) bool {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if kind == "flock" {
		return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil
	}
	return unix.FcntlFlock(f.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK}) == nil
}
