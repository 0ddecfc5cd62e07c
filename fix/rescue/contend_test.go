package rescue

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
)

// patience bounds every wait for a condition.
const patience = 30 * time.Second

// eventually waits until what is wrong is "".
func eventually(t testing.TB, wrong func() string) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		w := wrong()
		if w == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatal(w)
		}
	}
}

// unavailable skips a test, and fails it where all must run.
func unavailable(t testing.TB, why any) {
	t.Helper()
	if os.Getenv("CI") != "" || os.Getenv("CYRLOCK_TESTS") == "all" {
		t.Fatal(why)
	}
	t.Skipf("SKIPPED, NOT TESTED: %v", why)
}

func compile(t testing.TB, name string, flags ...string) string {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		unavailable(t, err)
	}
	exe := filepath.Join(t.TempDir(), name)
	out, err := exec.Command("gcc", append(flags, "-O1", "-Wall", "-o", exe, "testdata/"+name+".c")...).CombinedOutput()
	if err != nil {
		unavailable(t, fmt.Sprintf("gcc %v: %v\n%s", flags, err, out))
	}
	return exe
}

// lockFD is the descriptor of the lock in contend.c: after the standard ones and
// that of the board.
const lockFD = 4

// A crowd is processes that contend for one lock.
type crowd struct {
	t     testing.TB
	pids  []int
	file  evidence.File
	board []byte
	cmd   *exec.Cmd
	in    io.Closer
}

// contend starts n processes that hold the lock for us microseconds each time.
func contend(t testing.TB, exe, kind string, n, us int) *crowd {
	t.Helper()
	dir := t.TempDir()
	file, board := filepath.Join(dir, "lock"), filepath.Join(dir, "board")
	for name, size := range map[string]int{file: 0, board: 64} {
		if err := os.WriteFile(name, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.OpenFile(board, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	c := &crowd{t: t, file: fileOf(t, file), cmd: exec.Command(exe, file, board, kind, strconv.Itoa(n), strconv.Itoa(us))}
	if c.board, err = unix.Mmap(int(b.Fd()), 0, 64, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		t.Fatal(err)
	}
	c.cmd.Stderr = os.Stderr
	in, err := c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.in = in
	t.Cleanup(c.stop)
	lines := bufio.NewReader(out)
	for range n {
		line, err := lines.ReadString('\n')
		pid, bad := strconv.Atoi(strings.TrimSpace(line))
		if err != nil || bad != nil {
			t.Fatal(line, err)
		}
		c.pids = append(c.pids, pid)
	}
	return c
}

func (c *crowd) stop() {
	if c.in != nil {
		c.in.Close()
		_ = c.cmd.Wait()
		c.in = nil
	}
}

// count reads a number of the board.
func (c *crowd) count(i int) int { return int(binary.NativeEndian.Uint32(c.board[4*i:])) }

func (c *crowd) violations() int { return c.count(2) }
func (c *crowd) refused() int    { return c.count(3) }
func (c *crowd) turns() int      { return c.count(4) }
func (c *crowd) errors() int     { return c.count(5) }

// wait is that of a process, whatever it does just now.
func (c *crowd) wait(pid int) *wait {
	_, start, err := readStat(pid)
	if err != nil {
		c.t.Fatal(err)
	}
	return &wait{pid: pid, tid: pid, start: start, fd: lockFD, file: c.file, name: fmt.Sprintf("process %d", pid)}
}

// fileOf is a file as a look shows it.
func fileOf(t testing.TB, path string) evidence.File {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := descriptor(unix.Gettid(), int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	return evidence.File{Path: path, Ino: st.Ino, Dev: device(os.Getpid(), d.is.mount), Lock: evidence.Flock}
}
