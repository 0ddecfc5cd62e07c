package rescue

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
)

// A filed is a descriptor of another thread and the file that it stands for. The
// file is known by what /proc says of it; nothing of the mail store is touched.
type filed struct {
	tid  int
	info *os.File // its fdinfo: each reading finds anew what the descriptor stands for
	link [64]byte // path of its link, ended by 0
	is   identity
}

// An identity tells one open file from another.
type identity struct {
	ino, mount uint64
	link       [256]byte // where the kernel tells no inode in fdinfo (before 5.14): the beginning of the path
}

const cwd = ^uintptr(99) // AT_FDCWD, which paths that begin with a slash need not

// descriptor finds what a descriptor stands for now. The caller closes it.
func descriptor(tid, fd int) (*filed, error) {
	info, err := os.Open(fmt.Sprintf("/proc/%d/fdinfo/%d", tid, fd))
	if err != nil {
		return nil, fmt.Errorf("descriptor %d: %w", fd, err)
	}
	f := &filed{tid: tid, info: info}
	copy(f.link[:], fmt.Sprintf("/proc/%d/fd/%d\x00", tid, fd))
	var ok bool
	if f.is, ok = f.identify(); !ok {
		f.close()
		return nil, fmt.Errorf("descriptor %d of %d cannot be read: run as root", fd, tid)
	}
	return f, nil
}

func (f *filed) close() { f.info.Close() }

// on says whether it stands for a file of a look: by device and inode, and on a
// kernel that does not tell the inode by its path.
func (f *filed) on(file evidence.File) bool {
	if f.is.ino == 0 {
		to, err := os.Readlink(strings.TrimRight(string(f.link[:]), "\x00"))
		return err == nil && strings.TrimSuffix(to, " (deleted)") == file.Path
	}
	return f.is.ino == file.Ino && device(f.tid, f.is.mount) == file.Dev
}

// unmoved says that it still stands for the same file. It is asked while its thread
// is stopped, so there are raw system calls only.
func (f *filed) unmoved() bool {
	is, ok := f.identify()
	return ok && is == f.is
}

// identify reads fdinfo ("ino:" and "mnt_id:", proc_pid_fdinfo(5)), else the link.
func (f *filed) identify() (is identity, ok bool) {
	var buf [256]byte // what follows are its locks, one line each
	n, _, e := unix.RawSyscall6(unix.SYS_PREAD64, f.info.Fd(), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)), 0, 0, 0)
	if e != 0 || n == 0 {
		return is, false
	}
	is.mount = field(buf[:n], "mnt_id:")
	if is.ino = field(buf[:n], "ino:"); is.ino != 0 {
		return is, true
	}
	_, _, e = unix.RawSyscall6(unix.SYS_READLINKAT, cwd, uintptr(unsafe.Pointer(&f.link[0])), uintptr(unsafe.Pointer(&is.link[0])), uintptr(len(is.link)), 0, 0)
	return is, e == 0
}

// field is the number after a name at the beginning of a line; 0: it is not there.
func field(text []byte, name string) (v uint64) {
	for len(text) > 0 {
		line := text
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			line, text = text[:i], text[i+1:]
		} else {
			text = nil
		}
		if len(line) < len(name) || string(line[:len(name)]) != name {
			continue
		}
		for _, c := range line[len(name):] {
			if c >= '0' && c <= '9' {
				v = v*10 + uint64(c-'0')
			}
		}
		return v
	}
	return 0
}

// device is that of a mount, as "major:minor" in hex (proc_pid_mountinfo(5)).
func device(tid int, mount uint64) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", tid))
	if err != nil {
		return ""
	}
	id := strconv.FormatUint(mount, 10)
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 3 || f[0] != id {
			continue
		}
		major, minor, _ := strings.Cut(f[2], ":")
		a, errA := strconv.ParseUint(major, 10, 32)
		b, errB := strconv.ParseUint(minor, 10, 32)
		if errA == nil && errB == nil {
			return fmt.Sprintf("%02x:%02x", a, b)
		}
	}
	return ""
}
