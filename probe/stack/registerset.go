package stack

import (
	"encoding/binary"
	"fmt"
)

// decodeRegisters reads the general registers as ptrace(2) and core files lay
// them out (NT_PRSTATUS): the size tells the machine.
func decodeRegisters(set []byte) (*machine, registers, error) {
	var r registers
	long := func(i int) uint64 { return binary.LittleEndian.Uint64(set[i*8:]) }
	short := func(i int) uint64 { return uint64(binary.LittleEndian.Uint32(set[i*4:])) }
	switch len(set) {
	case 27 * 8: // struct user_regs_struct: r15 r14 r13 r12 rbp rbx r11 … rdi orig_rax rip cs eflags rsp
		for i, reg := range []int{15, 14, 13, 12, 6, 3, 11, 10, 9, 8, 0, 2, 1, 4, 5} {
			r.set(reg, long(i))
		}
		r.set(16, long(16))
		r.set(7, long(19))
		return amd64(), r, nil
	case 17 * 4: // ebx ecx edx esi edi ebp eax ds es fs gs orig_eax eip cs eflags esp
		for i, reg := range []int{3, 1, 2, 6, 7, 5, 0} {
			r.set(reg, short(i))
		}
		r.set(8, short(12))
		r.set(4, short(15))
		return i386(), r, nil
	case 34 * 8: // struct user_pt_regs: x0–x30 sp pc pstate
		for i := range 33 {
			r.set(i, long(i))
		}
		return arm64(), r, nil
	}
	return nil, r, fmt.Errorf("a register set of %d bytes is not known", len(set))
}
