package lab

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A stage is an incident while it is being set up.
type stage struct {
	*Running
	ctx     context.Context
	bin     string
	workers []int // all that master started
	busy    []int // those of them that serve a client
}

// pollEvery is the pause between two looks at a condition.
const pollEvery = time.Millisecond

// until waits for a condition, which it names when the time is up.
func (s *stage) until(what string, holds func() bool) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for !holds() {
		select {
		case <-s.ctx.Done():
			return fmt.Errorf("waiting until %s: %w", what, context.Cause(s.ctx))
		case <-tick.C:
		}
	}
	return nil
}

// spawn starts one of our programs and notes its part.
func (s *stage) spawn(part, program string, args ...string) (int, error) {
	pid, err := s.keeper.spawn(append([]string{filepath.Join(s.bin, program)}, args...)...)
	if err == nil && part != "" {
		s.note(part, pid)
	}
	return pid, err
}

func (s *stage) note(part string, pid int) { s.PIDs[part] = append(s.PIDs[part], pid) }

// signal reaches a process of the incident that has not been waited for: the
// keeper's children and master's stay zombies until then.
func (s *stage) signal(pid int, sig syscall.Signal) error {
	if err := syscall.Kill(pid, sig); err != nil {
		return fmt.Errorf("signal %d: %w", pid, err)
	}
	return nil
}

// A connection is a client with the worker that serves it.
type connection struct {
	worker, client int
}

// connect starts a client of a service ("imap", "lmtp", "pop3") with its steps,
// see mailserver/mailclient.c, and finds the worker that took it: the one whose
// standard input has become a socket.
func (s *stage) connect(service string, steps ...string) (connection, error) {
	port, err := os.ReadFile(filepath.Join(s.Dir, "socket", service+".port"))
	if err != nil {
		return connection{}, err
	}
	args := append([]string{string(bytes.TrimSpace(port))}, steps...)
	client, err := s.spawn("client", "mailclient", args...)
	if err != nil {
		return connection{}, err
	}
	c := connection{client: client}
	gone := false
	err = s.until("a worker serves the client of "+service, func() bool {
		for _, pid := range s.workers {
			if !slices.Contains(s.busy, pid) && onSocket(pid) {
				c.worker = pid
				return true
			}
		}
		_, err := readStat(client)
		gone = err != nil
		return gone
	})
	if err == nil && gone {
		err = fmt.Errorf("the client of %s ended at once", service)
	}
	if err == nil {
		s.busy = append(s.busy, c.worker)
	}
	return c, err
}

func onSocket(pid int) bool {
	return strings.HasPrefix(leadsTo(pid, 0), "socket:")
}

// sleepsIn waits until a process sleeps in a system call, and if path is not
// empty, on the descriptor of that file. Where /proc/PID/syscall cannot be read
// (another security module, a kernel without it) that it sleeps must do.
func (s *stage) sleepsIn(pid int, number int, path string) error {
	what := fmt.Sprintf("process %d sleeps in system call %d %s", pid, number, path)
	return s.until(what, func() bool { return sleepsIn(pid, number, path) })
}

func sleepsIn(pid int, number int, path string) bool {
	c, err := readCall(pid)
	if err != nil {
		st, err := readStat(pid)
		return err == nil && (st.state == 'S' || st.state == 'D')
	}
	return c.number == number && (path == "" || leadsTo(pid, c.fd) == path)
}

// waitsFor waits until a process sleeps in flock on a file.
func (s *stage) waitsFor(pid int, path string) error { return s.sleepsIn(pid, unix.SYS_FLOCK, path) }

// hasLock waits until a process holds a lock on a file.
func (s *stage) hasLock(pid int, path string) error {
	return s.until(fmt.Sprintf("process %d holds %s", pid, path), func() bool { return holds(pid, path) })
}

// inState waits until a process is in a state of proc(5).
func (s *stage) inState(pid int, state byte) error {
	return s.until(fmt.Sprintf("process %d is in state %c", pid, state), func() bool {
		st, err := readStat(pid)
		return err == nil && st.state == state
	})
}

func itoa(n int) string { return strconv.Itoa(n) }

// noteIdle notes the workers that have nothing to do.
func (s *stage) noteIdle() {
	for _, pid := range s.workers {
		if !slices.Contains(s.busy, pid) {
			s.note("idle", pid)
		}
	}
}

// log is what the programs complained about, the last of it.
func (s *stage) log() string {
	text, _ := os.ReadFile(filepath.Join(s.Dir, logName))
	if len(text) > 500 {
		text = text[len(text)-500:]
	}
	return string(bytes.TrimSpace(text))
}
