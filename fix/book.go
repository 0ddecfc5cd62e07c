package fix

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A book is an open ledger.
type book struct {
	dir  string
	root *os.Root
	lock *os.File // nil: only for reading
}

// open opens a ledger that is there. Whoever can write to it can choose which files
// an undo writes, so it must be ours alone.
func (l Ledger) open() (*book, error) {
	root, err := os.OpenRoot(l.Dir)
	if err != nil {
		return nil, err
	}
	b := &book{dir: l.Dir, root: root}
	var st unix.Stat_t
	f, err := root.Open(".")
	if err == nil {
		err = unix.Fstat(int(f.Fd()), &st)
		f.Close()
	}
	switch {
	case err != nil:
	case int(st.Uid) != os.Geteuid():
		err = fmt.Errorf("%s belongs to user %d, not to you (%d): name another folder with --state", l.Dir, st.Uid, os.Geteuid())
	case st.Mode&0o022 != 0:
		err = fmt.Errorf("%s can be written by others (mode %04o): receipts there could be forged: chmod 700 it, or name another folder with --state", l.Dir, st.Mode&0o7777)
	}
	if err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// hold makes the ledger if need be and keeps every other cyrlock from working on it
// until close.
func (l Ledger) hold() (*book, error) {
	if err := os.MkdirAll(l.Dir, 0o700); err != nil {
		return nil, noPlace(err)
	}
	b, err := l.open()
	if err != nil {
		return nil, err
	}
	if err := b.claim(); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// noPlace says what to do where nothing can be noted: then nothing is done.
func noPlace(err error) error {
	return fmt.Errorf("nothing is done that cannot be noted: %w: name another folder with --state", err)
}

func (b *book) claim() error {
	if err := b.root.Mkdir(receiptsDir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return noPlace(err)
	}
	lock, err := b.root.OpenFile(lockName, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return noPlace(err)
	}
	b.lock = lock
	// Of an open file description (fcntl(2) F_OFD_SETLK): it ends with the process,
	// and two ledgers in one process are kept apart, too.
	err = unix.FcntlFlock(lock.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EACCES):
		return fmt.Errorf("another cyrlock%s is at work on %s: wait for it to finish", b.owner(), b.dir)
	case err != nil:
		return fmt.Errorf("lock %s: %w", filepath.Join(b.dir, lockName), err)
	}
	if err := lock.Truncate(0); err != nil {
		return noPlace(err)
	}
	if _, err := lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return noPlace(err)
	}
	b.sweep()
	return nil
}

// sweep removes what a cyrlock that was killed had begun to write.
func (b *book) sweep() {
	entries, _ := fs.ReadDir(b.root.FS(), receiptsDir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") && strings.HasSuffix(e.Name(), ".cyrlock-new") {
			_ = b.root.Remove(path.Join(receiptsDir, e.Name()))
		}
	}
}

// owner is the pid in the lock file, for a sentence.
func (b *book) owner() string {
	text, err := b.root.ReadFile(lockName)
	pid, bad := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || bad != nil || pid <= 0 {
		return ""
	}
	return fmt.Sprintf(" (pid %d)", pid)
}

// busy says whether a cyrlock holds the lock; it takes none itself, or it would be
// in the way of one that wants it.
func (b *book) busy() bool {
	f, err := b.root.OpenFile(lockName, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	test := unix.Flock_t{Type: unix.F_WRLCK}
	return unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &test) == nil && test.Type != unix.F_UNLCK
}

func (b *book) close() {
	if b.lock != nil {
		b.lock.Close()
	}
	b.root.Close()
}

// ids are the numbers of all receipts, ascending.
func (b *book) ids() ([]int, error) {
	entries, err := fs.ReadDir(b.root.FS(), receiptsDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var ids []int
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".json")
		if id, bad := strconv.Atoi(name); ok && bad == nil && id > 0 && strconv.Itoa(id) == name {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, err
}

// path is the name of something that belongs to a receipt.
func (b *book) path(id int, what string) string {
	return path.Join(receiptsDir, strconv.Itoa(id)+"."+what)
}

func (b *book) read(id int) (r Receipt, err error) {
	name := b.path(id, "json")
	text, err := b.root.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return r, fmt.Errorf("receipt %d: %w in %s", id, ErrNone, b.dir)
	}
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err == nil && (r.ID != id || len(r.Steps) != len(r.Plan.Changes)) {
		err = errors.New("its parts do not fit together")
	}
	if err == nil {
		err = r.Plan.sound()
	}
	if err != nil {
		return r, fmt.Errorf("receipt %s: %w", filepath.Join(b.dir, name), err)
	}
	return r, nil
}

func (b *book) write(r *Receipt) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	if err := replace(b.root, b.path(r.ID, "json"), append(text, '\n'), owned{mode: 0o600, uid: -1, gid: -1}); err != nil {
		return fmt.Errorf("receipt %d: %w", r.ID, err)
	}
	return nil
}

// next is a number that no receipt has.
func (b *book) next() (int, error) {
	ids, err := b.ids()
	return 1 + append([]int{0}, ids...)[len(ids)], err
}
