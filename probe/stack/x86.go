package stack

import (
	"debug/elf"
	"encoding/binary"
)

// What the machine code itself tells: whether an address follows a call, where
// that call goes, and how deep a prologue makes its frame. Only for amd64; on
// i386 the kernel shows all callee-saved registers, so nothing need be searched.

// callBefore reports whether a call instruction ends at ret, and the target of
// a direct call (0: an indirect one). See the Intel manual, CALL: E8 rel32, FF /2.
func (w *walk) callBefore(ret uint64) (target uint64, ok bool) {
	if !w.proc.executable(ret - 1) {
		return 0, false
	}
	if !w.machine.x86() {
		return w.branchBefore(ret)
	}
	var b [7]byte // those before ret
	if w.mem.read(b[:], ret-7) != nil {
		return 0, false
	}
	if b[2] == 0xe8 {
		return ret + uint64(int64(int32(binary.LittleEndian.Uint32(b[3:])))), true
	}
	// FF /2 in all lengths: its ModRM byte says how many bytes follow.
	for size := 2; size <= 7; size++ {
		at := 7 - size
		if b[at] == 0xff && indirectCallSize(b[at+1:]) == size {
			return 0, true
		}
	}
	return 0, false
}

// indirectCallSize is the length of FF /2 whose ModRM byte is b[0]; 0: no such call.
func indirectCallSize(b []byte) int {
	mode, what, base := b[0]>>6, b[0]>>3&7, b[0]&7
	if what != 2 {
		return 0
	}
	size := 2
	if mode != 3 && base == 4 { // a SIB byte follows
		size++
		if mode == 0 && len(b) > 1 && b[1]&7 == 5 {
			size += 4
		}
	}
	switch {
	case mode == 0 && base == 5, mode == 2:
		size += 4
	case mode == 1:
		size++
	}
	return size
}

// branchBefore is callBefore for arm64: BL imm26 or BLR.
func (w *walk) branchBefore(ret uint64) (target uint64, ok bool) {
	v, err := w.mem.word(ret-4, 4)
	if err != nil {
		return 0, false
	}
	switch {
	case v>>26 == 0x25:
		return ret - 4 + uint64(int64(int32(v<<6))>>6*4), true
	case v&0xfffffc1f == 0xd63f0000:
		return 0, true
	}
	return 0, false
}

var endbr64, endbr32 = [4]byte{0xf3, 0x0f, 0x1e, 0xfa}, [4]byte{0xf3, 0x0f, 0x1e, 0xfb}

// throughPLT follows a stub of the procedure linkage table to the function
// whose address is in the stub's slot.
func (w *walk) throughPLT(target uint64) uint64 {
	for range 3 {
		slot, ok := w.slot(target)
		if !ok {
			return target
		}
		v, err := w.mem.word(slot, w.machine.word)
		if err != nil {
			return target
		}
		target = v
	}
	return target
}

// slot decodes [endbr;] [bnd] jmp *slot(%rip); on i386 jmp *slot, and in
// position-independent code jmp *n(%ebx) with %ebx at the global offset table.
func (w *walk) slot(stub uint64) (uint64, bool) {
	var b [16]byte
	if !w.machine.x86() || w.mem.read(b[:], stub) != nil {
		return 0, false
	}
	i := 0
	if start := [4]byte(b[:4]); start == endbr64 || start == endbr32 {
		i = 4
	}
	if b[i] == 0xf2 {
		i++
	}
	where := binary.LittleEndian.Uint32(b[i+2:])
	switch [2]byte(b[i : i+2]) {
	case [2]byte{0xff, 0x25}:
		if w.machine.word == 4 {
			return uint64(where), true
		}
		return stub + uint64(i) + 6 + uint64(int64(int32(where))), true
	case [2]byte{0xff, 0xa3}:
		mod, bias, err := w.proc.locate(stub, true)
		if err != nil || w.machine.word != 4 {
			return 0, false
		}
		table, err := mod.elf.DynValue(elf.DT_PLTGOT)
		if err != nil || len(table) != 1 {
			return 0, false
		}
		return table[0] + bias + uint64(int64(int32(where))), true
	}
	return 0, false
}

// prologueDepth reads the start of a function that keeps a frame pointer
// (push %rbp; mov %rsp,%rbp; pushes; sub $n,%rsp) and returns how far below
// the frame pointer its body keeps the stack pointer.
func (w *walk) prologueDepth(start, end uint64) (uint64, bool) {
	const longest = 96
	b := make([]byte, min(longest, end-start))
	if end <= start || len(b) < 8 || w.mem.read(b, start) != nil {
		return 0, false
	}
	c := cursor{b: b}
	if [4]byte(b[:4]) == endbr64 {
		c.pos = 4
	}
	if c.u8() != 0x55 {
		return 0, false
	}
	if mov := [3]byte(append(c.bytes(3), 0, 0, 0)); mov != [3]byte{0x48, 0x89, 0xe5} && mov != [3]byte{0x48, 0x8b, 0xec} {
		return 0, false
	}
	depth := uint64(0)
	for c.more() {
		before := c.pos
		switch op := c.u8(); {
		case op >= 0x50 && op <= 0x57:
			depth += 8
			continue
		case op == 0x41:
			if r := c.u8(); r >= 0x50 && r <= 0x57 {
				depth += 8
				continue
			}
		case op == 0x48:
			if n, ok := subtraction(&c); ok {
				depth += n
				continue
			}
		}
		c.pos = before
		break
	}
	return depth, true
}

// subtraction reads the rest of "sub $n,%rsp" after its REX prefix, with the
// probe of -fstack-clash-protection behind it (orq $0,(%rsp)).
func subtraction(c *cursor) (uint64, bool) {
	op, what := c.u8(), c.u8()
	if what != 0xec {
		return 0, false
	}
	var n uint64
	switch op {
	case 0x83:
		n = uint64(int64(int8(c.u8())))
	case 0x81:
		n = uint64(c.u32())
	default:
		return 0, false
	}
	if rest := c.b[c.pos:]; len(rest) >= 5 && [5]byte(rest[:5]) == [5]byte{0x48, 0x83, 0x0c, 0x24, 0} {
		c.pos += 5
	}
	return n, !c.bad
}
