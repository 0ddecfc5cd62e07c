package shim

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience bounds every wait until something is seen; nothing sleeps through it.
const patience = 20 * time.Second

// missing skips a test where a tool is not there, and fails it where all must run.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" || os.Getenv("CYRLOCK_TESTS") == "all" {
		t.Fatalf("%s is missing, and here every test must run: sh tests/needs.sh", what)
	}
	t.Skipf("NOT TESTED: %s is missing: sh tests/needs.sh", what)
}

func needs(t testing.TB, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		missing(t, tool)
	}
}

// A shop makes once for all tests what they use: the library, an actor for each libc.
type shop struct {
	dir string
	mu  sync.Mutex
	out map[string]string
	err map[string]error
}

var workshop = &shop{out: map[string]string{}, err: map[string]error{}}

func TestMain(m *testing.M) {
	var err error
	if workshop.dir, err = os.MkdirTemp("", "cyrlock-shim-test-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = os.Chmod(workshop.dir, 0o755)
	code := m.Run()
	os.RemoveAll(workshop.dir)
	os.Exit(code)
}

func (b *shop) once(t testing.TB, name string, build func(file string) error) string {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.out[name] == "" {
		b.out[name] = filepath.Join(b.dir, name)
		b.err[name] = build(b.out[name])
	}
	if b.err[name] != nil {
		t.Fatal(b.err[name])
	}
	return b.out[name]
}

// library is the path of the library as the machine's compiler makes it.
func library(t testing.TB) string {
	t.Helper()
	needs(t, "cc")
	return workshop.once(t, "library", func(file string) error {
		l, err := Compile(t.Context(), "")
		if err == nil {
			// Its file has the name that it will have everywhere.
			err = os.WriteFile(filepath.Join(workshop.dir, l.Name()), l.Body, 0o755)
		}
		if err == nil {
			err = os.Symlink(l.Name(), file)
		}
		return err
	})
}

func realLibrary(t testing.TB) string {
	t.Helper()
	file, err := filepath.EvalSymlinks(library(t))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// actor is the test program, for the libc that this compiler goes with.
func actor(t testing.TB, cc string, flags ...string) string {
	t.Helper()
	needs(t, cc)
	name := strings.Join(append([]string{"actor", cc}, flags...), "")
	return workshop.once(t, name, func(file string) error {
		args := append([]string{"-O1", "-pthread", "-o", file, "testdata/actor.c"}, flags...)
		out, err := exec.Command(cc, args...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", cc, err, out)
		}
		return nil
	})
}

// A play is a running actor.
type play struct {
	t   testing.TB
	pid int
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// settings are what the library is told: a second has 20 ms, and a wait is given up
// after 14 of them.
func settings(t testing.TB, more ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "LD_PRELOAD=" + realLibrary(t),
		"CYRLOCK_SHIM_PROGRAMS=" + workshop.dir + "/*", "CYRLOCK_SHIM_PATHS=*.seen:*/seen.db",
		"CYRLOCK_SHIM_MAXTIME=9", "CYRLOCK_SHIM_SECOND_MS=20",
	}, more...)
}

const (
	bound = 14 * 20 * time.Millisecond
	grain = 3 * time.Millisecond // the library counts whole ms, in each of three sleeps
)

func perform(t testing.TB, env []string, program string, args ...string) *play {
	t.Helper()
	p := &play{t: t, cmd: exec.Command(program, args...)}
	p.cmd.Env, p.cmd.Stderr = env, os.Stderr
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.pid = p.cmd.Process.Pid
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		p.in.Close()
		_ = p.cmd.Wait()
	})
	return p
}

// line is what the actor prints next.
func (p *play) line() string {
	p.t.Helper()
	got := make(chan string, 1)
	go func() {
		line, _ := p.out.ReadString('\n')
		got <- strings.TrimSpace(line)
	}()
	select {
	case line := <-got:
		return line
	case <-time.After(patience):
		p.t.Fatalf("%v says nothing", p.cmd.Args)
		return ""
	}
}

// result is the outcome of a lock call: errno, and how long it took.
func (p *play) result() (unix.Errno, time.Duration) {
	p.t.Helper()
	line := p.line()
	var errno int
	var ms float64
	if n, err := fmt.Sscan(line, &errno, &ms); n != 2 {
		p.t.Fatalf("%v says %q: %v", p.cmd.Args, line, err)
	}
	return unix.Errno(errno), time.Duration(ms * float64(time.Millisecond))
}

// counts reads the library's counters in the actor.
func (p *play) counts() Counts {
	p.t.Helper()
	return p.block().counts
}

func (p *play) block() block {
	p.t.Helper()
	text, err := machine{}.Read(p.t.Context(), p.pid, "maps")
	if err != nil {
		p.t.Fatal(err)
	}
	b, err := readBlock(p.t.Context(), machine{}, p.pid, mappings(text))
	if err != nil || !b.complete {
		p.t.Fatalf("the counters of %v: %+v, %v", p.cmd.Args, b, err)
	}
	return b
}

// until waits for a condition.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still not true after %v: %s", patience, what)
		}
	}
}

// A held file is locked both ways until free is called.
type held struct {
	name string
	free func()
}

// hold locks a new file of this name with flock and fcntl.
func hold(t testing.TB, how int16, name ...string) held {
	t.Helper()
	file := filepath.Join(append([]string{t.TempDir()}, name...)...)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	op := unix.LOCK_EX
	if how == unix.F_RDLCK {
		op = unix.LOCK_SH
	}
	if err := unix.Flock(int(f.Fd()), op); err != nil {
		t.Fatal(err)
	}
	// Of the open file, as the test opens and closes others in this process.
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: how}); err != nil {
		t.Fatal(err)
	}
	h := held{file, sync.OnceFunc(func() { f.Close() })}
	t.Cleanup(h.free)
	return h
}
