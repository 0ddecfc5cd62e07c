package tests

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// A store is a filesystem that answers until it hangs, as a file server does that
// went away. Nothing is cached, so that every touch of it is noticed.
type store struct {
	hang    chan struct{} // closed: no answers any more
	mend    chan struct{} // closed: answers again, for the cleaning up
	reading chan struct{} // closed at the first read of the seen file, which never ends
	once    sync.Once

	repaired sync.Once
}

func (s *store) repair() { s.repaired.Do(func() { close(s.mend) }) }

// wait returns at once while the store is well.
func (s *store) wait() {
	select {
	case <-s.hang:
		<-s.mend
	default:
	}
}

type storeFile struct {
	fs.Inode
	store *store
	body  []byte
	stuck bool
}

func (f *storeFile) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	f.store.wait()
	out.Mode, out.Size = 0o755, uint64(len(f.body))
	return 0
}

func (f *storeFile) Setattr(ctx context.Context, h fs.FileHandle, _ *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	return f.Getattr(ctx, h, out)
}

func (f *storeFile) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	f.store.wait()
	if f.stuck {
		return nil, fuse.FOPEN_DIRECT_IO, 0 // or another open would wait for the page that is being read
	}
	return nil, fuse.FOPEN_KEEP_CACHE, 0
}

func (f *storeFile) Read(_ context.Context, _ fs.FileHandle, buf []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	if f.stuck {
		f.store.once.Do(func() { close(f.store.reading) })
		<-f.store.mend
	}
	f.store.wait()
	off = min(off, int64(len(f.body)))
	return fuse.ReadResultData(f.body[off:min(off+int64(len(buf)), int64(len(f.body)))]), 0
}

type storeRoot struct {
	fs.Inode
	store *store
}

func (r *storeRoot) Lookup(_ context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	r.store.wait()
	child := r.GetChild(name)
	if child == nil {
		return nil, syscall.ENOENT
	}
	f := child.Operations().(*storeFile)
	out.Mode, out.Size = 0o755, uint64(len(f.body))
	return child, 0
}

func mountStore(t *testing.T, files map[string]*storeFile) (*store, string) {
	t.Helper()
	s := &store{hang: make(chan struct{}), mend: make(chan struct{}), reading: make(chan struct{})}
	root := &storeRoot{store: s}
	dir := t.TempDir()
	var zero time.Duration
	server, err := fs.Mount(dir, root, &fs.Options{EntryTimeout: &zero, AttrTimeout: &zero,
		MountOptions: fuse.MountOptions{DirectMountStrict: true, FsName: "store"},
		OnAdd: func(ctx context.Context) {
			for name, f := range files {
				f.store = s
				root.AddChild(name, root.NewPersistentInode(ctx, f, fs.StableAttr{Mode: syscall.S_IFREG}), true)
			}
		}})
	if err != nil {
		unavailable(t, fmt.Errorf("a filesystem of our own (FUSE, as root): %w", err))
	}
	t.Cleanup(func() {
		s.repair()
		_ = syscall.Unmount(dir, syscall.MNT_DETACH)
		server.Wait()
	})
	return s, dir
}

// The mail store is on a file server that went away. One process holds jwade's
// seen file and reads from it; two wait for it, one of them with its program on the
// dead server as well. Whoever touches the store hangs; cyrlock must not.
func TestHungFileServer(t *testing.T) {
	program, err := exec.LookPath("flock")
	if err != nil {
		unavailable(t, err)
	}
	body, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	store, dir := mountStore(t, map[string]*storeFile{"jwade.seen": {body: []byte("x"), stuck: true}, "flock": {body: body}})
	seen := filepath.Join(dir, "jwade.seen")
	var started []*exec.Cmd
	spawn := func(name string, args ...string) int {
		// By a shell: while Go starts a program it may stop the world, and with it the
		// server that the program is to be read from.
		cmd := exec.Command("sh", append([]string{"-c", `exec "$0" "$@"`, name}, args...)...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		started = append(started, cmd)
		return cmd.Process.Pid
	}
	t.Cleanup(func() {
		for _, cmd := range started {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
		store.repair() // KILL does not reach who waits for an answer
		for _, cmd := range started {
			_ = cmd.Wait()
		}
	})
	holder := spawn(program, seen, "cat", seen)
	<-store.reading
	waiters := []int{spawn(program, seen, "true"), spawn(filepath.Join(dir, "flock"), seen, "true")}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		locks, err := os.ReadFile("/proc/locks")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(locks), fmt.Sprintf(" %d ", waiters[0])) && strings.Contains(string(locks), fmt.Sprintf(" %d ", waiters[1])) {
			break
		}
		if time.Now().After(deadline) {
			for _, cmd := range started {
				b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/syscall", cmd.Process.Pid))
				w, _ := os.ReadFile(fmt.Sprintf("/proc/%d/wchan", cmd.Process.Pid))
				t.Logf("%d: %s %s", cmd.Process.Pid, b, w)
			}
			t.Fatalf("nobody waits:\n%s", locks)
		}
	}
	close(store.hang)

	// Far above what a look takes, far below for ever.
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, args := range [][]string{{"check", "--file", seen}, {"check", "--user", "jwade"}, {"check"}} {
		out, code := runAs(t, exec.CommandContext(ctx, binary(t), append(args, "--threshold", "1ms")...))
		if ctx.Err() != nil {
			t.Fatalf("%v hangs:\n%s", args, out)
		}
		if code != 2 || !strings.Contains(out, "2 processes wait for jwade's seen file") || !strings.Contains(out, fmt.Sprint(" ", holder, " ")) {
			t.Errorf("%v: exit code %d:\n%s", args, code, out)
		}
	}
	out, _ := runAs(t, exec.CommandContext(ctx, binary(t), "stack", fmt.Sprint(waiters[0]), fmt.Sprint(waiters[1])))
	if ctx.Err() != nil || !strings.Contains(out, "flock ()") {
		t.Errorf("stack:\n%s", out)
	}
}
