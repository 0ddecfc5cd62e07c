package tests

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"cyrlock/tests/cyrusrig"
)

// The timed lock in Debian's source of Cyrus: patched, built and run in Debian's
// own programs, with both kinds of lock; and taken out again.
func TestFixSourceOnDebian(t *testing.T) {
	tree, state := debianSource(t), filepath.Join(t.TempDir(), "state")
	fixSource := func(more ...string) {
		t.Helper()
		if out, code := run(t, append([]string{"fix", "source", tree, "--state", state}, more...)...); code != 0 {
			t.Fatalf("exit code %d: %s", code, out)
		}
	}
	before := everyFile(t, tree)
	fixSource()
	if changed := differ(before, everyFile(t, tree)); len(changed) > 0 {
		t.Errorf("the preview changed %v", changed)
	}
	t.Run("on the screen", func(t *testing.T) { sourceOnTheScreen(t, tree) })
	fixSource("--apply", "--yes", "--maxtime", "1")
	if diff := cmp.Diff([]string{"lock_fcntl.c", "lock_flock.c"}, differ(before, everyFile(t, tree))); diff != "" {
		t.Errorf("files changed (-want +got):\n%s", diff)
	}
	configure(t, tree)
	for kind, library := range buildLocks(t, tree) {
		t.Run(kind, func(t *testing.T) { patched(t, kind, library).reopening(t) })
	}
	fixSource("--apply", "--yes", "--maxtime", "1", "--also-shared")
	for kind, library := range buildLocks(t, tree) {
		t.Run(kind+", also shared", func(t *testing.T) { patched(t, kind, library).shared(t) })
	}
	before[filepath.Join(tree, "lib/imapopts.h")] = nil // made by make, as these are
	before[filepath.Join(tree, "lib/imapopts.c")] = nil
	fixSource("--undo", "--yes")
	for _, name := range differ(before, everyFile(t, tree)) {
		if !strings.HasPrefix(name, "imapopts.") {
			t.Errorf("%s is not what it was", name)
		}
	}
}

// A patchedCyrus is Debian's Cyrus with a library from the patched tree, in which
// jwade reads a shared mailbox: what he has seen is in his seen file.
type patchedCyrus struct {
	*cyrusrig.Server
	kind   string
	reader *cyrusrig.Client
}

func patched(t *testing.T, kind, library string) patchedCyrus {
	t.Helper()
	// What the master is started with; $3 is its imapd.conf.
	rig := cyrusrig.StartAfter(t, fmt.Sprintf("export LD_LIBRARY_PATH=%s\necho 'debug: yes' >>\"$3\"\n", library), "jwade")
	rig.Share(t, "team")
	rig.DeliverMany(t, "+team", 4)
	reader := rig.Login(t, "jwade")
	reader.Do("SELECT team")
	reader.Do("FETCH 1 BODY[]") // from now on there is a seen file
	if maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", reader.PID)); err != nil || !strings.Contains(string(maps), library) {
		t.Fatalf("imapd has not the library of the patched tree: %v\n%s", err, maps)
	}
	return patchedCyrus{rig, kind, reader}
}

// reopening is what lock_reopen_ex does while somebody reads the seen file, such as
// a backup: an imapd can open it, and waits when it wants to write.
func (c patchedCyrus) reopening(t *testing.T) {
	release := holdFile(t, c.Seen("jwade"), c.kind, unix.F_RDLCK)
	c.inTime(t, release)
	release = holdFile(t, c.Seen("jwade"), c.kind, unix.F_RDLCK)
	c.neverReleased(t)
	release()

	// An imapd that cannot write to mailboxes.db would abort: it waits.
	release = holdFile(t, c.mailboxes(), c.kind, unix.F_RDLCK)
	making := c.Login(t, "cyrus").Send("CREATE other")
	twoSeconds(t)
	if c.kind == "fcntl" && len(c.Waiting(c.mailboxes())) != 1 {
		t.Errorf("nobody waits for mailboxes.db: %s", c.Log())
	}
	release()
	making.OK()

	// Who opens a database takes a shared lock first, and that has no bound.
	release = holdFile(t, c.Seen("jwade"), c.kind, unix.F_WRLCK)
	reading := c.reader.Send("FETCH 4 BODY[]")
	gaveUp := strings.Count(c.Log(), "gave up after")
	twoSeconds(t)
	if now := strings.Count(c.Log(), "gave up after"); now != gaveUp {
		t.Errorf("it gave up, and what is said of this release is wrong: %s", c.Log())
	}
	release()
	reading.OK()
}

// shared is what lock_setlock does, where it is bounded too, while somebody writes
// to the seen file.
func (c patchedCyrus) shared(t *testing.T) {
	release := holdFile(t, c.Seen("jwade"), c.kind, unix.F_WRLCK)
	c.inTime(t, release)
	release = holdFile(t, c.Seen("jwade"), c.kind, unix.F_WRLCK)
	c.neverReleased(t)
	release()
	// Mail must not bounce: mailboxes.db has no bound.
	release = holdFile(t, c.mailboxes(), c.kind, unix.F_WRLCK)
	mail := c.Deliver(t, "jwade")
	twoSeconds(t)
	release()
	mail.OK()
}

func (c patchedCyrus) mailboxes() string { return filepath.Join(c.Dir, "conf/mailboxes.db") }

// inTime: the lock is released while the imapd waits. Nothing is lost.
func (c patchedCyrus) inTime(t *testing.T, release func()) {
	t.Helper()
	reading := c.reader.Send("FETCH 2 BODY[]")
	said(t, c, "lock_reopen-blocked: sleeping 1 s, attempt 2 of 3, bound 1 s, "+c.about())
	release()
	reading.OK()
	if log := c.Log(); strings.Contains(log, "gave up after") {
		t.Errorf("it gave up: %s", log)
	}
}

// neverReleased: an answer all the same, and the session goes on.
func (c patchedCyrus) neverReleased(t *testing.T) {
	t.Helper()
	began := time.Now()
	c.reader.Do("FETCH 3 BODY[]")
	if took := time.Since(began); took < time.Second {
		t.Errorf("it waited %v, and the bound is 1 s", took)
	}
	said(t, c, "lock_reopen-blocked: gave up after 1 s, attempt 3 of 3, bound 1 s, "+c.about())
	c.reader.Do("NOOP")
	if left := c.Processes(); !slices.Contains(left, c.reader.PID) {
		t.Errorf("the imapd that gave up, %d, is gone: %v", c.reader.PID, left)
	}
}

// about is how the messages end.
func (c patchedCyrus) about() string {
	return fmt.Sprintf("pid %d, file %s", c.reader.PID, c.Seen("jwade"))
}

// twoSeconds is longer than the bound, which is one.
func twoSeconds(t *testing.T) {
	t.Helper()
	began := time.Now()
	cyrusrig.Until(t, "two seconds are over", func() bool { return time.Since(began) > 2*time.Second })
}

// said waits until the server has logged something.
func said(t *testing.T, c patchedCyrus, message string) {
	t.Helper()
	cyrusrig.Until(t, "it logs "+message, func() bool { return strings.Contains(c.Log(), message) })
}

// holdFile locks a file from outside, in the way in which this Cyrus does.
func holdFile(t *testing.T, file, kind string, how int16) (release func()) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	release = func() { f.Close() }
	t.Cleanup(release)
	cyrusrig.Until(t, "the lock of "+file+" is ours", func() bool {
		if kind == "fcntl" {
			return unix.FcntlFlock(f.Fd(), unix.F_SETLK, &unix.Flock_t{Type: how}) == nil
		}
		return unix.Flock(int(f.Fd()), map[int16]int{unix.F_WRLCK: unix.LOCK_EX, unix.F_RDLCK: unix.LOCK_SH}[how]|unix.LOCK_NB) == nil
	})
	return release
}

// Several at once, and the one that is at work is killed: each file is what it was
// or has the timed lock, whoever fails says why, and undo makes all what it was.
func TestFixSourceManyAtOnce(t *testing.T) {
	tree, state := t.TempDir(), filepath.Join(t.TempDir(), "state")
	if err := os.CopyFS(tree, os.DirFS("../fix/source/testdata/trees/3.6.1")); err != nil {
		t.Fatal(err)
	}
	before := lockTexts(t, tree)
	tool := binary(t)
	for round := range 10 {
		all, said := map[int]*exec.Cmd{}, map[int]*bytes.Buffer{}
		for range 4 {
			cmd, out := exec.CommandContext(t.Context(), tool, "fix", "source", tree, "--state", state, "--apply", "--yes"), new(bytes.Buffer)
			cmd.Stdout, cmd.Stderr = out, out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			all[cmd.Process.Pid], said[cmd.Process.Pid] = cmd, out
		}
		killed := 0
		cyrusrig.Until(t, "one is at work", func() bool {
			holder, _ := os.ReadFile(filepath.Join(state, "lock"))
			killed, _ = strconv.Atoi(strings.TrimSpace(string(holder)))
			return all[killed] != nil
		})
		_ = all[killed].Process.Kill() // unless it has ended
		for pid, cmd := range all {
			if err := cmd.Wait(); err != nil && pid != killed && !strings.Contains(said[pid].String(), "another cyrlock") && !strings.Contains(said[pid].String(), "since") {
				t.Errorf("round %d: %v: %s", round, err, said[pid])
			}
		}
		for name, text := range lockTexts(t, tree) {
			if text != before[name] && !strings.Contains(text, "timedlock_call") {
				t.Errorf("round %d: %s is neither what it was nor patched", round, name)
			}
		}
		if out, code := run(t, "fix", "source", tree, "--state", state, "--undo", "--yes"); code != 0 {
			t.Fatalf("round %d: %s", round, out)
		}
		if diff := cmp.Diff(before, lockTexts(t, tree)); diff != "" {
			t.Fatalf("round %d: the tree is not what it was: %s", round, diff)
		}
	}
}

// lockTexts are the sources below lib.
func lockTexts(t *testing.T, tree string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(tree, "lib/*.[ch]"))
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	texts := map[string]string{}
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(p)] = string(text)
	}
	return texts
}
