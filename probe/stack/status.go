package stack

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// A status is what /proc/PID/task/TID/status (proc(5)) says of a thread.
type status struct {
	state    string // one letter
	tracer   int    // pid of who traces it; 0: nobody
	switches string // voluntary and involuntary context switches: equal means that it has not run
}

func parseStatus(text []byte) status {
	var s status
	if letter := field(text, "State:"); letter != "" {
		s.state = letter[:1]
	}
	s.tracer, _ = strconv.Atoi(field(text, "TracerPid:"))
	s.switches = field(text, "voluntary_ctxt_switches:") + " " + field(text, "nonvoluntary_ctxt_switches:")
	return s
}

func taskFile(pid, tid int, name string) string {
	return "/proc/" + strconv.Itoa(pid) + "/task/" + strconv.Itoa(tid) + "/" + name
}

func readStatus(pid, tid int, buf []byte) (status, error) {
	b, err := readSmall(taskFile(pid, tid, "status"), buf)
	if err != nil {
		return status{}, err
	}
	return parseStatus(b), nil
}

// readSmall reads a file of /proc into buf, without the poller that os.File
// would ask first.
func readSmall(path string, buf []byte) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	n := 0
	for n < len(buf) {
		k, err := unix.Read(fd, buf[n:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return buf[:n], &os.PathError{Op: "read", Path: path, Err: err}
		}
		if k == 0 {
			return buf[:n], nil
		}
		n += k
	}
	return buf, fmt.Errorf("%s: %w", path, io.ErrShortBuffer)
}

// readMaps reads a whole memory map: it may be of any size.
func readMaps(path string, buf []byte) ([]Mapping, error) {
	b, err := readSmall(path, buf)
	if errors.Is(err, io.ErrShortBuffer) {
		b, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, err
	}
	maps, err := parseMaps(b)
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return maps, err
}
