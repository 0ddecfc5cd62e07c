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
)

// openFlags keep the open of a named pipe from waiting for a writer.
const openFlags = unix.O_NONBLOCK

// A content is what was read of a file, with the file's own facts.
type content struct {
	data []byte
	info fs.FileInfo
}

// read takes at most most bytes of a regular file, /proc's among them. root is
// where the server's files are, as in [Server].
func read(ctx context.Context, root, name string, most int64) (content, error) {
	c, err := limit.Do(ctx, patience, func() (content, error) {
		f, err := openFile(root, name)
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

// openFile opens a regular file and nothing else: a device or a pipe in its place
// might never end.
//
// Below another root, links must lead where they lead for the server: /var/run is
// often an absolute link to /run.
func openFile(root, name string) (*os.File, error) {
	var f *os.File
	var err error
	if root == "" {
		f, err = os.OpenFile(name, os.O_RDONLY|openFlags, 0)
	} else {
		f, err = openBelow(root, name)
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
func openBelow(root, name string) (*os.File, error) {
	dir, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: root, Err: err}
	}
	defer unix.Close(dir)
	fd, err := unix.Openat2(dir, name, &unix.OpenHow{Flags: unix.O_RDONLY | unix.O_CLOEXEC | openFlags, Resolve: unix.RESOLVE_IN_ROOT})
	if err == unix.ENOSYS {
		return os.OpenFile(root+name, os.O_RDONLY|openFlags, 0)
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: root + name, Err: err}
	}
	return os.NewFile(uintptr(fd), root+name), nil
}

// link is where a symbolic link of /proc leads; empty when it cannot be read.
func link(ctx context.Context, name string) string {
	to, err := limit.Do(ctx, patience, func() (string, error) { return os.Readlink(name) })
	if err != nil {
		return ""
	}
	return to
}
