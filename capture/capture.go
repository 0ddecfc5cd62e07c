// Package capture saves what a look has seen to a file, and reads it again: file
// formats only.
//
// A capture is the JSON of a snapshot. Reading promises more than writing: the
// file may be a stranger's, cut off, or no capture at all. It is refused with a
// word on what it is; nothing in it makes this program panic, wait, or take memory
// without bound.
package capture

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
)

// mostNames bounds the search for a name that is free.
const mostNames = 1000

// Write saves a snapshot in a folder, as cyrlock-HOST-2026-11-23T091402.json with
// the host and the time of the look, and returns the path. It is there as a whole
// or not at all, for its owner only, and in nobody's place: where the name is
// taken it is followed by -2, -3 and so on.
func Write(dir string, s evidence.Snapshot) (path string, err error) {
	f, err := os.CreateTemp(dir, ".cyrlock-*") // mode 0600
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	e := json.NewEncoder(f)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	// What is not on the disk before the rename may be an empty file after a crash.
	err = errors.Join(e.Encode(s), f.Sync(), f.Close())
	if err != nil {
		return "", fmt.Errorf("save to %s: %w", dir, err)
	}
	base := filepath.Join(dir, name(s))
	for n := 1; n <= mostNames; n++ {
		path = base + ".json"
		if n > 1 {
			path = fmt.Sprintf("%s-%d.json", base, n)
		}
		if err = place(f.Name(), path); !errors.Is(err, os.ErrExist) {
			break
		}
	}
	if err != nil {
		return "", fmt.Errorf("save to %s: %w", dir, err)
	}
	syncFolder(dir)
	return path, nil
}

// place gives a file its name unless another one has it. Not every filesystem can
// do that in one step (NFS), and then it gets a second name and loses the first.
func place(temp, path string) error {
	err := unix.Renameat2(unix.AT_FDCWD, temp, unix.AT_FDCWD, path, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		if err = os.Link(temp, path); err == nil {
			return os.Remove(temp)
		}
		return err
	}
	if err != nil {
		return &os.PathError{Op: "rename", Path: path, Err: err}
	}
	return nil
}

// syncFolder makes the name last. The file is safe, so that this may fail.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}

// name is that of the file, without its ending.
func name(s evidence.Snapshot) string {
	return "cyrlock-" + safe(s.Host.Name) + "-" + s.Taken.Format("2006-01-02T150405")
}

// safe makes a part of a file name of a host's name, which anybody may have set.
func safe(host string) string {
	host = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		}
		return '-'
	}, host)
	if host = strings.Trim(host[:min(len(host), 64)], ".-"); host == "" {
		return "host"
	}
	return host
}
