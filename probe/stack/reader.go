package stack

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"cyrlock/probe/mount"
	"cyrlock/probe/tally"
)

// A reader reads of processes and of files, and counts what it reads.
type reader struct{ sheet *tally.Sheet }

// small reads a file of /proc into buf, without the poller that os.File would ask
// first.
func (from reader) small(path string, buf []byte) ([]byte, error) {
	line := from.sheet.Count(tally.Read, []byte(path), 1)
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, line.Check(&os.PathError{Op: "open", Path: path, Err: err})
	}
	defer unix.Close(fd)
	n := 0
	for n < len(buf) {
		k, err := unix.Read(fd, buf[n:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return buf[:n], line.Check(&os.PathError{Op: "read", Path: path, Err: err})
		}
		if k == 0 {
			return buf[:n], nil
		}
		n += k
	}
	return buf, fmt.Errorf("%s: %w", path, io.ErrShortBuffer)
}

// all reads a file of /proc of any length.
func (from reader) all(path string) ([]byte, error) {
	line := from.sheet.Count(tally.Read, []byte(path), 1)
	b, err := os.ReadFile(path)
	return b, line.Check(err)
}

func (from reader) status(pid, tid int, buf []byte) (status, error) {
	b, err := from.small(taskFile(pid, tid, "status"), buf)
	if err != nil {
		return status{}, err
	}
	return parseStatus(b), nil
}

// maps reads a whole memory map: it may be of any size.
func (from reader) maps(path string, buf []byte) ([]Mapping, error) {
	b, err := from.small(path, buf)
	if errors.Is(err, io.ErrShortBuffer) {
		b, err = from.all(path)
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

// mounts are those of a process; none where it does not tell.
func (from reader) mounts(pid string) []mount.Mount {
	text, err := from.all("/proc/" + pid + "/mountinfo")
	if err != nil {
		return nil
	}
	return mount.Parse(text)
}

var errNoProcess = errors.New("it has ended, or never was")

func (from reader) threads(pid int) ([]int, error) {
	path := "/proc/" + strconv.Itoa(pid) + "/task"
	line := from.sheet.Count(tally.List, []byte(path), 1)
	dir, err := os.Open(path)
	if line.Check(err) != nil {
		if errors.Is(err, os.ErrNotExist) {
			err = errNoProcess
		}
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	line.Check(err)
	var tids []int
	for _, name := range names {
		if tid, e := strconv.Atoi(name); e == nil {
			tids = append(tids, tid)
		}
	}
	slices.Sort(tids)
	if len(tids) == 0 && err == nil {
		err = errNoProcess
	}
	return tids, err
}

// stat says what a path leads to.
func (from reader) stat(path string, st *unix.Stat_t) error {
	return from.sheet.Count(tally.Stat, []byte(path), 1).Check(unix.Stat(path, st))
}

// regular opens regular files only: the path may be a stranger's, and to open his
// pipe or device could block or do something. It counts the file as what.
func (from reader) regular(what, path string) (file, error) {
	var st unix.Stat_t
	if err := from.stat(path, &st); err != nil {
		return file{}, fmt.Errorf("%s: %w", path, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return file{}, fmt.Errorf("%s: not a regular file", path)
	}
	line := from.sheet.Count(tally.Read, []byte(what), 1)
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if line.Check(err) != nil {
		return file{}, fmt.Errorf("%s: %w", path, err)
	}
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		unix.Close(fd)
		return file{}, fmt.Errorf("%s: not a regular file any more", path)
	}
	return file{os.NewFile(uintptr(fd), path), idOf(&st)}, nil
}
