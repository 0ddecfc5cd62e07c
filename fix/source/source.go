// Package source puts the timed lock into the source of Cyrus IMAP.
//
// It replaces one call, the one that waits for the lock in lock_reopen or
// lock_reopen_ex, and nothing else; and it changes only what it has understood
// token by token. Whatever it has put in it takes out again, byte for byte. It
// reads the tree and plans; package fix writes.
package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// A Tree is an unpacked Cyrus source tree.
type Tree struct {
	Dir     string  // absolute; below it is lib
	Version Version // zero: it does not say
	Build   string  // the kind of lock it is configured for, "flock" or "fcntl"; empty: not configured
	Debian  bool    // it is a Debian source package
	Files   []File  // at least one
}

// A File is one of the lock files.
type File struct {
	Name string // below Tree.Dir: "lib/lock_flock.c"
	Text []byte
}

// mostBytes is far above any lock file, with our lock in it or without.
const mostBytes = 256 << 10

// ErrNotCyrus says that there are no lock files where Cyrus has them.
var ErrNotCyrus = errors.New("this is not a Cyrus IMAP source tree")

// Read reads a tree by the path of its top folder. Releases from CVS days have
// everything in a folder cyrus below that.
func Read(dir string) (*Tree, error) {
	top, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if top, err = filepath.EvalSymlinks(top); err != nil {
		return nil, err
	}
	for _, dir := range []string{top, filepath.Join(top, "cyrus")} {
		t, err := readTree(dir)
		if err != nil || t != nil {
			return t, err
		}
	}
	return nil, fmt.Errorf("%s: %w: no lib/lock_flock.c and no lib/lock_fcntl.c is below it: name the folder that has lib in it", top, ErrNotCyrus)
}

// readTree returns nil if there are no lock files.
func readTree(dir string) (*Tree, error) {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	t := &Tree{Dir: dir}
	for _, name := range []string{"lib/lock_flock.c", "lib/lock_fcntl.c"} {
		text, err := read(root, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			if to, bad := root.Readlink("lib"); bad == nil {
				err = fmt.Errorf("lib is a symbolic link to %s: patch the tree in which it really is: %w", to, err)
			}
			return nil, fmt.Errorf("%s: %w", filepath.Join(dir, name), err)
		}
		t.Files = append(t.Files, File{name, text})
	}
	if len(t.Files) == 0 {
		return nil, nil
	}
	t.Version, t.Build = readVersion(root), readBuild(root)
	_, err = root.Lstat("debian/rules")
	t.Debian = err == nil
	return t, nil
}

// read reads a text file below root, wherever links would lead; what is no file
// could block for ever.
func read(root *os.Root, name string) ([]byte, error) {
	info, err := root.Lstat(name)
	switch {
	case err != nil:
		return nil, unwrap(err)
	case info.Mode().Type() == fs.ModeSymlink:
		return nil, errors.New("it is a symbolic link: patch the tree in which the file really is")
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	case info.Size() > mostBytes:
		return nil, fmt.Errorf("it has %d bytes: that is no lock file of Cyrus", info.Size())
	}
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, unwrap(err)
	}
	defer f.Close()
	text := make([]byte, info.Size()+1)
	n, err := f.ReadAt(text, 0)
	switch {
	case n == len(text):
		return nil, errors.New("somebody is writing to it")
	case n < len(text)-1:
		return nil, fmt.Errorf("read only %d of its %d bytes: %w", n, info.Size(), err)
	}
	text = text[:n]
	if i := strings.IndexByte(string(text), 0); i >= 0 {
		return nil, fmt.Errorf("byte %d of it is 0: it is no text", i)
	}
	return text, nil
}

// unwrap leaves the path away, which the caller knows in full.
func unwrap(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
