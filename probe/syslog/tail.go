package syslog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// An id names a file, whatever its path.
type id struct{ dev, ino uint64 }

func idOf(st *unix.Stat_t) id { return id{uint64(st.Dev), st.Ino} }

// A tail is a file that is read as it grows.
type tail struct {
	f       *os.File
	id      id
	offset  int64
	size    int64     // at the last look
	changed time.Time // its time of modification, then
	quiet   time.Time // since when nothing has come; of one that was replaced
	failed  bool      // the last read

	// What was read last. If it stands there no more, the file was emptied and has
	// grown past where we were.
	seen  [32]byte
	nSeen int

	lines splitter // only of use to who takes the lines
	keep  keeper
}

// openTail opens a file at its beginning. It neither waits for a FIFO's other end nor
// touches the file's access time, where that is allowed.
func openTail(path string) (*tail, error) {
	const flags = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_CLOEXEC | unix.O_NOCTTY
	fd, err := unix.Open(path, flags|unix.O_NOATIME, 0)
	if err == unix.EPERM { // O_NOATIME is for the owner and root
		fd, err = unix.Open(path, flags, 0)
	}
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	t := &tail{f: os.NewFile(uintptr(fd), path), quiet: time.Now(), keep: keeper{source: path}}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		err = errNotFile
	}
	if err != nil {
		t.f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	t.id, t.size, t.changed = idOf(&st), st.Size, time.Unix(st.Mtim.Unix())
	return t, nil
}

var errNotFile = errors.New("is not a regular file; name the log that is written")

// toEnd goes to the beginning of the last line, if that has not ended yet, otherwise
// to the end.
func (t *tail) toEnd() error {
	buf := make([]byte, MaxLine)
	from := max(t.size-int64(len(buf)), 0)
	n, err := t.f.ReadAt(buf[:t.size-from], from)
	if err != nil && err != io.EOF {
		return err
	}
	t.offset = from + int64(bytes.LastIndexByte(buf[:n], '\n')+1)
	t.lines.skipped = t.offset == from && from > 0
	t.remember(buf[:t.offset-from])
	return nil
}

// read reads what has come since, up to the size of buf. emptied says that the file
// was emptied in between, and is read from its beginning again.
func (t *tail) read(buf []byte) (piece []byte, emptied bool, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(t.f.Fd()), &st); err != nil {
		return nil, false, err
	}
	changed := time.Unix(st.Mtim.Unix())
	same := st.Size == t.offset && changed.Equal(t.changed)
	t.size, t.changed = st.Size, changed
	if same {
		return nil, false, nil
	}
	if st.Size >= t.offset {
		before := int64(t.nSeen)
		n, err := t.f.ReadAt(buf, t.offset-before)
		if err != nil && err != io.EOF {
			return nil, false, err
		}
		if int64(n) >= before && bytes.Equal(buf[:before], t.seen[:before]) {
			piece = buf[before:n]
			t.offset += int64(len(piece))
			t.remember(buf[:n])
			return piece, false, nil
		}
	}
	t.offset, t.nSeen = 0, 0
	n, err := t.f.ReadAt(buf, 0)
	if err == io.EOF {
		err = nil
	}
	t.offset = int64(n)
	t.remember(buf[:n])
	return buf[:n], true, err
}

// unread is how many bytes are there that were not read.
func (t *tail) unread() int64 {
	var st unix.Stat_t
	if unix.Fstat(int(t.f.Fd()), &st) == nil {
		t.size = st.Size
	}
	return t.size - t.offset
}

// remember keeps the end of what was read.
func (t *tail) remember(read []byte) {
	t.nSeen = copy(t.seen[:], read[max(0, len(read)-len(t.seen)):])
}
