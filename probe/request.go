package probe

import (
	"encoding/binary"

	"cyrlock/evidence"
)

// A request is the lock that a blocked thread asks for.
type request struct {
	fd         int
	kind, mode string
	start, end uint64
	// A fcntl request is in the thread's memory, at this address, until read.
	at     uint64
	layout layout
}

// A layout is how a struct flock lies in memory: offsets of l_start and l_len
// after the two 16-bit words l_type and l_whence (fcntl.h of each ABI).
type layout struct{ start, length, size, width int }

var (
	flock64   = layout{8, 16, 24, 8} // 64-bit programs; flock64 of arm EABI
	flock64on = layout{4, 12, 20, 8} // flock64 of i386: 64-bit numbers on 4-byte borders
	flock32   = layout{4, 8, 12, 4}
)

// Commands of fcntl(2) that wait.
const (
	setlkw    = 7
	setlkw64  = 14 // 32-bit ABIs only
	ofdSetlkw = 38
)

// lock says which lock a thread waits for, if that is what its call does.
func (k calls) lock(c call) (request, bool) {
	name, fd := k.name(c), int(int32(c.args[0])) // descriptors are int: the upper half is noise
	switch name {
	case "flock":
		switch op := c.args[1]; op &^ 32 { // 32: LOCK_MAND, which old kernels take
		case 1:
			return request{fd: fd, kind: evidence.Flock, mode: evidence.Read}, true
		case 2:
			return request{fd: fd, kind: evidence.Flock, mode: evidence.Write}, true
		}
		return request{}, false
	case "fcntl", "fcntl64":
	default:
		return request{}, false
	}
	r := request{fd: fd, kind: evidence.Posix, at: c.args[2], layout: flock64}
	wide := layout(flock64)
	if c.compat() && k.arch == "amd64" {
		wide = flock64on
	}
	switch cmd := int32(c.args[1]); {
	case cmd == setlkw && c.compat():
		r.layout = flock32
	case cmd == setlkw:
	case cmd == setlkw64 && c.compat():
		r.layout = wide
	case cmd == ofdSetlkw:
		r.kind, r.layout = evidence.OFD, wide
	default:
		return request{}, false
	}
	return r, true
}

// fill takes mode and range from the struct flock that was at [request.at]; pos
// is the descriptor's offset, for ranges relative to it. It reports false, and
// leaves the request alone, where the bytes make no sense or the range hangs on
// the file's size.
func (r *request) fill(b []byte, pos uint64) bool {
	if r.layout.size == 0 || len(b) < r.layout.size {
		return false
	}
	kind, whence := binary.NativeEndian.Uint16(b), binary.NativeEndian.Uint16(b[2:])
	number := func(at int) int64 {
		if r.layout.width == 4 {
			return int64(int32(binary.NativeEndian.Uint32(b[at:])))
		}
		return int64(binary.NativeEndian.Uint64(b[at:]))
	}
	start, length := number(r.layout.start), number(r.layout.length)
	switch whence {
	case 0: // SEEK_SET
	case 1: // SEEK_CUR
		start += int64(pos)
	default:
		return false
	}
	end := start + length - 1
	if length < 0 { // the bytes before start (fcntl(2))
		start, end = start+length, start-1
	}
	if start < 0 || length != 0 && end < start {
		return false
	}
	switch kind {
	case 0:
		r.mode = evidence.Read
	case 1:
		r.mode = evidence.Write
	default:
		return false
	}
	r.start, r.end = uint64(start), uint64(end)
	if length == 0 {
		r.end = 0
	}
	return true
}
