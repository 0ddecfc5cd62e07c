package rescue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
)

// A target is a process, held by a descriptor: whatever becomes of its pid, a
// signal reaches it or nobody (pidfd_open(2), Linux 5.3).
type target struct {
	pid   int
	start uint64
	fd    int // -1: this kernel has none
}

var (
	errGone   = errors.New("it has ended")
	errReused = errors.New("it has ended, and another process has its number now")
)

// take gets hold of a process if it is the one that was seen.
func take(pid int, start uint64) (*target, error) {
	t := &target{pid: pid, start: start, fd: -1}
	fd, err := unix.PidfdOpen(pid, 0)
	switch {
	case err == nil:
		t.fd = fd
	case errors.Is(err, unix.ESRCH):
		return nil, errGone
	case !errors.Is(err, unix.ENOSYS):
		return nil, fmt.Errorf("pidfd_open: %w", err)
	}
	if err := t.still(); err != nil {
		t.release()
		return nil, err
	}
	return t, nil
}

func (t *target) release() {
	if t.fd >= 0 {
		unix.Close(t.fd)
		t.fd = -1
	}
}

// still says whether the process lives and is the one that was seen.
func (t *target) still() error {
	state, start, err := readStat(t.pid)
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, unix.ESRCH):
		return errGone
	case err != nil:
		return err
	case start != t.start:
		return errReused
	case state == "Z", state == "X":
		return errGone
	}
	return nil
}

// signal sends one signal; a process that is gone is errGone.
func (t *target) signal(s unix.Signal) (err error) {
	if t.fd >= 0 {
		err = unix.PidfdSendSignal(t.fd, s, nil, 0)
	} else if err = t.still(); err == nil { // the moment between is the best that old kernels allow
		err = unix.Kill(t.pid, s)
	}
	switch {
	case errors.Is(err, unix.ESRCH):
		return errGone
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("%w: run as root", err)
	}
	return err
}

// pollEvery is the pause between two looks at a process.
const pollEvery = 5 * time.Millisecond

// ends waits until the process has ended and says whether it has. A zombie has: its
// locks went with it.
func (t *target) ends(ctx context.Context, patience time.Duration) bool {
	return within(ctx, patience, func() bool {
		err := t.still()
		return errors.Is(err, errGone) || errors.Is(err, errReused)
	})
}

// within waits until it is so, and says whether it is.
func within(ctx context.Context, patience time.Duration, so func() bool) bool {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for end := time.Now().Add(patience); !so(); {
		if time.Now().After(end) {
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}

// readStat reads state and start time (proc_pid_stat(5)). The name in it may hold
// anything and ends at the last ")".
func readStat(pid int) (state string, start uint64, err error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err == nil {
		state, start, err = parseStat(text)
	}
	if err != nil {
		return "", 0, fmt.Errorf("process %d: %w", pid, err)
	}
	return state, start, nil
}

func parseStat(text []byte) (state string, start uint64, err error) {
	f := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	const startField = 22 - 3
	if len(f) <= startField {
		return "", 0, fmt.Errorf("stat %.60q: not in the form of proc(5)", text)
	}
	if start, err = strconv.ParseUint(f[startField], 10, 64); err != nil {
		return "", 0, fmt.Errorf("stat %.60q: %w", text, err)
	}
	return f[0], start, nil
}

// comm is the name that the kernel has for a process; empty: it is gone.
func comm(pid int) string {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil {
		return ""
	}
	return evidence.Clean(strings.TrimSpace(string(text)))
}

// Runs says whether a process that a receipt names is there still.
func Runs(pid int, start uint64) bool { return (&target{pid: pid, start: start}).still() == nil }

// readCall reads what a thread sleeps in.
func readCall(pid, tid int) (call, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/syscall", pid, tid))
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, unix.ESRCH):
		return call{}, errGone
	case err != nil:
		return call{}, err
	}
	return parseCall(string(text))
}
