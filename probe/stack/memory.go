package stack

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	maxStack   = 512 << 10 // bytes of one stack
	firstChunk = 32 << 10  // most stacks end within it
	redZone    = 128       // below the stack pointer, still used by amd64 leaf functions
)

var errStackLimit = errors.New("stack is deeper than the limit of 512 KB")

// A source is where a process's memory is read from: a live process or a recording.
type source interface {
	// read fills b from addr or fails.
	read(b []byte, addr uint64) error
	// open opens the very file of a mapping, whatever has happened to its path.
	open(m Mapping) (file, error)
	// here opens a file of debug information by its path on this machine, separate as
	// the process sees it.
	here(path string) (file, error)
	separate(path string) (file, error)
}

// memory is what one thread's stack is unwound from: a copy of its stack, the
// text of its modules, and for the rest the source.
type memory struct {
	from   source
	code   func(addr uint64, n int) []byte // text from the file: no system call
	refuse func(addr uint64) error         // why this address is not read: its page may never come
	lo     uint64                          // address of stack[0]
	stack  []byte
	hi     uint64 // no copy goes further
	whole  bool   // the stack ends at hi; else it is the limit
}

// stackSpan says which addresses of the stack may be copied.
func stackSpan(maps []Mapping, sp uint64) (lo, hi uint64, whole bool) {
	lo = sp - redZone
	m := findMapping(maps, sp)
	if sp < redZone || m == nil {
		return sp, sp, true
	}
	lo = max(lo, m.Lo)
	if m.Hi-lo > maxStack {
		return lo, lo + maxStack, false
	}
	return lo, m.Hi, true
}

// follow makes the memory that copies the stack as far as it is read.
func follow(from source, maps []Mapping, sp uint64, buf []byte) *memory {
	lo, hi, whole := stackSpan(maps, sp)
	return &memory{from: from, lo: lo, hi: hi, whole: whole, stack: buf[:0]}
}

// read fills b or fails; a part is never enough.
func (m *memory) read(b []byte, addr uint64) error {
	end := addr + uint64(len(b))
	if end < addr {
		return fmt.Errorf("no memory at %#x", addr)
	}
	if addr >= m.lo && addr < m.hi {
		if end > m.hi {
			return m.beyond(addr)
		}
		if err := m.reach(end); err != nil {
			return err
		}
		copy(b, m.stack[addr-m.lo:])
		return nil
	}
	if !m.whole && addr >= m.hi && addr < m.hi+maxStack {
		return errStackLimit
	}
	if m.refuse != nil {
		if err := m.refuse(addr); err != nil {
			return err
		}
	}
	if m.code != nil {
		if text := m.code(addr, len(b)); text != nil {
			copy(b, text)
			return nil
		}
	}
	return m.from.read(b, addr)
}

func (m *memory) beyond(addr uint64) error {
	if !m.whole {
		return errStackLimit
	}
	return fmt.Errorf("no stack at %#x", addr)
}

// reach copies more of the stack: it grows geometrically up to end.
func (m *memory) reach(end uint64) error {
	have := m.lo + uint64(len(m.stack))
	if end <= have {
		return nil
	}
	want := min(max(end-m.lo, uint64(2*len(m.stack)), firstChunk), m.hi-m.lo)
	grown := m.stack
	if uint64(cap(grown)) < want {
		grown = make([]byte, len(m.stack), want)
		copy(grown, m.stack)
	}
	grown = grown[:want]
	if err := m.from.read(grown[len(m.stack):], have); err != nil {
		return err
	}
	m.stack = grown
	return nil
}

// word reads a number of 4 or 8 bytes.
func (m *memory) word(addr uint64, size int) (uint64, error) {
	var b [8]byte
	if err := m.read(b[:size], addr); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}

const readv = "process_vm_readv(2)"

// readProcess is process_vm_readv(2) of one span. It disturbs nothing in the
// other process. tid may be any live thread of it. It may block, on the other's
// memory map or on a page that must come from elsewhere, and Go's scheduler knows.
func readProcess(tid int, b []byte, addr uint64) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	local := []unix.Iovec{{Base: &b[0]}}
	local[0].SetLen(len(b))
	return unix.ProcessVMReadv(tid, local, []unix.RemoteIovec{{Base: uintptr(addr), Len: len(b)}}, 0)
}

// readStopped is readProcess between a stop and its release: there the scheduler
// must not come in between.
func readStopped(tid int, b []byte, addr uint64) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	local := unix.Iovec{Base: &b[0]}
	local.SetLen(len(b))
	remote := struct{ base, n uintptr }{uintptr(addr), uintptr(len(b))}
	n, _, e := unix.RawSyscall6(unix.SYS_PROCESS_VM_READV, uintptr(tid), uintptr(unsafe.Pointer(&local)), 1,
		uintptr(unsafe.Pointer(&remote)), 1, 0)
	if e != 0 {
		return 0, e
	}
	return int(n), nil
}
