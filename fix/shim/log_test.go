package shim

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// withLog runs the actor where /dev/log leads into dev.
func withLog(t *testing.T, dev string, args ...string) *play {
	t.Helper()
	if os.Getuid() != 0 {
		missing(t, "root, who can have a /dev of his own,")
	}
	if said, err := exec.Command("unshare", "--mount", "true").CombinedOutput(); err != nil {
		missing(t, "a mount namespace (unshare: "+string(said)+")")
	}
	all := []string{"--mount", "--propagation", "private", "sh", "-c", `mount --rbind "$0" /dev && exec "$@"`, dev, actor(t, "cc")}
	return perform(t, settings(t, "CYRLOCK_SHIM_FACILITY=22"), "unshare", append(all, args...)...)
}

// What is logged, to a log of datagrams and to an old one that reads a stream; a name
// cannot forge a line.
func TestLog(t *testing.T) {
	for _, kind := range []string{"unixgram", "unix"} {
		t.Run(kind, func(t *testing.T) {
			dev := t.TempDir()
			got := make(chan string, 16)
			listen(t, kind, filepath.Join(dev, "log"), got)
			h := hold(t, unix.F_WRLCK, "j\n<0>wade.seen")
			p := withLog(t, dev, "one", "fcntl", h.name)
			if errno, _ := p.result(); errno != unix.EAGAIN {
				t.Fatal(errno)
			}
			name := strings.ReplaceAll(h.name, "\n", "?")
			head := fmt.Sprintf("cyrus/actorcc[%d]: lock_reopen-blocked: ", p.pid)
			tail := fmt.Sprintf("bound 14 s, pid %d, file %s", p.pid, name)
			want := []string{
				"<183>" + head + "sleeping 1 s, attempt 2 of 5, " + tail,
				"<181>" + head + "sleeping 4 s, attempt 3 of 5, " + tail,
				"<181>" + head + "sleeping 9 s, attempt 4 of 5, " + tail,
				"<179>" + head + "gave up after 14 s, attempt 5 of 5, " + tail,
			}
			var lines []string
			for range want {
				select {
				case line := <-got:
					lines = append(lines, line)
				case <-time.After(patience):
					t.Fatalf("only %q", lines)
				}
			}
			if !slices.Equal(lines, want) {
				t.Errorf("%s\nwant:\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
			}
			if n := p.counts(); n.Unlogged != 0 {
				t.Errorf("%+v", n)
			}
		})
	}
}

// listen passes on each message that comes. A NUL ends one in a stream.
func listen(t *testing.T, kind, file string, got chan<- string) {
	t.Helper()
	if kind == "unixgram" {
		conn, err := net.ListenUnixgram(kind, &net.UnixAddr{Name: file, Net: kind})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		go func() {
			line := make([]byte, 8<<10)
			for n, err := conn.Read(line); err == nil; n, err = conn.Read(line) {
				got <- string(line[:n])
			}
		}()
		return
	}
	l, err := net.Listen(kind, file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			var all bytes.Buffer
			_, _ = all.ReadFrom(conn)
			conn.Close()
			line, found := strings.CutSuffix(all.String(), "\x00")
			if !found {
				line += " (without an end)"
			}
			got <- line
		}
	}()
}

// A log daemon that hangs, or none at all, keeps nobody waiting.
func TestNobodyLogs(t *testing.T) {
	dev := t.TempDir()
	file := filepath.Join(dev, "log")
	addr := &net.UnixAddr{Name: file, Net: "unixgram"}
	conn, err := net.ListenUnixgram("unixgram", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	full, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(full)
	for err == nil { // until its queue is full
		err = unix.Sendto(full, []byte("x"), 0, &unix.SockaddrUnix{Name: file})
	}
	if err != unix.EAGAIN {
		t.Fatal(err)
	}
	h := hold(t, unix.F_WRLCK, "jwade.seen")
	for _, dev := range []string{dev, t.TempDir()} {
		p := withLog(t, dev, "one", "flock", h.name)
		if errno, took := p.result(); errno != unix.EAGAIN || took > bound+patience/2 {
			t.Errorf("%v after %v", errno, took)
		}
		if n := p.counts(); n.Unlogged != 4 {
			t.Errorf("%+v", n)
		}
	}
}
