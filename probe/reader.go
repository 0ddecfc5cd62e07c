package probe

import (
	"bytes"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"cyrlock/probe/tally"
)

// A reader reads small files of one /proc into its own buffer, and counts what it
// reads. It is for one goroutine, which [crew] watches: any of its reads may take
// for ever.
type reader struct {
	root  string       // "/proc"
	sheet *tally.Sheet // nil: nobody counts
	path  []byte
	buf   []byte
	dir   []byte // for getdents64
}

func newReader(root string, sheet *tally.Sheet) *reader {
	return &reader{root: root, sheet: sheet, path: make([]byte, 0, 128), buf: make([]byte, 8<<10)}
}

// tooLong bounds what is read of one file: a process can make its title, its
// list of mounts or its descriptors as long as it likes.
const tooLong = 32 << 20

// name builds "/proc/PID/task/TID/what" with a 0 at its end; tid 0 leaves the
// task out, pid 0 both. It counts that this is about to be read.
func (r *reader) name(how string, pid, tid int, what string) ([]byte, *tally.Line) {
	p := append(r.path[:0], r.root...)
	if pid != 0 {
		p = strconv.AppendInt(append(p, '/'), int64(pid), 10)
	}
	if tid != 0 {
		p = strconv.AppendInt(append(p, "/task/"...), int64(tid), 10)
	}
	p = append(append(append(p, '/'), what...), 0)
	r.path = p
	return p, r.sheet.Count(how, p[:len(p)-1], 1)
}

func (r *reader) open(path []byte, flags int) (uintptr, error) {
	at := unix.AT_FDCWD
	for {
		fd, _, e := unix.Syscall6(unix.SYS_OPENAT, uintptr(at), uintptr(unsafe.Pointer(&path[0])), uintptr(flags|unix.O_CLOEXEC), 0, 0, 0)
		if e == 0 {
			return fd, nil
		}
		if e != unix.EINTR {
			return 0, fmt.Errorf("%s: %w", path[:len(path)-1], e)
		}
	}
}

// read returns the whole file, valid until the next read.
func (r *reader) read(pid, tid int, what string) ([]byte, error) {
	path, line := r.name(tally.Read, pid, tid, what)
	fd, err := r.open(path, unix.O_RDONLY)
	if err != nil {
		return nil, line.Check(err)
	}
	defer unix.Close(int(fd))
	n := 0
	for {
		if n == len(r.buf) {
			if n >= tooLong {
				return r.buf[:n], line.Check(fmt.Errorf("%s: longer than %d bytes", path[:len(path)-1], n))
			}
			r.buf = append(r.buf, make([]byte, len(r.buf))...)
		}
		m, err := unix.Read(int(fd), r.buf[n:])
		switch {
		case err == unix.EINTR:
		case err != nil:
			return nil, line.Check(fmt.Errorf("%s: %w", path[:len(path)-1], err))
		case m == 0:
			return r.buf[:n], nil
		default:
			n += m
			if r.short(what, n) {
				return r.buf[:n], nil
			}
		}
	}
}

// short says that n bytes are all of a file which the kernel prints in one go:
// the read that would only return 0 is a third of the cost.
func (r *reader) short(what string, n int) bool {
	switch what {
	case "stat", "syscall", "wchan", "comm", "schedstat":
		return n < 4096
	}
	return false
}

// link returns the text of a link such as "exe" or "fd/7". It does not touch
// what the link leads to.
func (r *reader) link(pid int, what string) (string, error) {
	path, line := r.name(tally.Link, pid, 0, what)
	if len(r.buf) < unix.PathMax+len(deletedMark) {
		r.buf = make([]byte, 2*unix.PathMax)
	}
	at := unix.AT_FDCWD
	n, _, e := unix.Syscall6(unix.SYS_READLINKAT, uintptr(at), uintptr(unsafe.Pointer(&path[0])),
		uintptr(unsafe.Pointer(&r.buf[0])), uintptr(len(r.buf)), 0, 0)
	if e != 0 {
		return "", line.Check(fmt.Errorf("%s: %w", path[:len(path)-1], e))
	}
	return string(r.buf[:n]), nil
}

// numbers calls visit for every entry of a directory whose name is a number:
// the processes of /proc itself, the tasks or the descriptors of one of them.
// dirfd is open only during the call.
func (r *reader) numbers(pid int, what string, visit func(dirfd uintptr, name *byte, n int)) error {
	path, line := r.name(tally.List, pid, 0, what)
	fd, err := r.open(path, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return line.Check(err)
	}
	defer unix.Close(int(fd))
	if r.dir == nil {
		r.dir = make([]byte, 32<<10)
	}
	for {
		// The kernel makes these entries up from memory and waits for nobody. Were the
		// Go scheduler told, it would take this worker's place away after 20 µs and
		// have to give it back: a seventh of the whole scan.
		n, _, e := unix.RawSyscall(unix.SYS_GETDENTS64, fd, uintptr(unsafe.Pointer(&r.dir[0])), uintptr(len(r.dir)))
		if e != 0 {
			return line.Check(fmt.Errorf("%s: %w", path[:len(path)-1], e))
		}
		if n == 0 {
			return nil
		}
		for rest := r.dir[:n]; len(rest) > direntName; {
			size := int(*(*uint16)(unsafe.Pointer(&rest[direntName-3])))
			if size <= direntName || size > len(rest) {
				return line.Check(fmt.Errorf("%s: directory entry of %d bytes: %w", path[:len(path)-1], size, errFormat))
			}
			if number, ok := digits(rest[direntName:size]); ok {
				visit(fd, &rest[direntName], number)
			}
			rest = rest[size:]
		}
	}
}

const direntName = 19 // of d_name in struct linux_dirent64; d_reclen is 3 before it

// digits reads a number that ends with a 0 byte.
func digits(b []byte) (n int, ok bool) {
	for i, c := range b {
		if c == 0 {
			return n, i > 0
		}
		if c < '0' || c > '9' || n > 1<<40 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return 0, false
}

// list returns the numbers in a directory.
func (r *reader) list(pid int, what string) ([]int, error) {
	var all []int
	err := r.numbers(pid, what, func(_ uintptr, _ *byte, n int) { all = append(all, n) })
	return all, err
}

// memory copies bytes out of a process without stopping it (process_vm_readv(2)).
// It never asks for more than one page, so that a short read cannot be cut in two.
func (r *reader) memory(pid int, at uint64, b []byte) error {
	line := r.sheet.Count(tally.Call, []byte("process_vm_readv(2)"), 1)
	local := []unix.Iovec{{Base: &b[0]}}
	local[0].SetLen(len(b))
	n, err := unix.ProcessVMReadv(pid, local, []unix.RemoteIovec{{Base: uintptr(at), Len: len(b)}}, 0)
	runtime.KeepAlive(b)
	if err != nil {
		return line.Check(fmt.Errorf("memory of %d at %#x: %w", pid, at, err))
	}
	if n != len(b) {
		return line.Check(fmt.Errorf("memory of %d at %#x: %d of %d bytes", pid, at, n, len(b)))
	}
	return nil
}

// entry is "fd/7".
func entry(dir string, n int) string { return dir + "/" + strconv.Itoa(n) }

// statx asks for the file behind a link of /proc, for what its filesystem has in
// memory and no more.
func (r *reader) statx(pid int, what string, mask int) (st unix.Statx_t, err error) {
	path, line := r.name(tally.Stat, pid, 0, what)
	if err := unix.Statx(unix.AT_FDCWD, string(path[:len(path)-1]), unix.AT_STATX_DONT_SYNC, mask, &st); err != nil {
		return st, line.Check(fmt.Errorf("%s: %w", path[:len(path)-1], err))
	}
	return st, nil
}

const deletedMark = " (deleted)"

// unmark takes the kernel's mark off a link's text.
func unmark(text string) (path string, deleted bool) { return strings.CutSuffix(text, deletedMark) }

// base is the last part of a path, as bytes of it, without the kernel's mark.
func base(path []byte) []byte {
	path = bytes.TrimSuffix(path, []byte(deletedMark))
	return path[bytes.LastIndexByte(path, '/')+1:]
}
