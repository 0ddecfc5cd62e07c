package stack

import (
	"errors"
	"testing"
)

func TestParseMounts(t *testing.T) {
	types, root := parseMounts(`22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
31 22 0:27 / /proc rw shared:5 - proc proc rw
60 22 0:65 / /srv/mail rw,relatime shared:30 master:2 - fuse.sshfs host:/mail rw,user_id=0
61 22 0:66 / /srv/nfs rw - nfs4 10.0.0.1:/x rw
a broken line
62 22 x:y / /z rw - ext4 /dev/z rw
`)
	for dev, want := range map[string]string{"fe:00": "ext4", "00:1b": "proc", "00:41": "fuse.sshfs", "00:42": "nfs4", "00:99": ""} {
		if types[dev] != want {
			t.Errorf("%s: %q, want %q", dev, types[dev], want)
		}
	}
	if root != "fe:00" {
		t.Errorf("root on %q", root)
	}
}

func FuzzMounts(f *testing.F) {
	f.Add("22 1 254:0 / / rw - ext4 /dev/vda rw\n")
	f.Add(" - \n1 2 : - \n")
	f.Fuzz(func(t *testing.T, text string) {
		for dev := range func() mountTable { m, _ := parseMounts(text); return m }() {
			if len(dev) < 5 {
				t.Errorf("%q is no device", dev)
			}
		}
	})
}

// untouchable is a source that counts how often a file was asked for.
type untouchable struct{ opened int }

func (u *untouchable) read([]byte, uint64) error { return errors.New("nothing to read") }
func (u *untouchable) open(Mapping) (file, error) {
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
