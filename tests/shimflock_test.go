package tests

import (
	"bufio"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"cyrlock/lab"
	"cyrlock/tests/cyrusrig"
)

// The practice server, which locks with flock: a second one is started on a copy of
// its files, from a start script with the line of install. Its imapd gives up on a
// seen file that is held, where those of the first wait for good.
func TestShimOnFlock(t *testing.T) {
	r := start(t, lab.Seed)
	y := newShimYard(t)
	y.does(r.Conf, "install", "--maxtime", "1", "--schedule", "quadratic", "--yes")
	addr, seen := y.practice(r)
	held, err := os.OpenFile(seen, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := unix.Flock(int(held.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}

	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	lines := bufio.NewReader(conn)
	ask := func(tag, command string) string {
		fmt.Fprintf(conn, "%s %s\r\n", tag, command)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				t.Fatalf("%s: %v", command, err)
			}
			if strings.HasPrefix(line, tag+" ") {
				return line
			}
		}
	}
	ask("1", "LOGIN jwade secret")
	ask("2", "SELECT INBOX")
	began := time.Now()
	said := ask("47", "UID COPY 11353 INBOX.FaMiLy")
	if took := time.Since(began); !strings.HasPrefix(said, "47 NO") || took < 990*time.Millisecond {
		t.Errorf("%q after %v", said, took)
	}
	held.Close()
	if said := ask("48", "UID COPY 11353 INBOX.FaMiLy"); !strings.HasPrefix(said, "48 OK") {
		t.Errorf("the file is free: %q", said)
	}
	for _, pid := range r.PIDs["waiter"] {
		if where, err := os.ReadFile(fmt.Sprintf("/proc/%d/wchan", pid)); err != nil || !strings.Contains(string(where), "lock") {
			t.Errorf("waiter %d of the hung server is in %q, %v", pid, where, err)
		}
	}
}

// practice starts the programs of a practice incident on a copy of its files.
func (y *shimYard) practice(r *lab.Running) (addr, seen string) {
	t := y.t
	t.Helper()
	dir := filepath.Join(y.dir, "imap")
	err := filepath.WalkDir(r.Dir, func(file string, e fs.DirEntry, err error) error {
		to := filepath.Join(dir, strings.TrimPrefix(file, r.Dir))
		switch {
		case err != nil:
			return err
		case e.IsDir():
			return os.Mkdir(to, 0o700)
		case !e.Type().IsRegular() || strings.HasPrefix(to, filepath.Join(dir, "socket")):
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		return os.WriteFile(to, []byte(strings.ReplaceAll(string(text), r.Dir, dir)), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", r.PIDs["master"][0]))
	if err != nil {
		t.Fatal(err)
	}
	master := exec.Command("sh", "-c", y.startLine()+"\nexec \"$@\"", "sh", program,
		"-C", filepath.Join(dir, filepath.Base(r.Conf)), "-M", filepath.Join(dir, "cyrus.conf"), "-p", filepath.Join(y.dir, "pid"))
	master.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := master.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-master.Process.Pid, syscall.SIGKILL)
		_ = master.Wait()
	})
	cyrusrig.Until(t, "the master has started all", func() bool {
		port, err := os.ReadFile(filepath.Join(dir, "socket", "imap.port"))
		addr = "127.0.0.1:" + strings.TrimSpace(string(port))
		_, waiting := os.Stat(filepath.Join(y.dir, "pid"))
		return err == nil && waiting == nil
	})
	return addr, filepath.Join(dir, strings.TrimPrefix(r.Seen, r.Dir))
}
