package stack

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"cyrlock/probe/tally"
)

// A file is an open regular file with its identity.
type file struct {
	*os.File
	id fileID
}

// A fileID names a file's contents: a file that is written over in place has
// another size or time. The device is stat(2)'s, which on btrfs tells subvolumes
// apart that look the same in /proc/PID/maps.
type fileID struct {
	dev, inode  uint64
	size        int64
	mtime, nano int64
}

func idOf(st *unix.Stat_t) fileID {
	return fileID{uint64(st.Dev), st.Ino, st.Size, int64(st.Mtim.Sec), int64(st.Mtim.Nsec)}
}

// live is a running process as a source.
type live struct {
	reader
	tid int // any thread of it that still has its memory
}

func (l live) read(b []byte, addr uint64) error {
	line := l.sheet.Count(tally.Call, []byte(readv), 1)
	n, err := readProcess(l.tid, b, addr)
	if err == nil && n < len(b) {
		err = unix.EFAULT
	}
	if line.Check(err) != nil {
		return fmt.Errorf("memory of %d at %#x: %w", l.tid, addr, err)
	}
	return nil
}

// candidates are the ways to a mapped file, the surest first: the link in
// map_files is the file itself (but needs CAP_SYS_ADMIN or
// CAP_CHECKPOINT_RESTORE), a path may lead to the file's successor by now.
func (l live) candidates(m Mapping) []string {
	proc := "/proc/" + strconv.Itoa(l.tid)
	return []string{
		proc + "/map_files/" + strconv.FormatUint(m.Lo, 16) + "-" + strconv.FormatUint(m.Hi, 16),
		proc + "/root" + m.Path,
		proc + "/exe",
	}
}

func (l live) open(m Mapping) (file, error) {
	var errs []error
	for i, path := range l.candidates(m) {
		if i == 1 && m.Deleted {
			continue
		}
		what := path
		if i == 0 {
			what = m.Path // which is where that link leads
		}
		f, err := l.regular(what, path)
		if err == nil && i > 0 && f.id.inode != m.Inode {
			f.Close()
			err = fmt.Errorf("%s: another file by now", path)
		}
		if err == nil {
			return f, nil
		}
		errs = append(errs, err)
	}
	return file{}, fmt.Errorf("%s: cannot open the mapped file: %w", m.Path, errors.Join(errs...))
}

// identity asks who a mapping's file is, without opening it.
func (l live) identity(m Mapping) (fileID, bool) {
	var st unix.Stat_t
	for i, path := range l.candidates(m) {
		if i == 1 && m.Deleted {
			continue
		}
		if l.stat(path, &st) == nil && (i == 0 || st.Ino == m.Inode) {
			return idOf(&st), true
		}
	}
	return fileID{}, false
}

func (l live) here(path string) (file, error) { return l.regular(path, path) }

// separate looks in the process's own root, so that a link in there cannot
// lead out of it.
func (l live) separate(path string) (file, error) {
	at := "/proc/" + strconv.Itoa(l.tid) + "/root"
	line := l.sheet.Count(tally.Open, []byte(at), 1)
	root, err := unix.Open(at, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if line.Check(err) != nil {
		return file{}, err
	}
	defer unix.Close(root)
	below := filepath.Clean("/" + path)
	line = l.sheet.Count(tally.Open, []byte(at+below), 1)
	fd, err := unix.Openat2(root, strings.TrimPrefix(below, "/"), &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
	if line.Check(err) != nil {
		return file{}, fmt.Errorf("%s: %w", path, err)
	}
	defer unix.Close(fd)
	return l.regular(at+below, "/proc/self/fd/"+strconv.Itoa(fd))
}
