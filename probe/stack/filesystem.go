package stack

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cyrlock/probe/mount"
)

// mayHang says that to touch a file of this mapping may hang, and the filesystem's
// type: it is on a file server, and not on the one that this program lives on.
func (p *process) mayHang(from live, m Mapping) (kind string, yes bool) {
	if !strings.HasPrefix(m.Dev, "00:") {
		return "", false // a disk
	}
	here := p.tracer.ownMounts(from.reader)
	for _, on := range slices.Concat(from.mounts(strconv.Itoa(from.tid)), here) {
		if on.Dev() == m.Dev {
			return on.FS, on.Remote() && !isRoot(here, m.Dev)
		}
	}
	return "", false
}

func isRoot(mounts []mount.Mount, dev string) bool {
	root := ""
	for _, m := range mounts { // the last one covers those before
		if m.Point == "/" {
			root = m.Dev()
		}
	}
	return dev == root
}

// outOfReach explains why a mapping's file is not touched; nil: it may be.
func (p *process) outOfReach(m Mapping) error {
	from, ok := p.from.(live)
	if !ok || m.Inode == 0 {
		return nil
	}
	err, asked := p.servers[m.Dev]
	if !asked {
		if kind, yes := p.mayHang(from, m); yes {
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
