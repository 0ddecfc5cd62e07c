package mount

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const table = `28 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
31 28 0:27 / /proc rw shared:5 - proc proc rw
45 28 0:38 /@mail /var/spool/my\040mail rw shared:9 master:2 - btrfs /dev/vdb rw,subvol=/@mail
46 28 0:40 / /home rw - nfs4 srv:/home rw
60 28 0:65 / /srv/mail rw,relatime shared:30 master:2 - fuse.sshfs host:/mail rw,user_id=0
62 28 x:y / /z rw - ext4 /dev/z rw
nonsense
`

func TestParse(t *testing.T) {
	want := []Mount{
		{28, 254, 0, "/", "ext4"}, {31, 0, 27, "/proc", "proc"}, {45, 0, 38, "/var/spool/my mail", "btrfs"},
		{46, 0, 40, "/home", "nfs4"}, {60, 0, 65, "/srv/mail", "fuse.sshfs"},
	}
	got := Parse([]byte(table))
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("(-want +got)\n%s", d)
	}
	for i, dev := range []string{"fe:00", "00:1b", "00:26", "00:28", "00:41"} {
		if got[i].Dev() != dev {
			t.Errorf("%s: device %s, want %s", got[i].Point, got[i].Dev(), dev)
		}
		if remote := i >= 3; got[i].Remote() != remote {
			t.Errorf("%s may never answer: %v", got[i].FS, got[i].Remote())
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(table))
	f.Add([]byte(" - \n1 2 : - \n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, m := range Parse(b) {
			if len(m.Dev()) < 5 {
				t.Errorf("%q is no device", m.Dev())
			}
			m.Remote()
		}
		unescape(string(b))
	})
}
