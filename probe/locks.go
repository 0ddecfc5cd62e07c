package probe

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"cyrlock/evidence"
)

// errFormat means that the kernel said something this program does not understand.
var errFormat = errors.New("unexpected format")

// An inode is a file's identity as /proc/locks prints it: the device of the
// filesystem, which on btrfs and overlayfs is not the st_dev that stat(2) shows.
type inode struct {
	major, minor uint32
	ino          uint64
}

func (i inode) dev() string { return fmt.Sprintf("%02x:%02x", i.major, i.minor) }

// A lockKey names what evidence calls a File: fcntl locks (POSIX and OFD) and
// flock locks of the same inode do not see each other (flock(2)).
type lockKey struct {
	inode
	flock bool
}

// A lockLine is one line of /proc/locks, or one "lock:" line of an fdinfo.
type lockLine struct {
	inode
	kind       string // evidence.Flock, Posix or OFD
	mode       string // evidence.Read or Write
	pid        int    // of the process, not the thread; -1: OFD; 0: another PID namespace
	start, end uint64 // end 0: to the end of the file
	depth      int    // 0: held; n: n-th level of waiting
}

func (l lockLine) key() lockKey { return lockKey{l.inode, l.kind == evidence.Flock} }

// parseLocks reads all of /proc/locks (proc_locks(5); fs/locks.c lock_get_status).
// Leases and delegations are left out. Good lines survive bad ones.
func parseLocks(b []byte) (lines []lockLine, err error) {
	for text := range bytes.Lines(b) {
		text = bytes.TrimSuffix(text, []byte("\n"))
		l, lineErr := parseLock(text)
		switch {
		case errors.Is(lineErr, errNotLock):
		case lineErr != nil:
			err = lineErr // one is enough to tell: a bad table has thousands
		default:
			lines = append(lines, l)
		}
	}
	return lines, err
}

// errNotLock marks a lease or a delegation: no process waits for those in a lock call.
var errNotLock = errors.New("not a file lock")

// parseLock reads "3:  -> FLOCK  ADVISORY  WRITE 19480 fe:00:10004589 0 EOF".
func parseLock(text []byte) (l lockLine, err error) {
	bad := func() (lockLine, error) {
		return lockLine{}, fmt.Errorf("lock %q: %w", text[:min(len(text), 120)], errFormat)
	}
	_, rest, ok := bytes.Cut(text, []byte(": "))
	if !ok {
		return bad()
	}
	// The arrow is indented by one space less than the depth.
	if arrow := len(rest) - len(bytes.TrimLeft(rest, " ")); bytes.HasPrefix(rest[arrow:], []byte("->")) {
		l.depth, rest = arrow+1, rest[arrow+2:]
	}
	var f [7][]byte // kind, advisory, mode, pid, dev:ino, start, end
	for i := range f {
		f[i], rest = word(rest)
	}
	switch string(f[0]) {
	case "FLOCK":
		l.kind = evidence.Flock
	case "POSIX", "ACCESS": // ACCESS: mandatory locks, before kernel 5.15
		l.kind = evidence.Posix
	case "OFDLCK":
		l.kind = evidence.OFD
	case "LEASE", "DELEG", "LAYOUT", "UNKNOWN":
		return lockLine{}, errNotLock
	default:
		return bad()
	}
	switch string(f[2]) {
	case "READ":
		l.mode = evidence.Read
	case "WRITE", "RW":
		l.mode = evidence.Write
	default: // "UNLCK": going away as we look
		return lockLine{}, errNotLock
	}
	var errs [4]error
	l.pid, errs[0] = strconv.Atoi(string(f[3]))
	if l.inode, ok = parseInode(string(f[4])); !ok {
		return bad()
	}
	l.start, errs[1] = strconv.ParseUint(string(f[5]), 10, 64)
	if string(f[6]) != "EOF" {
		l.end, errs[2] = strconv.ParseUint(string(f[6]), 10, 64)
	}
	if errors.Join(errs[:]...) != nil {
		return bad()
	}
	return l, nil
}

// parseInode reads "fe:00:10004589": major and minor in hex, the inode in decimal.
func parseInode(s string) (i inode, ok bool) {
	major, rest, _ := strings.Cut(s, ":")
	minor, ino, _ := strings.Cut(rest, ":")
	a, err1 := strconv.ParseUint(major, 16, 32)
	b, err2 := strconv.ParseUint(minor, 16, 32)
	n, err3 := strconv.ParseUint(ino, 10, 64)
	return inode{uint32(a), uint32(b), n}, err1 == nil && err2 == nil && err3 == nil
}

// word cuts the first word off a line.
func word(b []byte) (first, rest []byte) {
	b = bytes.TrimLeft(b, " \t")
	n := bytes.IndexAny(b, " \t")
	if n < 0 {
		return b, nil
	}
	return b[:n], b[n:]
}
