package probe

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"cyrlock/probe/tally"
)

// A hit is a descriptor that leads to a file of interest.
type hit struct {
	pid, fd int
	opened
}

// A wanted says which descriptors are of interest. The name is a sieve that
// costs nothing; (device, inode) decides.
type wanted struct {
	names map[string]bool // last parts of paths
	all   bool            // every file, under whatever name
	// inodes finds files under other names, hard links. It costs a question to
	// the filesystem for every open file, so it is for those that have such links.
	inodes map[inode]bool
}

// scan lists the descriptors of a process that are wanted. One that is closed
// while it is looked at is left out.
func (l *look) scan(r *reader, pid int, want wanted) ([]hit, error) {
	fds, err := r.candidates(l, pid, want)
	if err != nil {
		return nil, err
	}
	var hits []hit
	for _, fd := range fds {
		file, err := l.descriptor(r, pid, fd)
		switch {
		case vanished(err):
		case err != nil:
			return hits, err
		case file.known:
			hits = append(hits, hit{pid, fd, file})
		}
	}
	return hits, nil
}

// candidates reads the text of every link in /proc/PID/fd and keeps the
// descriptors whose text fits. It allocates nothing for those that do not: there
// may be hundreds of thousands.
func (r *reader) candidates(l *look, pid int, want wanted) (fds []int, err error) {
	if len(r.buf) < 2*unix.PathMax {
		r.buf = make([]byte, 2*unix.PathMax)
	}
	var others []int
	links, read, refused := r.sheet.Count(tally.Link, []byte("/proc/PID/fd/*"), 0), 0, 0
	defer func() { links.Add(read, refused) }()
	err = r.numbers(pid, "fd", func(dirfd uintptr, name *byte, fd int) {
		// Reading this link never sleeps (fs/proc/base.c proc_pid_readlink: it takes
		// the path from memory), so the Go scheduler need not hear of it: a quarter
		// of the time. Not even the sheet is told every time.
		n, _, e := unix.RawSyscall6(unix.SYS_READLINKAT, dirfd, uintptr(unsafe.Pointer(name)),
			uintptr(unsafe.Pointer(&r.buf[0])), uintptr(len(r.buf)), 0, 0)
		if read++; e != 0 {
			refused++
		}
		if read == 1024 {
			links.Add(read, refused)
			read, refused = 0, 0
		}
		if e != 0 || n == 0 || r.buf[0] != '/' {
			return
		}
		switch text := r.buf[:n]; {
		case want.all, want.names[string(base(text))]:
			fds = append(fds, fd)
		case want.inodes != nil:
			others = append(others, fd)
		}
	})
	for _, fd := range others {
		if l.same(r, pid, fd, want.inodes) {
			fds = append(fds, fd)
		}
	}
	return fds, err
}

// same says whether a descriptor leads to one of the inodes. On a filesystem
// that may not answer only fdinfo is asked, which knows without it.
func (l *look) same(r *reader, pid, fd int, inodes map[inode]bool) bool {
	b, err := r.read(pid, 0, entry("fdinfo", fd))
	if err != nil {
		return false
	}
	info, err := parseFdinfo(b)
	if err != nil {
		return false
	}
	o := opened{info: info}
	return l.identify(r, pid, fd, &o) == nil && inodes[o.inode]
}
