package tests

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cyrlock/capture"
	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/fix/shim"
	"cyrlock/probe"
	"cyrlock/probe/stack"
	"cyrlock/tests/cyrusrig"
)

// A mill is a stand-in for Cyrus: an imapd that takes a lock through a libcyrus_min of
// its own, and keeps it while its standard input is open.
type mill struct {
	t       *testing.T
	dir     string
	library string // libcyrus_min
	shim    string
	seen    string
	machine *probe.Machine
}

func newMill(t *testing.T) *mill {
	t.Helper()
	if _, err := exec.LookPath("cc"); err != nil {
		unavailable(t, err)
	}
	dir := filepath.Join(t.TempDir(), "cyrus")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	m := &mill{t: t, dir: dir, library: filepath.Join(dir, "libcyrus_min.so.0"), seen: filepath.Join(dir, "jwade.seen")}
	m.write("lock.c", `#include <fcntl.h>
int lock_reopen(int fd) { struct flock l = { .l_type = F_WRLCK }; return fcntl(fd, F_SETLKW, &l); }
`)
	m.write("imapd.c", `#include <fcntl.h>
#include <stdio.h>
int lock_reopen(int fd);
int main(int n, char **a) { int fd = open(a[1], O_RDWR | O_CREAT, 0600); if (lock_reopen(fd)) return 1; while (getchar() != EOF) ; return n == 0; }
`)
	m.write("imapd.conf", "configdirectory: "+dir+"\n")
	m.newLibrary()
	command(t, dir, "cc", "-g", "-o", "imapd", "imapd.c", m.library, "-Wl,-rpath,"+dir)
	l, err := shim.Compile(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	m.shim = filepath.Join(dir, l.Name())
	m.write(l.Name(), string(l.Body))
	tracer := stack.New(stack.Options{})
	t.Cleanup(func() { _ = tracer.Close() })
	m.machine = probe.New(probe.Options{Conf: filepath.Join(dir, "imapd.conf"), Tracer: tracer})
	return m
}

func (m *mill) write(name, text string) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o755); err != nil {
		m.t.Fatal(err)
	}
}

// newLibrary puts libcyrus_min in its place, or another one in the place of that, as
// packages do: under another name, then renamed.
func (m *mill) newLibrary() {
	m.t.Helper()
	command(m.t, m.dir, "cc", "-g", "-shared", "-fPIC", "-Wl,-soname,libcyrus_min.so.0", "-o", "new", "lock.c")
	if err := os.Rename(filepath.Join(m.dir, "new"), m.library); err != nil {
		m.t.Fatal(err)
	}
}

// imapd starts one more; end ends it.
func (m *mill) imapd(env ...string) (pid int, end func()) {
	m.t.Helper()
	cmd := exec.Command(filepath.Join(m.dir, "imapd"), m.seen)
	cmd.Env = env
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		m.t.Fatal(err)
	}
	end = func() {
		_ = cmd.Process.Kill()
		in.Close()
		_ = cmd.Wait()
	}
	m.t.Cleanup(end)
	return cmd.Process.Pid, end
}

// timed is the environment in which fix shim has Cyrus start.
func (m *mill) timed() []string {
	return []string{"LD_PRELOAD=" + m.shim, "CYRLOCK_SHIM_PROGRAMS=" + m.dir + "/*", "CYRLOCK_SHIM_PATHS=*.seen:*/seen.db", "CYRLOCK_SHIM_MAXTIME=99"}
}

// look waits until the file has one holder and these waiters, saves what was seen as a
// capture, and gives the report on that.
func (m *mill) look(waiters ...int) (diagnose.Report, diagnose.Root) {
	m.t.Helper()
	for end := time.Now().Add(patience); ; {
		s, err := m.machine.Look(m.t.Context(), evidence.Query{File: m.seen})
		if err != nil {
			m.t.Fatal(err)
		}
		var found []int
		holders := 0
		for _, f := range s.Files {
			if f.Path != m.seen { // other tests hang other files
				continue
			}
			holders += len(f.Holders)
			for _, w := range f.Waiters {
				found = append(found, w.PID)
			}
		}
		slices.Sort(found)
		if slices.Sort(waiters); holders == 1 && slices.Equal(found, waiters) {
			file, err := capture.Write(m.t.TempDir(), s)
			if err == nil {
				s, err = capture.Read(file)
			}
			if err != nil {
				m.t.Fatal(err)
			}
			r := diagnose.Diagnose(s, diagnose.Options{Threshold: time.Nanosecond})
			switch {
			case len(waiters) == 0:
				return r, diagnose.Root{}
			case len(r.Roots) == 1:
				return r, r.Roots[0]
			}
		}
		if time.Now().After(end) {
			m.t.Fatalf("%d holders, and %v wait; want %v: %+v", holders, found, waiters, s.Gaps)
		}
	}
}

func codeOf(r diagnose.Report, pid int) evidence.Code {
	if p := r.Process(pid); p != nil && p.Code != nil {
		return *p.Code
	}
	return evidence.Code{Replaced: []string{"nothing is known of it"}}
}

func nextOf(r diagnose.Root) (all string) {
	for _, a := range r.AdviceFor(diagnose.Next) {
		all += fmt.Sprintf("%s: %s\n", a.Action, a.Why)
	}
	return all
}

// One process after the other, of old and of new code: who has the timed lock, and who
// runs a libcyrus that was replaced since.
func TestAdviceOnOldCode(t *testing.T) {
	m := newMill(t)
	holder, _ := m.imapd()
	m.look()

	timed, endTimed := m.imapd(m.timed()...)
	r, root := m.look(timed)
	want := evidence.Timed{Library: m.shim, BoundS: 285, Paths: shim.SeenFiles()}
	if c := codeOf(r, timed); c.Timed == nil || len(c.Replaced) > 0 || c.Timed.Library != want.Library || c.Timed.BoundS != want.BoundS || !slices.Equal(c.Timed.Paths, want.Paths) {
		t.Errorf("%+v, want %+v", c.Timed, want)
	}
	if c := codeOf(r, holder); c.Timed != nil || len(c.Replaced) > 0 {
		t.Errorf("the holder: %+v", c)
	}
	if next := nextOf(root); !strings.HasPrefix(next, "verify: those who wait have the timed lock, and each wait ends after 285 s at most") {
		t.Error(next)
	}

	plain, _ := m.imapd()
	if r, root = m.look(timed, plain); codeOf(r, plain).Timed != nil {
		t.Errorf("%+v", codeOf(r, plain))
	}
	if next, want := nextOf(root), fmt.Sprintf("verify: 1 of 2 who wait have the timed lock; until Cyrus is started anew these go on without it: imapd %d\n", plain); next != want {
		t.Errorf("%swant %s", next, want)
	}

	m.newLibrary()
	late, _ := m.imapd()
	r, _ = m.look(timed, plain, late)
	for _, pid := range []int{holder, timed, plain} {
		if c := codeOf(r, pid); !slices.Equal(c.Replaced, []string{m.library}) {
			t.Errorf("%d: %+v", pid, c)
		}
	}
	if c := codeOf(r, late); len(c.Replaced) > 0 {
		t.Errorf("started since: %+v", c)
	}
	endTimed()
	_, root = m.look(plain, late)
	old := []int{holder, plain}
	slices.Sort(old)
	if next, want := nextOf(root), fmt.Sprintf("; Cyrus was replaced on disk since these were started: imapd %d, imapd %d", old[0], old[1]); strings.Count(next, want) != 2 || !strings.HasPrefix(next, "shim: ") {
		t.Errorf("%slacks %s", next, want)
	}
}

// What is read of Debian's own imapd beside its stack is what fix shim verify reads.
func TestAdviceOnTimedCyrus(t *testing.T) {
	y := newShimYard(t)
	source := cyrusrig.Start(t, "jwade") // whose master tells what to install
	y.does(source.Conf, "install", "--yes")
	rig := cyrusrig.StartAfter(t, y.startLine(), "jwade")
	reader := team(t, rig)
	holder := cyrusrig.Hold(t, rig.Seen("jwade"))
	reading := reader.Send("FETCH 3 BODY[]")
	report, root := verdict(t, rig, evidence.Query{}, diagnose.OutsideHolder)
	if root.PID != holder.PID || !slices.Contains(root.Victims, reader.PID) {
		t.Fatalf("%+v", root)
	}
	told, _ := y.verify(rig.Conf)
	i := slices.IndexFunc(told.Processes, func(c shim.Check) bool { return c.PID == reader.PID })
	if i < 0 {
		t.Fatalf("verify has not seen %d: %+v", reader.PID, told.Processes)
	}
	c, seen := told.Processes[i], codeOf(report, reader.PID)
	if seen.Timed == nil || len(seen.Replaced) > 0 || seen.Timed.Library != c.Library || seen.Timed.BoundS != c.Bound || !slices.Equal(seen.Timed.Paths, c.Paths) || c.Bound != 285 {
		t.Errorf("%+v %+v, but verify: %+v", seen, seen.Timed, c)
	}
	if next := nextOf(root); !strings.Contains(next, "verify: those who wait have the timed lock, and each wait ends after 285 s at most") || strings.Contains(next, "install") {
		t.Error(next)
	}
	holder.Kill()
	reading.OK()
}
