package probe

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cyrlock/evidence"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// until looks again and again until the file is as wanted.
func until(t *testing.T, m *Machine, q evidence.Query, path string, ok func(evidence.File) bool) (evidence.Snapshot, evidence.File) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		s, err := m.Look(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		f := fileNamed(s, path)
		if f != nil && ok(*f) {
			return s, *f
		}
		if time.Now().After(deadline) {
			b, _ := json.MarshalIndent(f, "", "  ")
			gaps, _ := json.Marshal(s.Gaps)
			t.Fatalf("%s was never as it should be; at last\n%s\n%s", path, b, gaps)
		}
	}
}

// in are the files of a snapshot below a directory: other programs lock, too.
func in(s evidence.Snapshot, dir string) (files []evidence.File) {
	for _, f := range s.Files {
		if strings.HasPrefix(f.Path, dir+"/") {
			files = append(files, f)
		}
	}
	return files
}

func waiters(n int) func(evidence.File) bool {
	return func(f evidence.File) bool { return len(f.Waiters) == n }
}

var exact = cmp.Options{
	cmpopts.IgnoreFields(evidence.Waiter{}, "TID", "SinceS", "SinceHow", "BlockedBy"),
	cmpopts.SortSlices(func(a, b evidence.Holder) bool { return a.PID < b.PID }),
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestFlock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jwade.seen")
	holder, second, third := newActor(t), newActor(t), newActor(t)
	holder.do("open a %s", path)
	holder.do("flock a ex")
	second.do("open a %s", path)
	second.begin("flock a ex")
	m := New(Options{})
	until(t, m, evidence.Query{}, path, waiters(1))
	third.do("open a %s", path)
	third.begin("flock a sh")
	s, f := until(t, m, evidence.Query{}, path, waiters(2))

	if f.Lock != evidence.Flock || f.Ino == 0 || f.FS == "" || f.HolderSeen == 0 || f.Deleted || f.Replaced {
		t.Errorf("file: %+v", f)
	}
	want := []evidence.Holder{{PID: holder.pid, FD: number(t, holder.do("fd a")), Mode: evidence.Write, Lock: evidence.Flock, Locker: holder.pid, Description: 1, How: "fdinfo"}}
	if d := cmp.Diff(want, f.Holders, exact); d != "" {
		t.Errorf("holders (-want +got):\n%s", d)
	}
	fd := want[0].FD // all three opened it first of all
	queue := []evidence.Waiter{
		{PID: second.pid, FD: fd, Mode: evidence.Write, Lock: evidence.Flock, Queue: 1, Depth: 1},
		{PID: third.pid, FD: fd, Mode: evidence.Read, Lock: evidence.Flock, Queue: 2, Depth: 2},
	}
	if d := cmp.Diff(queue, f.Waiters, exact); d != "" {
		t.Errorf("waiters (-want +got):\n%s", d)
	}
	p := s.Process(second.pid)
	if p == nil {
		t.Fatal("the waiter is not among the processes")
	}
	self, _ := os.Executable()
	if p.Exe != self || p.Title != self || p.PPID != os.Getpid() || p.UID != os.Getuid() || p.Container || p.Start == 0 {
		t.Errorf("process: %+v", p)
	}
	i := slices.IndexFunc(p.Threads, func(th evidence.Thread) bool { return th.TID == f.Waiters[0].TID })
	if i < 0 {
		t.Fatalf("no thread %d in %+v", f.Waiters[0].TID, p.Threads)
	}
	th := p.Threads[i]
	if th.Syscall != "flock" || th.State != "S" || !strings.Contains(th.Wchan, "lock") || th.Moved || th.WatchedMS <= 0 || th.On == nil || th.On.Path != path || th.On.Kind != "file" {
		t.Errorf("thread: %+v, on %+v", th, th.On)
	}
}

// Wait times are the point of reading the scheduler's clock: they must be right
// to within its known error, on every CPU.
func TestSince(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	holder := newActor(t)
	holder.do("open a %s", path)
	holder.do("flock a ex")
	m := New(Options{})
	r := newReader("/proc", nil)
	for range 4 {
		a := newActor(t)
		a.do("open a %s", path)
		before := time.Now()
		a.begin("flock a ex")
		look := m.newLook(evidence.Query{})
		var p *process
		for deadline := before.Add(patience); p == nil || len(p.blocked) == 0; p = look.question(r, a.pid) {
			if time.Now().After(deadline) {
				t.Fatal("it never waits")
			}
		}
		after := time.Now()
		b := p.blocked[0]
		if !b.last.known {
			missing(t, "/proc/PID/sched")
		}
		since, ok := look.clock.since(b.last)
		began := b.last.read.Add(-time.Duration(since * float64(time.Second)))
		if early, late := before.Sub(began), began.Sub(after); !ok || early > 400*time.Millisecond || late > 400*time.Millisecond {
			t.Errorf("CPU %d: began to wait %v before it was told to, %v after it was seen to", b.last.cpu, early, late)
		}
		t.Logf("CPU %d: told at 0, waits from %v on, seen at %v", b.last.cpu, began.Sub(before), after.Sub(before))
	}
}

func TestPosix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cyrus.index")
	one, two, waiter := newActor(t), newActor(t), newActor(t)
	for _, a := range []*actor{one, two, waiter} {
		a.do("open a %s", path)
	}
	one.do("posix a write 0 10")
	two.do("posix a read 100 0")
	waiter.begin("posix a write 5 2")
	_, f := until(t, New(Options{}), evidence.Query{}, path, waiters(1))
	want := []evidence.Holder{
		{PID: one.pid, FD: 3, Mode: evidence.Write, Lock: evidence.Posix, Start: 0, End: 9, Locker: one.pid, How: "fdinfo"},
		{PID: two.pid, FD: 3, Mode: evidence.Read, Lock: evidence.Posix, Start: 100, End: 0, Locker: two.pid, How: "fdinfo"},
	}
	ignoreFD := cmpopts.IgnoreFields(evidence.Holder{}, "FD")
	if d := cmp.Diff(want, f.Holders, exact, ignoreFD); d != "" {
		t.Errorf("holders (-want +got):\n%s", d)
	}
	w := f.Waiters[0]
	if f.Lock != evidence.Posix || w.Start != 5 || w.End != 6 || w.Mode != evidence.Write || w.Lock != evidence.Posix || w.Queue != 1 {
		t.Errorf("%s, waiter %+v", f.Lock, w)
	}
}

// An OFD lock has no pid in the table: only the descriptors tell.
func TestOFD(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cyrus.cache")
	holder, waiter, posix := newActor(t), newActor(t), newActor(t)
	for _, a := range []*actor{holder, waiter, posix} {
		a.do("open a %s", path)
	}
	holder.do("ofd a write 0 0")
	waiter.begin("ofd a write 0 0")
	posix.begin("posix a read 0 0")
	_, f := until(t, New(Options{}), evidence.Query{}, path, func(f evidence.File) bool { return len(f.Waiters) == 2 && len(f.Holders) == 1 && f.Holders[0].PID != 0 })
	h := f.Holders[0]
	if h.PID != holder.pid || h.Locker != 0 || h.How != "fdinfo" || h.Lock != evidence.OFD || h.Description != 1 {
		t.Errorf("holder %+v", h)
	}
	kinds := []string{f.Waiters[0].Lock, f.Waiters[1].Lock}
	slices.Sort(kinds)
	if f.Lock != evidence.Posix || !slices.Equal(kinds, []string{evidence.OFD, evidence.Posix}) {
		t.Errorf("%s: %v", f.Lock, kinds)
	}
}

func TestNotTheLeader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	holder, waiter := newActor(t), newActor(t)
	holder.do("open a %s", path)
	holder.do("flock a ex")
	waiter.do("open a %s", path)
	waiter.do("open b %s", path)
	waiter.do("background flock a ex")
	waiter.do("background flock b sh")
	_, f := until(t, New(Options{}), evidence.Query{}, path, waiters(2))
	a, b := f.Waiters[0], f.Waiters[1]
	if a.PID != waiter.pid || b.PID != waiter.pid || a.TID == b.TID || a.TID == waiter.pid || b.TID == waiter.pid || a.FD == b.FD {
		t.Errorf("waiters %+v", f.Waiters)
	}
	if a.Queue != 1 || b.Queue != 2 || f.Waiters[0].SinceS < 0 {
		t.Errorf("queue %d, %d", a.Queue, b.Queue)
	}
}

func TestSelfDeadlock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	a := newActor(t)
	a.do("open a %s", path)
	a.do("open b %s", path)
	a.do("flock a ex")
	a.begin("flock b ex")
	_, f := until(t, New(Options{}), evidence.Query{}, path, waiters(1))
	if len(f.Holders) != 1 || f.Holders[0].PID != a.pid || f.Waiters[0].PID != a.pid || f.Holders[0].FD == f.Waiters[0].FD {
		t.Errorf("%+v", f)
	}
}

// A child inherits the description, and with it the lock: both hold it. When the
// one that took it dies the table still names it.
func TestInherited(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	locker, waiter := newActor(t), newActor(t)
	locker.do("open a %s", path)
	locker.do("flock a ex")
	child := number(t, locker.do("bequeath a"))
	t.Cleanup(func() { killProcess(child) })
	waiter.do("open a %s", path)
	waiter.begin("flock a ex")
	m := New(Options{})
	_, f := until(t, m, evidence.Query{}, path, waiters(1))
	want := []evidence.Holder{
		{PID: locker.pid, Mode: evidence.Write, Lock: evidence.Flock, Locker: locker.pid, Description: 1, How: "fdinfo"},
		{PID: child, Mode: evidence.Write, Lock: evidence.Flock, Locker: locker.pid, Description: 1, How: "fdinfo"},
	}
	ignoreFD := cmpopts.IgnoreFields(evidence.Holder{}, "FD")
	if d := cmp.Diff(want, f.Holders, exact, ignoreFD); d != "" {
		t.Errorf("while the locker lives (-want +got):\n%s", d)
	}
	locker.end()
	s, f := until(t, m, evidence.Query{}, path, func(f evidence.File) bool {
		return len(f.Holders) == 1 && f.Holders[0].PID == child
	})
	orphan := evidence.Holder{PID: child, Mode: evidence.Write, Lock: evidence.Flock, Locker: locker.pid, LockerDead: true, Description: 1, How: "fdinfo"}
	if d := cmp.Diff([]evidence.Holder{orphan}, f.Holders, ignoreFD); d != "" {
		t.Errorf("after its end (-want +got):\n%s", d)
	}
	if p := s.Process(child); p == nil || p.Comm != "sleep" {
		t.Errorf("the child: %+v", p)
	}
}

// Holder and waiter sit on an inode that has lost its name to another.
func TestReplaced(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "jwade.seen")
	holder, waiter, fresh := newActor(t), newActor(t), newActor(t)
	holder.do("open a %s", path)
	holder.do("flock a ex")
	waiter.do("open a %s", path)
	waiter.begin("flock a ex")
	m := New(Options{})
	until(t, m, evidence.Query{}, path, waiters(1))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	_, f := until(t, m, evidence.Query{}, path, waiters(1))
	if !f.Deleted || f.Replaced || f.Path != path {
		t.Errorf("deleted: %+v", f)
	}
	fresh.do("open a %s", path)
	s, err := m.Look(t.Context(), evidence.Query{File: path, Openers: true})
	if err != nil {
		t.Fatal(err)
	}
	files := in(s, dir)
	if len(files) != 2 {
		t.Fatalf("files %+v", files)
	}
	old, new := files[0], files[1]
	if len(old.Waiters) == 0 {
		old, new = new, old
	}
	if !old.Deleted || !old.Replaced || len(old.Waiters) != 1 || len(old.Holders) != 1 {
		t.Errorf("old: %+v", old)
	}
	if new.Deleted || new.Replaced || new.Lock != "" || len(new.Open) != 1 || new.Open[0].PID != fresh.pid || new.Open[0].Ino != new.Ino {
		t.Errorf("new: %+v", new)
	}
	if d := cmp.Diff(&evidence.Focus{File: path, Paths: []evidence.SeenPath{{Path: path, How: "asked for"}}}, s.Focus); d != "" {
		t.Error(d)
	}
}

// A hard link is the same file; a link of the same name in another folder is not.
func TestOpeners(t *testing.T) {
	dir := t.TempDir()
	path, other, link := filepath.Join(dir, "jwade.seen"), filepath.Join(dir, "sub", "jwade.seen"), filepath.Join(dir, "backup")
	if err := os.Mkdir(filepath.Dir(other), 0o777); err != nil {
		t.Fatal(err)
	}
	one, two, three, linked := newActor(t), newActor(t), newActor(t), newActor(t)
	one.do("open a %s", path)
	one.do("flock a sh")
	two.do("open a %s", path)
	three.do("open a %s", other)
	if err := os.Link(path, link); err != nil {
		t.Fatal(err)
	}
	linked.do("open a %s", link)
	s, err := New(Options{}).Look(t.Context(), evidence.Query{File: path, Openers: true})
	if err != nil {
		t.Fatal(err)
	}
	files := in(s, dir)
	if len(files) != 1 {
		t.Fatalf("files %+v", files)
	}
	f := files[0]
	var pids []int
	for _, o := range f.Open {
		pids = append(pids, o.PID)
	}
	want := []int{two.pid, linked.pid}
	slices.Sort(want)
	if !slices.Equal(pids, want) || len(f.Holders) != 1 || f.Holders[0].PID != one.pid {
		t.Errorf("open in %v, want %v; holders %+v", pids, want, f.Holders)
	}
	for _, pid := range append(want, one.pid) {
		if s.Process(pid) == nil {
			t.Errorf("process %d is missing", pid)
		}
	}
	if s.Process(three.pid) != nil {
		t.Error("a process with a file of the same name elsewhere is in the snapshot")
	}
}

// A path that leads through a symbolic link is not what the kernel calls the
// file. Nobody may follow the link to find out.
func TestSymlink(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "real/user/j"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", filepath.Join(dir, "alias")); err != nil {
		t.Fatal(err)
	}
	real := filepath.Join(dir, "real/user/j/jwade.seen")
	a := newActor(t)
	a.do("open a %s", real)
	asked := filepath.Join(dir, "alias/user/j/jwade.seen")
	s, err := New(Options{}).Look(t.Context(), evidence.Query{File: asked, Openers: true})
	if err != nil {
		t.Fatal(err)
	}
	f := fileNamed(s, real)
	if f == nil || len(f.Open) != 1 || f.Open[0].PID != a.pid {
		t.Fatalf("files %+v", s.Files)
	}
	if len(s.Focus.Paths) != 2 || s.Focus.Paths[0].Path != asked || s.Focus.Paths[1].Path != real || !strings.Contains(s.Focus.Paths[1].How, "3 parts") {
		t.Errorf("focus %+v", s.Focus)
	}
}

// The holder writes to a client that does not read.
func TestStalledClient(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	path := filepath.Join(t.TempDir(), "jwade.seen")
	holder, waiter := newActor(t), newActor(t)
	holder.do("open a %s", path)
	holder.do("flock a ex")
	holder.do("dial c %s", l.Addr())
	holder.begin("fill c")
	waiter.do("open a %s", path)
	waiter.begin("flock a ex")
	m := New(Options{})
	var conn evidence.Conn
	var p evidence.Process
	deadline := time.Now().Add(patience)
	for conn.SendQ == 0 {
		if time.Now().After(deadline) {
			t.Fatalf("no thread writes to the client: %+v", p)
		}
		s, _ := until(t, m, evidence.Query{}, path, waiters(1))
		p = *s.Process(holder.pid)
		for _, th := range p.Threads {
			if th.Syscall == "write" && th.On != nil && th.On.Conn != nil && !th.Moved {
				conn = *th.On.Conn
			}
		}
	}
	if conn.Remote != l.Addr().String() || conn.State != "ESTABLISHED" {
		t.Errorf("connection %+v", conn)
	}
	if p.Peer == nil || p.Peer.Remote != conn.Remote || p.Peer.SendQ == 0 {
		t.Errorf("peer %+v", p.Peer)
	}
}

// A lock that is held all the time is never missed, however busy the table.
func TestChurn(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "static")
	holder, waiter := newActor(t), newActor(t)
	holder.do("open a %s", path)
	holder.do("flock a ex")
	for i := range 30 { // so that the table takes several pages
		holder.do("open s%d %s/s%d", i, dir, i)
		holder.do("flock s%d ex", i)
	}
	for range 2 {
		busy := newActor(t)
		busy.begin("churn %s", t.TempDir())
	}
	waiter.do("open a %s", path)
	waiter.begin("flock a ex")
	m := New(Options{})
	until(t, m, evidence.Query{}, path, waiters(1))
	looks := 200
	if testing.Short() {
		looks = 20
	}
	missed, incomplete := 0, 0
	for range looks {
		s, err := m.Look(t.Context(), evidence.Query{})
		if err != nil {
			t.Fatal(err)
		}
		f := fileNamed(s, path)
		if f == nil || len(f.Waiters) != 1 || f.Waiters[0].PID != waiter.pid || len(f.Holders) != 1 || f.Holders[0].PID != holder.pid || f.Holders[0].How != "fdinfo" {
			missed++
			t.Logf("missed: %+v", f)
			continue
		}
		if f.HolderSeen < f.Reads {
			incomplete++
		}
	}
	if missed > 0 {
		t.Errorf("missed in %d of %d looks", missed, looks)
	}
	t.Logf("in %d of %d looks some reading of the table lacked the lock", incomplete, looks)
}

func fileNamed(s evidence.Snapshot, path string) *evidence.File {
	for i := range s.Files {
		if s.Files[i].Path == path {
			return &s.Files[i]
		}
	}
	return nil
}
