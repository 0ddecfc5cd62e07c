package fix

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"syscall"
)

// owned is to whom a file belongs and who may do what with it; -1: as it comes.
type owned struct {
	mode     fs.FileMode
	uid, gid int
}

// replace puts data under a name so that whoever reads it, and whoever reads it
// after a crash, finds either what was there or all of the new (rename(2), fsync(2)).
func replace(root *os.Root, name string, data []byte, o owned) error {
	fresh := beside(name, "new")
	if err := create(root, fresh, data, o); err != nil {
		return err
	}
	if err := root.Rename(fresh, name); err != nil {
		return errors.Join(err, root.Remove(fresh))
	}
	return syncDir(root, path.Dir(name))
}

// beside is the hidden name of a file that is on its way to be another, or was.
func beside(name, what string) string {
	dir, base := path.Split(name)
	return dir + "." + base + ".cyrlock-" + what
}

// create writes a new file to the disk, whatever was left there of an earlier try;
// without success there is none.
func create(root *os.Root, name string, data []byte, o owned) (err error) {
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			_ = root.Remove(name)
		}
	}()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if o.uid >= 0 {
		if err := f.Chown(o.uid, o.gid); err != nil { // clears set-user-ID: before the mode
			return err
		}
	}
	if err := f.Chmod(o.mode); err != nil {
		return err
	}
	return f.Sync()
}

// syncDir makes a change of names survive a crash.
func syncDir(root *os.Root, dir string) error {
	f, err := root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// mostBytes bounds what is read of a file that is to be replaced: none of those
// that cyrlock changes comes near it.
const mostBytes = 64 << 20

// contents reads a file that is about to be changed; nil: there is none.
func contents(root *os.Root, name string) ([]byte, owned, error) {
	var o owned
	info, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, o, nil
	case err != nil:
		return nil, o, err
	case info.Mode().Type() == fs.ModeSymlink:
		return nil, o, errors.New("it is a symbolic link: name what it leads to")
	case !info.Mode().IsRegular():
		return nil, o, errors.New("it is not a regular file")
	case info.Size() > mostBytes:
		return nil, o, fmt.Errorf("it has %d bytes: that is none of ours", info.Size())
	}
	o.mode, o.uid, o.gid = info.Mode(), -1, -1
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		o.uid, o.gid = int(st.Uid), int(st.Gid)
	}
	data, err := root.ReadFile(name)
	if data == nil {
		data = []byte{}
	}
	return data, o, err
}

// digest names contents; empty: no file.
func digest(data []byte) string {
	if data == nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// same tells no file from an empty one.
func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }
