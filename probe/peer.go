package probe

import (
	"context"
	"slices"

	"github.com/shirou/gopsutil/v3/net"

	"cyrlock/evidence"
)

// mostPeers bounds for how many processes all sockets are listed to find the
// client: each time the machine's whole connection table is read. Of the others
// only descriptors 0 and 1 are looked at, where a Cyrus worker has its client.
const mostPeers = 8

// connections looks up the connections that threads work on and the clients of
// the processes. first are those whose client matters most.
func (l *look) connections(ctx context.Context, pids, first []int) {
	client := make(map[int]int) // descriptor, by process
	for _, pid := range first[:min(len(first), mostPeers)] {
		if fd, ok := l.clientOf(ctx, pid); ok {
			client[pid] = fd
		}
	}
	type answer map[int]socket
	ask(ctx, l.crew, pids, func(r *reader, pid int) answer {
		sockets := make(map[int]socket)
		fds := []int{0, 1}
		if fd, ok := client[pid]; ok {
			fds = append(fds, fd)
		}
		for _, fd := range fds {
			r.descriptor(pid, fd, sockets)
		}
		return sockets
	}, func(pid int, found answer) {
		for fd, s := range found {
			l.sockets[[2]int{pid, fd}] = s
		}
	})
	conns := l.tables(ctx)
	at := func(pid, fd int) *evidence.Conn {
		s, ok := l.sockets[[2]int{pid, fd}]
		if c, known := conns[s]; ok && known {
			c.FD = fd
			return &c
		}
		return nil
	}
	for _, pid := range pids {
		p := l.people[pid]
		for i := range p.Threads {
			if on := p.Threads[i].On; on != nil && on.Kind == "socket" {
				on.Conn = at(pid, on.FD)
			}
		}
		fds := []int{0, 1}
		if fd, ok := client[pid]; ok {
			fds = []int{fd}
		}
		for _, fd := range fds {
			if c := at(pid, fd); c != nil && c.Remote != "" && c.State != "LISTEN" {
				p.Peer = c
				break
			}
		}
	}
}

// clientOf finds the descriptor of a process's client: 0 or 1 if that is a
// connection, else the only one that is established.
func (l *look) clientOf(ctx context.Context, pid int) (fd int, ok bool) {
	if l.processes[pid] == nil || l.crew.mute[pid] {
		return 0, false
	}
	var all []net.ConnectionStat
	silent := ask(ctx, l.crew, []int{pid}, func(*reader, int) []net.ConnectionStat {
		found, _ := net.ConnectionsPidWithContext(ctx, "tcp", int32(pid)) // refusals are told with the descriptors
		return found
	}, func(_ int, found []net.ConnectionStat) { all = found })
	l.gaps.silent("connections", silent, l.crew.limit)
	all = slices.DeleteFunc(all, func(c net.ConnectionStat) bool { return c.Raddr.Port == 0 })
	for _, c := range all {
		if c.Fd <= 1 {
			return int(c.Fd), true
		}
	}
	all = slices.DeleteFunc(all, func(c net.ConnectionStat) bool { return c.Status != "ESTABLISHED" })
	if len(all) != 1 {
		return 0, false
	}
	return int(all[0].Fd), true
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
