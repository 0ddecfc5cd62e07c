package stack

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Filesystems whose server may be away. Who opens or stats a file there waits for
// the server, at worst where not even SIGKILL ends it (fs/fuse/dev.c
// request_wait_answer), and then cannot exit either.
var remote = []string{"nfs", "nfs4", "cifs", "smb3", "ceph", "afs", "9p", "fuse", "lustre", "glusterfs", "orangefs", "coda", "virtiofs", "autofs"}

// A mountTable tells the type of a filesystem by its device as /proc/PID/maps
// writes it.
type mountTable map[string]string

// parseMounts reads /proc/PID/mountinfo (proc(5)); lines of another form are
// passed over. The second result is the device of the root directory.
func parseMounts(text string) (types mountTable, root string) {
	types = mountTable{}
	for line := range strings.Lines(text) {
		mount, super, ok := strings.Cut(line, " - ")
		f := strings.Fields(mount)
		if !ok || len(f) < 5 {
			continue
		}
		major, minor, ok := strings.Cut(f[2], ":")
		a, e1 := strconv.ParseUint(major, 10, 32)
		b, e2 := strconv.ParseUint(minor, 10, 32)
		if !ok || e1 != nil || e2 != nil {
			continue
		}
		dev := fmt.Sprintf("%02x:%02x", a, b) // fs/proc/task_mmu.c: %02x:%02x
		kind, _, _ := strings.Cut(strings.TrimLeft(super, " "), " ")
		types[dev] = kind
		if f[4] == "/" {
			root = dev
		}
	}
	return types, root
}

// mayHang says that to touch a file of this mapping may hang, and the filesystem's
// type: it is on a file server, and not on the one that this program lives on.
func (l live) mayHang(m Mapping) (kind string, yes bool) {
	if !strings.HasPrefix(m.Dev, "00:") {
		return "", false // a disk
	}
	here, root := mountsOf("self")
	if m.Dev == root {
		return "", false
	}
	there, _ := mountsOf(strconv.Itoa(l.tid))
	kind = cmp.Or(there[m.Dev], here[m.Dev])
	base, _, _ := strings.Cut(kind, ".") // fuse.sshfs
	return kind, slices.Contains(remote, base)
}

func mountsOf(pid string) (mountTable, string) {
	text, err := os.ReadFile("/proc/" + pid + "/mountinfo")
	if err != nil {
		return nil, ""
	}
	return parseMounts(string(text))
}

// outOfReach explains why a mapping's file is not touched; nil: it may be.
func (p *process) outOfReach(m Mapping) error {
	from, ok := p.from.(live)
	if !ok || m.Inode == 0 {
		return nil
	}
	err, asked := p.servers[m.Dev]
	if !asked {
		if kind, yes := from.mayHang(m); yes {
			err = fmt.Errorf("its file is on %s, whose server may be away, and is not opened", kind)
		}
		p.servers[m.Dev] = err
	}
	return err
}

// isModule says whether any part of a mapping's file is mapped as code. Cyrus maps
// the files of mailboxes too, and those are not for us to open.
func (p *process) isModule(m Mapping) bool {
	return slices.ContainsFunc(p.maps, func(o Mapping) bool { return o.Exec && o.Inode == m.Inode && o.Dev == m.Dev })
}
