package cyrus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"cyrlock/probe/limit"
	"cyrlock/probe/tally"
)

// openFlags keep the open of a named pipe from waiting for a writer.
const openFlags = unix.O_NONBLOCK

// A reader reads the files of servers, and counts what it reads.
type reader struct{ sheet *tally.Sheet }

// A content is what was read of a file, with the file's own facts.
type content struct {
	data []byte
	info fs.FileInfo
}

// read takes at most most bytes of a regular file, /proc's among them. root is
// where the server's files are, as in [Server].
func (from reader) read(ctx context.Context, root, name string, most int64) (content, error) {
	return from.readAs(ctx, root+name, root, name, most)
}

// readAs counts the file as what, where there are many of a kind.
func (from reader) readAs(ctx context.Context, what, root, name string, most int64) (content, error) {
	c, err := limit.Do(ctx, patience, func() (content, error) {
		f, err := from.open(what, root, name)
		if err != nil {
			return content{}, err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return content{}, err
		}
		data, err := io.ReadAll(io.LimitReader(f, most))
		return content{data, info}, err
	})
	var named *fs.PathError
	if err != nil && !errors.As(err, &named) {
		err = fmt.Errorf("read %s: %w", name, err)
	}
	return c, err
}

// open opens a regular file and nothing else: a device or a pipe in its place
// might never end.
//
// Below another root, links must lead where they lead for the server: /var/run is
// often an absolute link to /run.
func (from reader) open(what, root, name string) (f *os.File, err error) {
	if root != "" {
		f, err = from.openBelow(what, root, name)
	} else {
		line := from.sheet.Count(tally.Read, []byte(what), 1)
		f, err = os.OpenFile(name, os.O_RDONLY|openFlags, 0)
		line.Check(err)
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: name, Err: errors.New("not a regular file")}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// openBelow opens a file as a process with that root would. Kernels before 5.6,
// which have no openat2, follow absolute links from our own root instead.
func (from reader) openBelow(what, root, name string) (*os.File, error) {
	line := from.sheet.Count(tally.Open, []byte(root), 1)
	dir, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if line.Check(err) != nil {
		return nil, &fs.PathError{Op: "open", Path: root, Err: err}
	}
	defer unix.Close(dir)
	line = from.sheet.Count(tally.Read, []byte(what), 1)
	fd, err := unix.Openat2(dir, name, &unix.OpenHow{Flags: unix.O_RDONLY | unix.O_CLOEXEC | openFlags, Resolve: unix.RESOLVE_IN_ROOT})
	if err == unix.ENOSYS {
		line.Check(err)
		return from.open(what, "", root+name)
	}
	if line.Check(err) != nil {
		return nil, &fs.PathError{Op: "open", Path: root + name, Err: err}
	}
	return os.NewFile(uintptr(fd), root+name), nil
}

// link is where a symbolic link of /proc leads; empty when it cannot be read.
func (from reader) link(ctx context.Context, name string) string {
	line := from.sheet.Count(tally.Link, []byte(name), 1)
	to, err := limit.Do(ctx, patience, func() (string, error) { return os.Readlink(name) })
	if line.Check(err) != nil {
		return ""
	}
	return to
}

// list reads the names in a folder of /proc.
func (from reader) list(ctx context.Context, name string) ([]os.DirEntry, error) {
	line := from.sheet.Count(tally.List, []byte(name), 1)
	names, err := limit.Do(ctx, patience, func() ([]os.DirEntry, error) { return os.ReadDir(name) })
	return names, line.Check(err)
}
