package rescue

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A call is a system call that a thread sleeps in (proc_pid_syscall(5)).
type call struct {
	nr     int
	args   [3]uint64 // the first three
	sp, pc uint64
}

var errNoCall = errors.New("it is not in a system call")

// parseCall reads "73 0x9 0x2 0x0 0x0 0x0 0x0 0x7ffe0 0x7fbf2". A thread that runs
// ("running"), or is blocked elsewhere ("-1 …"), is in no call.
func parseCall(line string) (c call, err error) {
	f := strings.Fields(line)
	if len(f) != 9 {
		return c, errNoCall
	}
	if c.nr, err = strconv.Atoi(f[0]); err != nil || c.nr < 0 {
		return call{}, errNoCall
	}
	var v [8]uint64
	for i, word := range f[1:] {
		hex, ok := strings.CutPrefix(word, "0x")
		if v[i], err = strconv.ParseUint(hex, 16, 64); err != nil || !ok {
			return call{}, fmt.Errorf("system call %.120q: %w", line, errNoCall)
		}
	}
	copy(c.args[:], v[:3])
	c.sp, c.pc = v[6], v[7]
	return c, nil
}

// compat: 32-bit code on a 64-bit kernel has its stack below 4 GiB.
func (c call) compat() bool { return c.sp < 1<<32 }

// fd is what it is about; descriptors are int, the upper half is noise.
func (c call) fd() int { return int(int32(c.args[0])) }

// waitsForLock says that it is one of the calls that wait for a file lock.
func (c call) waitsForLock() bool {
	flock, fcntl := unix.SYS_FLOCK, []int{unix.SYS_FCNTL}
	if c.compat() {
		if runtime.GOARCH != "amd64" {
			return false
		}
		flock, fcntl = 143, []int{55, 221} // arch/x86/entry/syscalls/syscall_32.tbl
	}
	op := int32(c.args[1])
	if c.nr == flock {
		how := op &^ 32 // LOCK_MAND, which old kernels take
		return how == unix.LOCK_SH || how == unix.LOCK_EX
	}
	for _, nr := range fcntl {
		if c.nr == nr {
			return op == unix.F_SETLKW || op == unix.F_OFD_SETLKW || c.compat() && op == 14 // F_SETLKW64
		}
	}
	return false
}

// Registers are what PTRACE_GETREGSET NT_PRSTATUS gives; its size tells the machine.
const (
	amd64Size = 27 * 8 // struct user_regs_struct
	i386Size  = 17 * 4 // struct user_regs_struct of i386
	arm64Size = 34 * 8 // struct user_pt_regs: x0–x30 sp pc pstate
)

// restartSys is what a lock call that was broken off has for the moment as its
// result: the kernel is about to make the call again (include/linux/errno.h).
const restartSys = -512

var errElsewhere = errors.New("it was no longer in that lock call when it was stopped: nothing was done to it")

// cancel changes the registers of a thread that was stopped within c, so that the
// call returns EAGAIN and is not made again. Anything else than exactly that state
// is an error, and the registers stay: the lock may have been granted.
func cancel(set []byte, c call) error {
	eagain := -int64(unix.EAGAIN)
	long := func(i int) uint64 { return binary.LittleEndian.Uint64(set[i*8:]) }
	short := func(i int) uint32 { return binary.LittleEndian.Uint32(set[i*4:]) }
	switch len(set) {
	case amd64Size:
		const rax, rsi, rdi, origRAX, rip, rsp = 10, 13, 14, 15, 16, 19
		if int64(long(rax)) != restartSys || int64(long(origRAX)) != int64(c.nr) || long(rdi) != c.args[0] || long(rsi) != c.args[1] ||
			long(rip) != c.pc || long(rsp) != c.sp {
			return errElsewhere
		}
		binary.LittleEndian.PutUint64(set[rax*8:], uint64(eagain))
		binary.LittleEndian.PutUint64(set[origRAX*8:], math.MaxUint64) // -1: in no call
	case i386Size:
		const ebx, ecx, eax, origEAX, eip, esp = 0, 1, 6, 11, 12, 15
		if int32(short(eax)) != restartSys || int32(short(origEAX)) != int32(c.nr) || short(ebx) != uint32(c.args[0]) || short(ecx) != uint32(c.args[1]) ||
			short(eip) != uint32(c.pc) || short(esp) != uint32(c.sp) {
			return errElsewhere
		}
		binary.LittleEndian.PutUint32(set[eax*4:], uint32(int32(eagain)))
		binary.LittleEndian.PutUint32(set[origEAX*4:], math.MaxUint32)
	case arm64Size:
		// Here the kernel has already gone back to the svc instruction, with the
		// first argument in x0 again (arch/arm64/kernel/signal.c): step over it. A
		// lock that was granted shows in a pc after it.
		const x0, x1, x8, sp, pc, instruction = 0, 1, 8, 31, 32, 4
		if long(pc) != c.pc-instruction || long(sp) != c.sp || int64(long(x8)) != int64(c.nr) || long(x0) != c.args[0] || long(x1) != c.args[1] {
			return errElsewhere
		}
		binary.LittleEndian.PutUint64(set[pc*8:], c.pc)
		binary.LittleEndian.PutUint64(set[x0*8:], uint64(eagain))
	default:
		return fmt.Errorf("its registers (%d bytes) are of a machine that cyrlock does not know", len(set))
	}
	return nil
}
