package stack

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A callLine is one /proc/PID/task/TID/syscall (proc(5)): what a blocked
// thread called, with its stack pointer and program counter.
type callLine struct {
	blocked bool // in a system call; else in the kernel for another reason, a page fault say
	args    [6]uint64
	sp, pc  uint64
}

var errRunning = errors.New("running")

// parseCallLine reads "73 0x16 0x2 … SP PC" or "-1 SP PC". The word "running"
// is [errRunning].
func parseCallLine(line string) (callLine, error) {
	var c callLine
	f := strings.Fields(line)
	if len(f) == 1 && f[0] == "running" {
		return c, errRunning
	}
	if len(f) != 9 && len(f) != 3 {
		return c, fmt.Errorf("syscall: bad line %.120q", line)
	}
	if _, err := strconv.ParseInt(f[0], 10, 64); err != nil {
		return c, fmt.Errorf("syscall: bad number in %.120q", line)
	}
	var v [8]uint64
	for i, word := range f[1:] {
		hex, ok := strings.CutPrefix(word, "0x")
		n, err := strconv.ParseUint(hex, 16, 64)
		if !ok || err != nil {
			return c, fmt.Errorf("syscall: bad address in %.120q", line)
		}
		v[i] = n
	}
	if len(f) == 9 {
		c.blocked = true
		copy(c.args[:], v[:6])
		c.sp, c.pc = v[6], v[7]
	} else {
		c.sp, c.pc = v[0], v[1]
	}
	return c, nil
}

// registers are those that the line gives away. The arguments stay in their
// registers for the length of the call.
func (c callLine) registers(m *machine) registers {
	var r registers
	r.set(m.sp, c.sp)
	r.set(m.pc, c.pc)
	if !c.blocked {
		return r
	}
	var order [6]int
	switch {
	case m.word == 4:
		order = [6]int{3, 1, 2, 6, 7, 5} // ebx ecx edx esi edi ebp: every callee-saved register
	case m.x86():
		order = [6]int{5, 4, 1, 10, 8, 9} // rdi rsi rdx r10 r8 r9
	default:
		order = [6]int{0, 1, 2, 3, 4, 5}
	}
	for i, reg := range order {
		r.set(reg, c.args[i])
	}
	return r
}
