package stack

import (
	"errors"
	"testing"

	"cyrlock/probe/mount"
)

// What this program itself lives on is not kept away from, whatever it is.
func TestOwnRoot(t *testing.T) {
	mounts := mount.Parse([]byte("1 1 0:2 / / rw - rootfs rootfs rw\n22 1 254:0 / / rw - ext4 /dev/vda rw\n60 22 0:65 / /srv rw - fuse.sshfs x rw\n"))
	if !isRoot(mounts, "fe:00") || isRoot(mounts, "00:41") || isRoot(mounts, "00:02") {
		t.Error("the root is the last of those mounted on /")
	}
}

// untouchable is a source that counts how often a file was asked for.
type untouchable struct{ opened int }

func (u *untouchable) read([]byte, uint64) error { return errors.New("nothing to read") }
func (u *untouchable) open(Mapping) (file, error) {
	u.opened++
	return file{}, errors.New("opened")
}
func (u *untouchable) here(string) (file, error) {
	u.opened++
	return file{}, errors.New("opened")
}
func (u *untouchable) separate(string) (file, error) {
	u.opened++
	return file{}, errors.New("opened")
}

// Cyrus maps the index and the cache of a mailbox. A pointer into one of them is
// an ordinary argument, and no reason to open a file of the mail store.
func TestMailboxFileIsNotOpened(t *testing.T) {
	from := &untouchable{}
	maps := []Mapping{
		{Lo: 0x1000, Hi: 0x2000, Exec: true, Dev: "fe:00", Inode: 7, Path: "/usr/lib/cyrus/bin/imapd"},
		{Lo: 0x5000, Hi: 0x9000, Dev: "fe:00", Inode: 8, Path: "/var/spool/cyrus/mail/user/jwade/cyrus.index"},
	}
	p := New(Options{}).process(from, maps)
	if mod, _ := p.owner(0x5100); mod != nil || from.opened != 0 {
		t.Errorf("a file of the mail store was opened %d times", from.opened)
	}
	p.owner(0x1100)
	if from.opened == 0 {
		t.Error("the program's own file was not asked for: this test shows nothing")
	}
}
