package probe

import (
	"encoding/binary"
	"strings"

	"cyrlock/evidence"
)

// A socket is a descriptor whose connection is still to be looked up.
type socket struct {
	ino uint64
	net string // its process's network namespace: "net:[4026531840]"
}

// on says which descriptor a system call works on, nil where it is none.
// Sockets are noted, for their connections are looked up together later.
func (l *look) on(r *reader, pid int, c call, sockets map[int]socket) *evidence.Descriptor {
	if c.running || c.nr < 0 {
		return nil
	}
	var fds []int
	first := int(int32(c.args[0]))
	switch l.calls.name(c) {
	case "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2", "pwritev2",
		"sendto", "recvfrom", "sendmsg", "recvmsg", "sendmmsg", "recvmmsg", "send", "recv", "connect", "accept", "accept4",
		"fsync", "fdatasync", "flock", "fcntl", "fcntl64", "ioctl", "ftruncate", "ftruncate64", "fallocate", "sync_file_range",
		"sendfile", "sendfile64", "splice", "getdents", "getdents64", "close", "fstat", "newfstat", "shutdown":
		fds = []int{first}
	case "select", "_newselect", "pselect6", "pselect6_time64":
		fds = selected(r, pid, c)
	case "poll", "ppoll", "ppoll_time64":
		fds = polled(r, pid, c)
	case "epoll_wait", "epoll_pwait", "epoll_pwait2":
		if b, err := r.read(pid, 0, entry("fdinfo", first)); err == nil {
			info, _ := parseFdinfo(b)
			fds = info.polls
		}
	}
	var best *evidence.Descriptor
	for _, fd := range fds {
		d := r.descriptor(pid, fd, sockets)
		if d == nil {
			continue
		}
		// Of many, a socket says most: the others are wake-up pipes and timers.
		if best == nil || best.Kind != "socket" && d.Kind == "socket" {
			best = d
		}
	}
	return best
}

// descriptor names what a descriptor leads to, nil where it is closed.
func (r *reader) descriptor(pid, fd int, sockets map[int]socket) *evidence.Descriptor {
	text, err := r.link(pid, entry("fd", fd))
	if err != nil {
		return nil
	}
	d := &evidence.Descriptor{FD: fd, Path: text, Kind: "other"}
	ino, isSocket := socketInode(text)
	switch {
	case isSocket:
		d.Kind = "socket"
		ns, _ := r.link(pid, "ns/net")
		sockets[fd] = socket{ino, ns}
	case strings.HasPrefix(text, "pipe:["):
		d.Kind = "pipe"
	case strings.HasPrefix(text, "/dev/pts/"), strings.HasPrefix(text, "/dev/tty"), text == "/dev/console":
		d.Kind = "tty"
	case strings.HasPrefix(text, "/dev/"):
	case strings.HasPrefix(text, "/"):
		d.Kind = "file"
	}
	return d
}

// mostWatched bounds how many descriptors of one select or poll are looked at.
const mostWatched = 64

// selected reads the sets of a blocked select: which descriptors it wants to
// read from or write to. The bits lie as on a little-endian machine, which both
// architectures are.
func selected(r *reader, pid int, c call) (fds []int) {
	n := min(int(c.args[0]), 1024)
	if n <= 0 {
		return nil
	}
	for _, at := range c.args[1:3] {
		set := make([]byte, (n+63)/64*8) // whole words, as the kernel takes them
		if at == 0 || r.memory(pid, at, set) != nil {
			continue
		}
		for fd := range n {
			if set[fd/8]>>(fd%8)&1 != 0 && len(fds) < mostWatched {
				fds = append(fds, fd)
			}
		}
	}
	return fds
}

// polled reads the array of a blocked poll: struct pollfd is an int and two shorts.
func polled(r *reader, pid int, c call) (fds []int) {
	n := min(int(c.args[1]), mostWatched)
	if n <= 0 || c.args[0] == 0 {
		return nil
	}
	b := make([]byte, 8*n)
	if r.memory(pid, c.args[0], b) != nil {
		return nil
	}
	for ; len(b) >= 8; b = b[8:] {
		if fd := int(int32(binary.NativeEndian.Uint32(b))); fd >= 0 {
			fds = append(fds, fd)
		}
	}
	return fds
}
