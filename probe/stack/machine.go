package stack

import "debug/elf"

// registerCount is enough for every machine here, in DWARF numbering: amd64
// has 0–16 (16 is the return address), i386 0–8, arm64 0–30, 31 for sp and 32
// for the pc.
const registerCount = 34

// A machine is what unwinding must know of an instruction set.
type machine struct {
	elf         elf.Machine
	word        int // bytes of a pointer
	pc, sp, fp  int // register numbers; pc is where a CIE puts the return address, but for arm64
	link        int // register that holds a return address; -1: it is on the stack
	calleeSaved uint64
}

// The sets of callee-saved registers are those of the System V ABIs: amd64
// rbx, rbp, r12–r15; i386 ebx, ebp, esi, edi; arm64 x19–x29. The stack pointer
// is counted among them.
func amd64() *machine {
	return &machine{elf.EM_X86_64, 8, 16, 7, 6, -1, 1<<3 | 1<<6 | 1<<7 | 0xf<<12}
}

func i386() *machine {
	return &machine{elf.EM_386, 4, 8, 4, 5, -1, 1<<3 | 1<<4 | 1<<5 | 1<<6 | 1<<7}
}

func arm64() *machine {
	return &machine{elf.EM_AARCH64, 8, 32, 31, 29, 30, 0x7ff<<19 | 1<<31}
}

// machineOf returns nil for a machine that this package does not know.
func machineOf(m elf.Machine) *machine {
	switch m {
	case elf.EM_X86_64:
		return amd64()
	case elf.EM_386:
		return i386()
	case elf.EM_AARCH64:
		return arm64()
	}
	return nil
}

func (m *machine) x86() bool { return m.elf != elf.EM_AARCH64 }

// registers are the values of one frame; those that are not known are as
// important as those that are.
type registers struct {
	value [registerCount]uint64
	known uint64 // one bit each
}

func (r *registers) get(i int) (uint64, bool) {
	if i < 0 || i >= registerCount {
		return 0, false
	}
	return r.value[i], r.known>>uint(i)&1 == 1
}

func (r *registers) set(i int, v uint64) {
	if i >= 0 && i < registerCount {
		r.value[i] = v
		r.known |= 1 << uint(i)
	}
}

func (r *registers) forget(i int) { r.known &^= 1 << uint(i) }
