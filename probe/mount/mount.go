// Package mount reads mount tables as plain data. It touches no filesystem.
package mount

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// A Mount is one line of /proc/PID/mountinfo (proc_pid_mountinfo(5)).
type Mount struct {
	ID           int
	Major, Minor uint32
	Point        string // where it is mounted, in the namespace of the process
	FS           string // "ext4", "nfs4", "fuse.sshfs"
}

// Dev is the device as /proc/locks and /proc/PID/maps write it: "fe:00".
func (m Mount) Dev() string { return fmt.Sprintf("%02x:%02x", m.Major, m.Minor) }

// Remote says that a question to this filesystem may never be answered: its
// server may be away. Who opens or stats a file there waits, at worst where not
// even SIGKILL ends it (fs/fuse/dev.c request_wait_answer).
func (m Mount) Remote() bool {
	switch {
	case strings.HasPrefix(m.FS, "nfs"), strings.HasPrefix(m.FS, "fuse"), strings.HasPrefix(m.FS, "smb"):
		return true
	}
	base, _, _ := strings.Cut(m.FS, ".")
	switch base {
	case "cifs", "9p", "afs", "ceph", "gfs2", "ocfs2", "lustre", "glusterfs", "autofs", "coda", "orangefs", "virtiofs":
		return true
	}
	return false
}

// Parse reads lines such as
// "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw", in their
// order. Lines of another form are passed over.
func Parse(b []byte) []Mount {
	var mounts []Mount
	for line := range bytes.Lines(b) {
		before, after, ok := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" - "))
		f := bytes.Fields(before) // id, parent, major:minor, root, mount point …
		if !ok || len(f) < 5 {
			continue
		}
		id, err := strconv.Atoi(string(f[0]))
		major, minor, _ := strings.Cut(string(f[2]), ":")
		a, errA := strconv.ParseUint(major, 10, 32)
		c, errC := strconv.ParseUint(minor, 10, 32)
		if err != nil || errA != nil || errC != nil {
			continue
		}
		fs, _, _ := bytes.Cut(bytes.TrimLeft(after, " "), []byte(" "))
		mounts = append(mounts, Mount{id, uint32(a), uint32(c), unescape(string(f[4])), string(fs)})
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
