package probe

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"cyrlock/evidence"
)

// mostPeers bounds of how many processes all descriptors are listed to find the
// client. Of the others only 0 and 1 are looked at, where a Cyrus worker has it.
const mostPeers = 8

// connections looks up the connections that threads work on and the clients of
// the processes. first are those whose client matters most.
func (l *look) connections(ctx context.Context, pids, first []int) {
	first = first[:min(len(first), mostPeers)]
	silent := ask(ctx, l.crew, pids, func(r *reader, pid int) map[int]socket {
		if slices.Contains(first, pid) {
			return r.sockets(pid)
		}
		sockets := make(map[int]socket)
		for fd := range 2 {
			r.descriptor(pid, fd, sockets)
		}
		return sockets
	}, func(pid int, found map[int]socket) {
		for fd, s := range found {
			l.sockets[[2]int{pid, fd}] = s
		}
	})
	l.gaps.silent("connections", silent, l.crew.limit)
	conns := l.tables(ctx)
	all := make(map[int][]*evidence.Conn) // by process
	for at, s := range l.sockets {
		if c, ok := conns[s]; ok {
			c.FD = at[1]
			all[at[0]] = append(all[at[0]], &c)
		}
	}
	for _, pid := range pids {
		p := l.people[pid]
		for i := range p.Threads {
			if on := p.Threads[i].On; on != nil && on.Kind == "socket" {
				if j := slices.IndexFunc(all[pid], func(c *evidence.Conn) bool { return c.FD == on.FD }); j >= 0 {
					on.Conn = all[pid][j]
				}
			}
		}
		p.Peer = client(all[pid], slices.Contains(first, pid))
	}
}

// client is the connection of a process to whom it serves: descriptor 0 or 1 if
// that is one, else, where all are known, the only one that is established, by
// whatever number of descriptors.
func client(all []*evidence.Conn, known bool) (found *evidence.Conn) {
	all = slices.DeleteFunc(all, func(c *evidence.Conn) bool { return c.Remote == "" || c.State == "LISTEN" })
	slices.SortFunc(all, func(a, b *evidence.Conn) int { return cmp.Compare(a.FD, b.FD) })
	if len(all) > 0 && all[0].FD <= 1 {
		return all[0]
	}
	for _, c := range all {
		switch {
		case c.State != "ESTABLISHED" || !known:
		case found == nil:
			found = c
		case c.Local != found.Local || c.Remote != found.Remote:
			return nil
		}
	}
	return found
}

// sockets are the descriptors of a process that lead to one.
func (r *reader) sockets(pid int) map[int]socket {
	found := make(map[int]socket)
	fds, _ := r.list(pid, "fd") // refusals are told with the descriptors
	net := ""
	for _, fd := range fds {
		text, _ := r.link(pid, entry("fd", fd))
		ino, ok := socketInode(text)
		if !ok {
			continue
		}
		if net == "" {
			net, _ = r.link(pid, "ns/net")
		}
		found[fd] = socket{ino, net}
	}
	return found
}

// socketInode reads "socket:[12345]".
func socketInode(text string) (ino uint64, ok bool) {
	text, ok = strings.CutPrefix(text, "socket:[")
	if !ok {
		return 0, false
	}
	ino, err := strconv.ParseUint(strings.TrimSuffix(text, "]"), 10, 64)
	return ino, err == nil
}

// tables reads the connection tables, once for each network namespace.
func (l *look) tables(ctx context.Context) map[socket]evidence.Conn {
	wanted := make(map[string]map[uint64]bool)
	reporter := make(map[string]int)
	for at, s := range l.sockets {
		if wanted[s.net] == nil {
			wanted[s.net] = make(map[uint64]bool)
			reporter[s.net] = at[0]
		}
		wanted[s.net][s.ino] = true
	}
	conns := make(map[socket]evidence.Conn)
	for ns, inodes := range wanted {
		ask(ctx, l.crew, []int{reporter[ns]}, func(r *reader, pid int) map[uint64]evidence.Conn {
			found := make(map[uint64]evidence.Conn)
			for _, table := range []struct {
				name  string
				parse func([]byte, map[uint64]bool) map[uint64]evidence.Conn
			}{{"net/tcp", parseNetTCP}, {"net/tcp6", parseNetTCP}, {"net/unix", parseNetUnix}} {
				if len(found) == len(inodes) {
					break
				}
				b, err := r.read(pid, 0, table.name)
				if err != nil {
					l.gaps.failed(pid, "connections", err)
					continue
				}
				for ino, c := range table.parse(b, inodes) {
					found[ino] = c
				}
			}
			return found
		}, func(_ int, found map[uint64]evidence.Conn) {
			for ino, c := range found {
				conns[socket{ino, ns}] = c
			}
		})
	}
	return conns
}
