package route

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"cyrlock/probe/limit"
)

// A listener is a process that has the log socket open.
type listener struct {
	pid  int
	name string // as the kernel has it, 15 bytes at most
	args []string
}

// socketOf is the path of the log socket as the master of Cyrus would open it.
func socketOf(req Request) string {
	name := req.Socket
	if name == "" {
		name = "/dev/log"
	}
	if req.Master == 0 || req.Socket != "" {
		return name
	}
	root := "/proc/" + strconv.Itoa(req.Master) + "/root"
	ours, err := os.Readlink("/proc/self/ns/mnt")
	theirs, err2 := os.Readlink("/proc/" + strconv.Itoa(req.Master) + "/ns/mnt")
	if err != nil || err2 != nil || ours == theirs {
		return name
	}
	if to, err := os.Readlink(root + name); err == nil { // a link would lead out of its root
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(name), to)
		}
		name = to
	}
	return root + name
}

// dial tells whether somebody listens; nothing is sent.
func dial(ctx context.Context, name string) error {
	_, err := limit.Do(ctx, readLimit, func() (struct{}, error) {
		conn, err := net.DialTimeout("unixgram", name, time.Second)
		if err == nil {
			conn.Close()
		}
		return struct{}{}, err
	})
	return err
}

// listeners are the processes that have the socket of that name open.
func listeners(ctx context.Context, name string) ([]listener, error) {
	inodes, err := socketInodes(name)
	if err != nil || len(inodes) == 0 {
		return nil, err
	}
	found, err := limit.Do(ctx, 2*readLimit, func() (found []listener, err error) {
		dirs, err := filepath.Glob("/proc/[0-9]*")
		for _, dir := range dirs {
			fds, err := os.ReadDir(dir + "/fd")
			if err != nil {
				continue // it has ended, or is not ours to read
			}
			for _, fd := range fds {
				to, err := os.Readlink(dir + "/fd/" + fd.Name())
				if err == nil && slices.Contains(inodes, to) {
					found = append(found, listener{pid: number(filepath.Base(dir))})
					break
				}
			}
		}
		return found, err
	})
	for i := range found {
		proc := fmt.Sprintf("/proc/%d/", found[i].pid)
		name, _ := readFile(ctx, proc+"comm")
		found[i].name = strings.TrimSpace(string(name))
		args, _ := readFile(ctx, proc+"cmdline") // the memory of another process: it may not answer
		found[i].args = strings.Split(strings.TrimSuffix(string(args), "\x00"), "\x00")
	}
	return found, err
}

func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// socketInodes are the sockets bound to that file, as fd links name them. By the file's
// inode (sock_diag(7)), since the name is as the one that bound it saw it; where that
// gives nothing, by name.
func socketInodes(name string) (links []string, err error) {
	var st unix.Stat_t
	if err := unix.Stat(name, &st); err != nil {
		return nil, &os.PathError{Op: "stat", Path: name, Err: err}
	}
	if links, err = diagnosed(st.Dev, st.Ino); err == nil && len(links) > 0 {
		return links, nil
	}
	if to, err := filepath.EvalSymlinks(name); err == nil {
		name = to
	}
	data, err := os.ReadFile("/proc/net/unix")
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) == 8 && f[7] == name {
			links = append(links, "socket:["+f[6]+"]")
		}
	}
	return links, err
}

// diagnosed asks the kernel for the unix sockets that are bound to a file.
func diagnosed(dev, ino uint64) (links []string, err error) {
	const (
		byFamily = 20 // SOCK_DIAG_BY_FAMILY
		showVFS  = 2  // UDIAG_SHOW_VFS
		vfs      = 1  // UNIX_DIAG_VFS: inode and device, 32 bits each
	)
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 1})
	ask := make([]byte, 40)
	e := binary.NativeEndian
	e.PutUint32(ask[0:], 40)
	e.PutUint16(ask[4:], byFamily)
	e.PutUint16(ask[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	ask[16] = unix.AF_UNIX
	e.PutUint32(ask[20:], 0xffffffff) // any state
	e.PutUint32(ask[28:], showVFS)
	if err := unix.Sendto(fd, ask, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, err
	}
	// sb->s_dev: 12 bits of major, 20 of minor.
	want := unix.Major(dev)<<20 | unix.Minor(dev)
	buf := make([]byte, 64<<10)
	for {
		n, _, err := unix.Recvfrom(fd, buf, 0)
		if err != nil {
			return links, err
		}
		for m := buf[:n]; len(m) >= 16; {
			size, kind := int(e.Uint32(m)), e.Uint16(m[4:])
			if kind == unix.NLMSG_DONE || kind == unix.NLMSG_ERROR || size < 16 || size > len(m) {
				return links, nil
			}
			if size >= 32 {
				for a := m[32:size]; len(a) >= 4; {
					l := int(e.Uint16(a))
					if l < 4 || l > len(a) {
						break
					}
					if e.Uint16(a[2:]) == vfs && l >= 12 && e.Uint32(a[4:]) == uint32(ino) && e.Uint32(a[8:]) == want {
						links = append(links, fmt.Sprintf("socket:[%d]", e.Uint32(m[20:])))
					}
					a = a[min((l+3)&^3, len(a)):]
				}
			}
			m = m[min((size+3)&^3, len(m)):]
		}
	}
}
