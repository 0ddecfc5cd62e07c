package stack

import (
	"errors"
	"fmt"

	"github.com/go-delve/delve/pkg/dwarf/op"
)

// maxFrameCount bounds one stack; the deepest that were seen in Cyrus are 40.
const maxFrameCount = 256

// A walk unwinds one thread.
type walk struct {
	proc    *process
	machine *machine
	mem     *memory
	frames  []*frame
}

// A frame is one function's activation, before it has names.
type frame struct {
	pc        uint64 // run-time; a return address unless exact
	exact     bool   // the innermost, or interrupted by a signal: pc itself is the place
	regs      registers
	mod       *module // nil: no module
	bias      uint64
	row       *row
	entry     *frameEntry
	cfa       uint64
	guessed   bool   // found by searching the stack
	unfounded bool   // neither call frame information nor a name
	jumped    uint64 // set for a function that is not on the stack: where it jumped to
	where     *place
}

// lookup is the address that stands for the frame: a call that never returns
// may be the last instruction, so the return address belongs to what follows.
func (f *frame) lookup() uint64 {
	if f.exact {
		return f.pc
	}
	return f.pc - 1
}

// linked is lookup as linked.
func (f *frame) linked() uint64 { return f.lookup() - f.bias }

func (f *frame) trampoline() bool { return f.entry != nil && f.entry.common.signal }

var (
	errOutermost = errors.New("outermost frame")
	errNoCFA     = errors.New("frame address needs a register that is not known")
)

// run unwinds from the registers. The error says why the stack ends early;
// the frames so far are good.
func (w *walk) run(regs registers) error {
	exact, guessed := true, false
	for len(w.frames) < maxFrameCount {
		pc, ok := regs.get(w.machine.pc)
		if !ok || pc == 0 && !exact {
			return nil
		}
		f := &frame{pc: pc, exact: exact, guessed: guessed, regs: regs}
		w.frames = append(w.frames, f)
		next, found, err := w.caller(f)
		if err == errOutermost {
			return nil
		}
		if err != nil {
			return fmt.Errorf("stack ends early: %w", err)
		}
		if err := w.progress(f, next); err != nil {
			return err
		}
		regs, exact, guessed = *next, f.trampoline(), found
	}
	return fmt.Errorf("stack is cut at the limit of %d frames", maxFrameCount)
}

// progress refuses a stack that does not grow: broken unwind information
// would go round in circles.
func (w *walk) progress(f *frame, next *registers) error {
	sp, _ := f.regs.get(w.machine.sp)
	nextSP, _ := next.get(w.machine.sp)
	nextPC, _ := next.get(w.machine.pc)
	if !f.trampoline() && (nextSP < sp || nextSP == sp && nextPC == f.pc) {
		return fmt.Errorf("stack ends early: it does not grow (%#x after %#x)", nextSP, sp)
	}
	return nil
}

// caller finds the registers of the frame that called f; searched says that
// it took a search of the stack.
func (w *walk) caller(f *frame) (next *registers, searched bool, err error) {
	mod, bias, err := w.proc.locate(f.lookup(), true)
	if mod == nil {
		if f.exact { // a call through a null or wild pointer: only the return address was pushed
			if next := w.popReturn(f); next != nil {
				return next, true, nil
			}
		}
		if w.proc.executable(f.lookup()) { // code made at run time
			if next := w.scanReturn(f); next != nil {
				return next, true, nil
			}
		}
		return nil, false, fmt.Errorf("%#x: %w", f.pc, err)
	}
	f.mod, f.bias = mod, bias
	f.row, f.entry, err = mod.rowAt(w.proc.from, f.linked())
	if err != nil {
		if next := w.sigreturn(f); next != nil {
			return next, false, nil
		}
		if next := w.scanReturn(f); next != nil && !w.blind(f) {
			return next, true, nil
		}
		return nil, false, fmt.Errorf("%#x in %s: %w", f.pc, mod.path, err)
	}
	return w.step(f)
}

// blindLimit is how many functions may follow each other that have neither call
// frame information nor a name. A search finds something to go on with on any
// stack; after a few such steps it is no evidence any more.
const blindLimit = 4

// blind notes that f is such a function, and says whether there were too many.
func (w *walk) blind(f *frame) bool {
	name, _, err := f.mod.symbolAt(w.proc.from, f.linked(), true)
	f.unfounded = err != nil || name == ""
	n := 0
	for i := len(w.frames) - 1; i >= 0 && w.frames[i].unfounded; i-- {
		n++
	}
	return n >= blindLimit
}

// step applies the rules of f's row.
func (w *walk) step(f *frame) (next *registers, searched bool, err error) {
	ra := f.entry.common.ra
	if f.row.regs[ra].kind == ruleUndefined {
		return nil, false, errOutermost
	}
	f.cfa, err = w.frameAddress(f)
	if err == errNoCFA && w.recoverPointer(f) {
		searched = true
		f.cfa, err = w.frameAddress(f)
	}
	if err != nil {
		return nil, false, fmt.Errorf("%#x in %s: %w", f.pc, f.mod.path, err)
	}
	n := f.regs
	if !f.trampoline() {
		n.known &= w.machine.calleeSaved
	}
	n.forget(w.machine.pc)
	n.set(w.machine.sp, f.cfa)
	pc, err := f.regs.value[ra], error(nil)
	if _, ok := f.regs.get(ra); !ok || w.machine.link < 0 {
		err = errNoReturn
	}
	for i := range f.row.regs {
		if f.row.regs[i].kind == ruleSame {
			continue
		}
		v, e := w.apply(f, &f.row.regs[i])
		if i == ra {
			pc, err = v, e
		}
		if e != nil {
			n.forget(i)
		} else {
			n.set(i, v)
		}
	}
	if err != nil {
		return nil, false, fmt.Errorf("%#x in %s: return address: %w", f.pc, f.mod.path, err)
	}
	if w.machine.link >= 0 {
		pc &= 1<<48 - 1 // the authentication code is in the bits above
	}
	n.set(w.machine.pc, pc)
	return &n, searched, nil
}

var errNoReturn = errors.New("it is in a register that is not known")

// apply computes one register of the caller.
func (w *walk) apply(f *frame, r *rule) (uint64, error) {
	switch r.kind {
	case ruleOffset:
		return w.mem.word(f.cfa+uint64(r.off), w.machine.word)
	case ruleValue:
		return f.cfa + uint64(r.off), nil
	case ruleRegister:
		if v, ok := f.regs.get(int(r.reg)); ok {
			return v, nil
		}
		return 0, errors.New("register not known")
	case ruleSaved:
		addr, err := w.expression(f, r.expr, &f.cfa)
		if err != nil {
			return 0, err
		}
		return w.mem.word(addr, w.machine.word)
	case ruleComputed:
		return w.expression(f, r.expr, &f.cfa)
	}
	return 0, errors.New("value lost")
}

// frameAddress computes the canonical frame address.
func (w *walk) frameAddress(f *frame) (uint64, error) {
	switch r := &f.row.cfa; r.kind {
	case ruleCFA:
		v, ok := f.regs.get(int(r.reg))
		if !ok {
			return 0, errNoCFA
		}
		return v + uint64(r.off), nil
	case ruleComputed:
		return w.expression(f, r.expr, nil)
	}
	return 0, errors.New("no rule for the frame address")
}

// expression evaluates a DWARF expression of call frame information; a
// register's starts with the frame address on its stack.
func (w *walk) expression(f *frame, expr []byte, cfa *uint64) (v uint64, err error) {
	if err := checkExpression(expr, w.machine.word); err != nil {
		return 0, err
	}
	if cfa != nil {
		expr = append(constant(*cfa), expr...)
	}
	defer guard(f.mod.path, &err)
	n, _, err := op.ExecuteStackProgram(w.opRegisters(f, 0), expr, w.machine.word, w.opMemory)
	return uint64(n), err
}
