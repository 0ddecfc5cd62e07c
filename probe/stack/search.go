package stack

// Without a stop the kernel shows only some registers, and some code has no
// unwind information. Then the stack is searched for a return address; a
// frame that was found so is marked as a guess.

const (
	searchFrame  = 64 << 10 // how far up a frame pointer is looked for
	searchReturn = 4 << 10  // how far up a return address is looked for
)

// A match says how well a word on the stack fits as a return address.
type match int

const (
	noMatch   match = iota
	elsewhere       // follows a direct call of another function: a stale word, or a tail call
	indirect        // follows an indirect call, or it is not known who was called
	exactly         // follows a direct call of this very function
)

// returnAt judges the word at slot as a return address out of the function at start (0: not known).
func (w *walk) returnAt(slot, start uint64) match {
	ret, err := w.mem.word(slot, w.machine.word)
	if err != nil {
		return noMatch
	}
	target, ok := w.callBefore(ret)
	switch {
	case !ok && w.restorer(ret):
		return exactly
	case !ok:
		return noMatch
	case target == 0 || start == 0:
		return indirect
	case target == start || w.throughPLT(target) == start:
		return exactly
	}
	return elsewhere
}

// recoverPointer finds the frame pointer of a function whose frame address
// rests on it: by the depth of its prologue, else by searching for the
// return address.
func (w *walk) recoverPointer(f *frame) bool {
	if w.machine.elf != amd64().elf || int(f.row.cfa.reg) != w.machine.fp || f.row.regs[f.entry.common.ra].kind != ruleOffset {
		return false
	}
	sp, ok := f.regs.get(w.machine.sp)
	if !ok {
		return false
	}
	start := f.entry.lo + f.bias
	toReturn := uint64(f.row.cfa.off + f.row.regs[f.entry.common.ra].off)
	use := func(fp uint64) bool {
		f.regs.set(w.machine.fp, fp)
		return true
	}
	if depth, ok := w.prologueDepth(start, f.lookup()); ok {
		// arguments of the call that is under way may lie below
		for _, pushed := range []uint64{0, 8, 16, 24, 32, 48} {
			fp := sp + depth + pushed
			if m := w.returnAt(fp+toReturn, start); m == exactly || m == indirect && pushed == 0 {
				return use(fp)
			}
		}
	}
	var second uint64
	for fp := (sp + 7) &^ 7; fp < sp+searchFrame && fp < w.mem.hi; fp += 8 {
		if (fp+uint64(f.row.cfa.off))%16 != 0 { // the ABI aligns frame addresses
			continue
		}
		switch w.returnAt(fp+toReturn, start) {
		case exactly:
			return use(fp)
		case indirect:
			if second == 0 {
				second = fp
			}
		}
	}
	return second != 0 && use(second)
}

// scanReturn finds the caller of code without unwind information: the first
// word that follows a call of this function, else the first that follows any call.
func (w *walk) scanReturn(f *frame) *registers {
	sp, ok := f.regs.get(w.machine.sp)
	if !ok || w.machine.elf != amd64().elf {
		return nil
	}
	var start uint64
	if f.mod != nil {
		if _, addr, err := f.mod.symbolAt(w.proc.from, f.linked(), true); err == nil {
			start = addr + f.bias
		}
	}
	var best uint64
	for slot := (sp + 7) &^ 7; slot < sp+searchReturn && slot < w.mem.hi; slot += 8 {
		m := w.returnAt(slot, start)
		if m == exactly {
			best = slot
			break
		}
		if m != noMatch && best == 0 {
			best = slot
		}
	}
	if best == 0 {
		return nil
	}
	return w.returnTo(f, best)
}

// popReturn takes the word at the stack pointer, if it follows a call.
func (w *walk) popReturn(f *frame) *registers {
	sp, ok := f.regs.get(w.machine.sp)
	if !ok || !w.machine.x86() || w.returnAt(sp, 0) == noMatch {
		return nil
	}
	return w.returnTo(f, sp)
}

func (w *walk) returnTo(f *frame, slot uint64) *registers {
	pc, err := w.mem.word(slot, w.machine.word)
	if err != nil {
		return nil
	}
	n := f.regs
	n.known &= w.machine.calleeSaved
	n.set(w.machine.sp, slot+uint64(w.machine.word))
	n.set(w.machine.pc, pc)
	return &n
}

// restorer reports whether a signal handler returns to pc: mov $15,%rax; syscall.
func (w *walk) restorer(pc uint64) bool {
	var code [9]byte
	return w.machine.elf == amd64().elf && w.proc.executable(pc) && w.mem.read(code[:], pc) == nil &&
		code == [9]byte{0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05}
}

// sigreturn leaves a signal trampoline that has no unwind information, as in
// musl. The saved registers are at the stack pointer (struct ucontext,
// <asm/sigcontext.h>).
func (w *walk) sigreturn(f *frame) *registers {
	const gregs = 40 // offset of r8 in struct ucontext
	sp, ok := f.regs.get(w.machine.sp)
	if !ok || !w.restorer(f.pc) {
		return nil
	}
	var n registers
	for i, reg := range []int{8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7, 16} {
		v, err := w.mem.word(sp+gregs+8*uint64(i), 8)
		if err != nil {
			return nil
		}
		n.set(reg, v)
	}
	f.entry = &frameEntry{common: &common{signal: true}}
	return &n
}
