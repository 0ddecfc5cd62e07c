package probe

import (
	"bytes"
	"strconv"
	"strings"
	"sync"
)

// A mount is one line of /proc/PID/mountinfo (proc_pid_mountinfo(5)).
type mount struct {
	major, minor uint32
	point        string
	fs           string
}

// remote says that a question to this filesystem may never be answered.
func (m mount) remote() bool {
	switch {
	case strings.HasPrefix(m.fs, "nfs"), strings.HasPrefix(m.fs, "fuse"), strings.HasPrefix(m.fs, "smb"):
		return true
	}
	switch m.fs {
	case "cifs", "9p", "afs", "ceph", "gfs2", "ocfs2", "lustre", "glusterfs", "autofs", "coda", "orangefs", "virtiofs":
		return true
	}
	return false
}

// parseMountinfo reads
// "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw" lines.
func parseMountinfo(b []byte) map[int]mount {
	mounts := make(map[int]mount)
	for line := range bytes.Lines(b) {
		before, after, ok := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" - "))
		var f [5][]byte // id, parent, major:minor, root, mount point
		for i := range f {
			f[i], before = word(before)
		}
		id, err := strconv.Atoi(string(f[0]))
		major, minor, _ := strings.Cut(string(f[2]), ":")
		a, errA := strconv.ParseUint(major, 10, 32)
		c, errC := strconv.ParseUint(minor, 10, 32)
		if !ok || err != nil || errA != nil || errC != nil {
			continue
		}
		fs, _ := word(after)
		mounts[id] = mount{uint32(a), uint32(c), unescape(string(f[4])), string(fs)}
	}
	return mounts
}

// unescape undoes the \040 that the kernel writes for blanks in names (seq_path).
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// Mounts remembers every mount seen in one look. A mount's number is unique on
// the machine while it lasts (fs/namespace.c mnt_alloc_id), so one table serves
// all mount namespaces.
type mounts struct {
	mu    sync.Mutex
	known map[int]mount
	asked map[int]bool // processes whose mountinfo is in known
}

// find looks a mount up, reading the process's own mountinfo where it is new.
func (m *mounts) find(r *reader, pid, id int) (mount, bool) {
	m.mu.Lock()
	found, ok := m.known[id]
	asked := m.asked[pid]
	m.mu.Unlock()
	if ok || asked || id < 0 {
		return found, ok
	}
	b, err := r.read(pid, 0, "mountinfo")
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known, m.asked = make(map[int]mount), make(map[int]bool)
	}
	m.asked[pid] = true
	if err == nil {
		for id, seen := range parseMountinfo(b) {
			m.known[id] = seen
		}
	}
	found, ok = m.known[id]
	return found, ok
}
