package fix

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"syscall"
)

// A swap is one file's way from its old contents to its new ones. All that needs
// room on the disk is done by ready; commit and back only change names.
type swap struct {
	change *File
	copy   *Copy
	tag    string // of the hidden names: the receipt's
}

var (
	errChanged = errors.New("it has changed since it was looked at: nothing is done to it")
	errForeign = errors.New("it is neither as it was before nor as cyrlock made it: somebody has changed it since, so it is left alone")
)

func (s swap) path() string { return filepath.Join(s.change.Dir, s.change.Name) }

func (s swap) fresh() string { return beside(s.change.Name, s.tag+"-new") }
func (s swap) old() string   { return beside(s.change.Name, s.tag+"-old") }

// in opens the folder that a swap must not leave.
func (s swap) in(do func(*os.Root) error) error {
	root, err := os.OpenRoot(s.change.Dir)
	if err == nil {
		defer root.Close()
		err = do(root)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.path(), bare(err))
	}
	return nil
}

// bare takes the path off an error that gets a better one.
func bare(err error) error {
	switch e := err.(type) {
	case *fs.PathError:
		return e.Err
	case *os.LinkError:
		return e.Err
	}
	return err
}

// look makes sure that the file is as it was planned for, and notes what it takes to
// bring it back. It changes nothing.
func (s swap) look(kept string) error {
	return s.in(func(root *os.Root) error {
		now, o, err := contents(root, s.change.Name)
		if err != nil {
			return err
		}
		if !same(now, s.change.Old) {
			return errChanged
		}
		*s.copy = Copy{Before: digest(now), After: digest(s.change.New), Mode: o.mode, UID: o.uid, GID: o.gid}
		if now != nil {
			s.copy.Kept = kept
		}
		for dir := path.Dir(s.change.Name); dir != "."; dir = path.Dir(dir) {
			if _, err := root.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
				break
			}
			s.copy.Made = slices.Insert(s.copy.Made, 0, dir)
		}
		return nil
	})
}

// ready keeps the old contents in the ledger and writes the new ones beside the
// file: all that a full disk or a missing permission could prevent.
func (s swap) ready(ledger *os.Root) error {
	if s.copy.Kept != "" {
		if err := replace(ledger, s.copy.Kept, s.change.Old, owned{mode: 0o600, uid: -1, gid: -1}); err != nil {
			return fmt.Errorf("keep a copy of %s: %w", s.path(), err)
		}
	}
	if s.change.New == nil || s.copy.Before == s.copy.After {
		return nil
	}
	o := owned{s.copy.Mode, s.copy.UID, s.copy.GID}
	if s.copy.Before == "" {
		o = owned{mode: s.change.Mode.Perm() &^ 0o022, uid: -1, gid: -1}
	}
	return s.in(func(root *os.Root) error {
		for _, dir := range s.copy.Made {
			if err := root.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
				return err
			}
			if err := root.Chmod(dir, 0o755); err != nil { // whatever the umask
				return err
			}
			if err := syncDir(root, path.Dir(dir)); err != nil {
				return err
			}
		}
		return create(root, s.fresh(), s.change.New, o)
	})
}

// commit makes the new contents the file.
func (s swap) commit() error {
	return s.in(func(root *os.Root) error {
		now, _, err := contents(root, s.change.Name)
		switch {
		case err != nil:
			return err
		case digest(now) != s.copy.Before:
			return errChanged
		case s.copy.Before == s.copy.After:
			return nil
		case now == nil: // Link, unlike Rename, replaces nothing
			err = root.Link(s.fresh(), s.change.Name)
		case s.change.New == nil:
			err = root.Rename(s.change.Name, s.old())
		default:
			// The old file keeps a name: to bring it back then takes no room on the disk.
			_ = root.Remove(s.old())
			if err = root.Link(s.change.Name, s.old()); err == nil || errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EOPNOTSUPP) {
				err = root.Rename(s.fresh(), s.change.Name)
			}
		}
		if err != nil {
			return err
		}
		return syncDir(root, path.Dir(s.change.Name))
	})
}

// tidy takes the hidden names away.
func (s swap) tidy(root *os.Root) {
	_, _ = root.Remove(s.fresh()), root.Remove(s.old())
}

// back brings the old contents back, from wherever the swap has come to, and says
// what that took. What somebody changed since is left alone.
func (s swap) back(ledger *os.Root) (said string, err error) {
	err = s.in(func(root *os.Root) error {
		now, _, err := contents(root, s.change.Name)
		if err != nil {
			return err
		}
		switch digest(now) {
		case s.copy.Before:
			said = "it is as it was before"
		case s.copy.After:
			if said, err = s.restore(root, ledger); err != nil {
				return err
			}
		default:
			s.tidy(root)
			return errForeign
		}
		s.tidy(root)
		for _, dir := range slices.Backward(s.copy.Made) {
			_ = root.Remove(dir) // unless somebody has put something there
		}
		return nil
	})
	return said, err
}

func (s swap) restore(root, ledger *os.Root) (said string, err error) {
	name := s.change.Name
	if s.copy.Before == "" {
		said, err = "removed", root.Remove(name)
	} else if old, _, oldErr := contents(root, s.old()); oldErr == nil && digest(old) == s.copy.Before {
		said, err = "brought back", root.Rename(s.old(), name)
	} else {
		var data []byte
		if data, err = ledger.ReadFile(s.copy.Kept); err != nil {
			return "", err
		}
		if digest(data) != s.copy.Before {
			return "", fmt.Errorf("the copy of it, %s, is damaged", s.copy.Kept)
		}
		said, err = "brought back", replace(root, name, data, owned{s.copy.Mode, s.copy.UID, s.copy.GID})
	}
	if err != nil {
		return "", err
	}
	return said, syncDir(root, path.Dir(name))
}
