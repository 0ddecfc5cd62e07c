package probe

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"cyrlock/evidence"
)

// On btrfs and overlayfs the device of the lock table is not the one of stat,
// and the mount is one that this process does not have.
func TestOtherFilesystems(t *testing.T) {
	asRoot(t)
	for _, c := range []struct{ fs, tool, mount string }{
		{"btrfs", "mkfs.btrfs", `truncate -s 120M "$0/img" && mkfs.btrfs -q "$0/img" && mkdir "$0/m" && mount -o loop "$0/img" "$0/m"`},
		{"overlay", "mount", `mkdir "$0/m" "$0/back" && mount -t tmpfs none "$0/back" && cd "$0/back" && mkdir low up work && mount -t overlay overlay -o lowerdir=low,upperdir=up,workdir=work "$0/m"`},
		{"tmpfs", "mount", `mkdir "$0/m" && mount -t tmpfs none "$0/m"`},
	} {
		t.Run(c.fs, func(t *testing.T) {
			known, _ := os.ReadFile("/proc/filesystems")
			if !strings.Contains(string(known), "\t"+c.fs+"\n") {
				missing(t, c.fs+" in the kernel")
			}
			if _, err := exec.LookPath(c.tool); err != nil {
				missing(t, c.tool)
			}
			dir := t.TempDir()
			a := newActor(t, "unshare", "-m", "--propagation", "private", "sh", "-ec", c.mount+`; exec "$1"`, dir)
			a.pid = a.cmd.Process.Pid // unshare and sh became it
			path := filepath.Join(dir, "m", "jwade.seen")
			for _, name := range []string{"a", "b"} {
				a.do("open %s %s", name, path)
			}
			a.do("flock a ex")
			a.begin("flock b ex")
			s, f := until(t, New(Options{}), evidence.Query{}, path, waiters(1))
			if f.FS != c.fs || len(f.Holders) != 1 || f.Holders[0].How != "fdinfo" || f.HolderSeen == 0 || f.Waiters[0].Queue != 1 {
				t.Errorf("%+v", f)
			}
			if p := s.Process(a.pid); p == nil || p.Container {
				t.Errorf("process %+v", p)
			}
		})
	}
}

// The holder lives in another PID namespace, which from above is no secret.
func TestContainer(t *testing.T) {
	asRoot(t)
	path := filepath.Join(t.TempDir(), "f")
	inside, waiter := newActor(t, "unshare", "-pf", "--kill-child", "--mount-proc"), newActor(t)
	inside.do("open a %s", path)
	inside.do("flock a ex")
	waiter.do("open a %s", path)
	waiter.begin("flock a ex")
	s, f := until(t, New(Options{}), evidence.Query{}, path, waiters(1))
	if len(f.Holders) != 1 {
		t.Fatalf("holders %+v", f.Holders)
	}
	p := s.Process(f.Holders[0].PID)
	if p == nil || p.PPID != inside.cmd.Process.Pid || !p.Container || f.Holders[0].How != "fdinfo" {
		t.Errorf("holder %+v of %+v", p, f.Holders)
	}
}

// From inside, a holder outside is invisible: then the look must say where it is.
func TestFromInside(t *testing.T) {
	asRoot(t)
	path := filepath.Join(t.TempDir(), "f")
	outside := newActor(t)
	outside.do("open a %s", path)
	outside.do("flock a ex")
	inside := newActor(t, "unshare", "-pf", "--kill-child", "--mount-proc")
	inside.do("open a %s", path)
	inside.begin("flock a ex")
	s, seen := until(t, New(Options{}), evidence.Query{}, path, waiters(1))
	if s.Host.Container {
		missing(t, "the machine's first PID namespace")
	}
	looker := newActor(t, "nsenter", "-m", "-p", "-t", strconv.Itoa(seen.Waiters[0].PID))
	got := looker.look()
	f := fileNamed(got, path)
	if f == nil || len(f.Waiters) != 1 || f.Waiters[0].PID != 1 || f.Waiters[0].FD < 0 {
		t.Fatalf("files %+v", got.Files)
	}
	if !got.Host.Container {
		t.Error("it does not know that it is in a container")
	}
	for _, h := range f.Holders {
		if h.PID != 0 {
			t.Errorf("a holder out of nowhere: %+v", h)
		}
	}
}

// An ordinary user sees less, and is told so.
func TestOrdinaryUser(t *testing.T) {
	asRoot(t)
	if _, err := exec.LookPath("setpriv"); err != nil {
		missing(t, "setpriv")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for d := dir; len(d) > len(os.TempDir()); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(dir, "program")
	if out, err := exec.Command("install", "-m", "755", self, program).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	path := filepath.Join(dir, "f")
	holder := newActor(t)
	holder.do("open a %s", path)
	holder.do("flock a ex")
	waiter := exec.Command("flock", path, "true") // of one thread, as Cyrus's processes are
	if err := waiter.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		waiter.Process.Kill()
		waiter.Wait()
	})
	_, full := until(t, New(Options{}), evidence.Query{}, path, waiters(1))

	seen := func(s evidence.Snapshot) {
		t.Helper()
		f := fileAt(s, full)
		if f == nil || len(f.Holders) != 1 || len(f.Waiters) != 1 {
			t.Fatalf("the lock table is open to all, but: %+v", s.Files)
		}
		if h, w := f.Holders[0], f.Waiters[0]; h.PID != holder.pid || h.How != "lock table" || h.FD != -1 || h.LockerDead || w.PID != waiter.Process.Pid || w.FD != -1 || w.Mode != evidence.Write || w.Queue != 1 {
			t.Errorf("holder %+v, waiter %+v", h, w)
		}
		if s.Host.UID != 65534 {
			t.Errorf("uid %d", s.Host.UID)
		}
	}
	// Where /proc hides what is not his, he sees the lock table all the same.
	hidden := newActor(t, "unshare", "-m", "sh", "-ec", `mount -t proc -o hidepid=2 proc /proc; exec setpriv --reuid=65534 --regid=65534 --clear-groups "$0"`, program)
	seen(hidden.look())

	nobody := newActor(t, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program)
	s := nobody.look()
	seen(s)
	if w := fileAt(s, full).Waiters[0]; w.SinceHow != full.Waiters[0].SinceHow {
		t.Errorf("sched is open to all: %+v", w)
	}
	p := s.Process(holder.pid)
	if p == nil || p.Comm == "" || p.State == "" || p.UID != 0 {
		t.Errorf("process %+v", p)
	}
	what := make(map[string]string)
	for _, g := range s.Gaps {
		what[g.What] = g.Why
	}
	for _, need := range []string{"system calls", "descriptors"} {
		if !strings.Contains(what[need], "run as root") {
			t.Errorf("gap %q: %q", need, what[need])
		}
	}
	if len(s.Gaps) > 20 {
		t.Errorf("%d gaps: one for each process?", len(s.Gaps))
	}
	t.Log(s.Gaps)
}

// fileAt finds a file by its identity: an ordinary user sees no path.
func fileAt(s evidence.Snapshot, like evidence.File) *evidence.File {
	for i := range s.Files {
		if s.Files[i].Ino == like.Ino && s.Files[i].Dev == like.Dev {
			return &s.Files[i]
		}
	}
	return nil
}

// A kernel that tells neither the inode in fdinfo nor the scheduler's clock: the
// wait is at least as long as it was watched.
func TestWatched(t *testing.T) {
	m := New(Options{})
	w := watch{pid: 1, tid: 2, begin: 3, key: lockKey{inode{1, 2, 3}, true}}
	now := time.Now()
	for i, c := range []struct {
		after time.Duration
		ran   uint64
		want  time.Duration
	}{{0, 7, 0}, {time.Second, 7, time.Second}, {3 * time.Second, 7, 3 * time.Second}, {4 * time.Second, 8, 0}, {6 * time.Second, 8, 2 * time.Second}} {
		if got := m.remember(w, c.ran, now.Add(c.after)); got != c.want {
			t.Errorf("look %d: %v, want %v", i, got, c.want)
		}
	}
	m.forget(map[watch]bool{})
	if got := m.remember(w, 8, now.Add(9*time.Second)); got != 0 {
		t.Errorf("after it was over: %v", got)
	}
}

func TestProcesses(t *testing.T) {
	a := newActor(t)
	a.do("open a %s", filepath.Join(t.TempDir(), "f"))
	m := New(Options{})
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	got, gaps := m.Processes(t.Context(), []int{a.pid, gone.Process.Pid, a.pid})
	if len(got) != 1 || got[0].PID != a.pid || got[0].Comm == "" || len(got[0].Threads) == 0 {
		t.Errorf("%+v", got)
	}
	found := false
	for _, g := range gaps {
		found = found || g.PID == gone.Process.Pid && g.Why == "no such process"
	}
	if !found {
		t.Errorf("gaps %+v: nothing of %s", gaps, strconv.Itoa(gone.Process.Pid))
	}
}

// Before 5.14 fdinfo has no inode: the file behind the descriptor is asked.
func TestOldKernel(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l, r := New(Options{}).newLook(evidence.Query{}), newReader("/proc", nil)
	want, err := l.descriptor(r, os.Getpid(), int(f.Fd()))
	if err != nil || !want.known {
		t.Fatalf("%+v, %v", want, err)
	}
	for name, info := range map[string]fdinfo{"no inode": {mount: want.info.mount}, "and no mount": {mount: -1}} {
		got := opened{info: info}
		if err := l.identify(r, os.Getpid(), int(f.Fd()), &got); err != nil || got.inode != want.inode || !got.known {
			t.Errorf("%s: %+v, %v; want %+v", name, got.inode, err, want.inode)
		}
	}
}
