package stack

import (
	"encoding/binary"
	"errors"

	"github.com/go-delve/delve/pkg/dwarf/op"
)

// DWARF expressions come from strangers. Delve's evaluator trusts the lengths
// in them, so each is walked once before it may run.

// Operations that are treated here, by number (DWARF 5, table 7.9, and GNU's).
const (
	opAddr             = 0x03
	opConst1u          = 0x08
	opConst1s          = 0x09
	opConst2u          = 0x0a
	opConst2s          = 0x0b
	opConst4u          = 0x0c
	opConst4s          = 0x0d
	opConst8u          = 0x0e
	opConst8s          = 0x0f
	opConstu           = 0x10
	opConsts           = 0x11
	opPick             = 0x15
	opPlusUconst       = 0x23
	opBra              = 0x28
	opSkip             = 0x2f
	opLit0             = 0x30
	opLit31            = 0x4f
	opReg0             = 0x50
	opReg31            = 0x6f
	opBreg0            = 0x70
	opBreg31           = 0x8f
	opRegx             = 0x90
	opFbreg            = 0x91
	opBregx            = 0x92
	opPiece            = 0x93
	opDerefSize        = 0x94
	opXderefSize       = 0x95
	opCallFrameCFA     = 0x9c
	opImplicitValue    = 0x9e
	opStackValue       = 0x9f
	opEntryValue       = 0xa3
	opConstType        = 0xa4
	opRegvalType       = 0xa5
	opDerefType        = 0xa6
	opConvert          = 0xa8
	opReinterpret      = 0xa9
	opImplicitPointer  = 0xa0
	opGNUImplicitPtr   = 0xf2
	opGNUEntryValue    = 0xf3
	opGNUConstType     = 0xf4
	opGNURegvalType    = 0xf5
	opGNUDerefType     = 0xf6
	opGNUConvert       = 0xf7
	opGNUReinterpret   = 0xf9
	opGNUParameterRef  = 0xfa
	firstUnknownStdOp  = 0xa0
	maxExpression      = 4 << 10
	maxExpressionPiece = 16 // bytes; no scalar is larger
)

var (
	errExpression   = errors.New("bad DWARF expression")
	errOptimizedOut = errors.New("optimized out")
	errSynthetic    = errors.New("points to what is in no memory")
)

// operand skips the operands of a plain operation; ok is false for those that
// delve's evaluator does not know or that need more than skipping.
func operand(c *cursor, o byte, word int) (ok bool) {
	switch {
	case o == opAddr:
		c.bytes(uint64(word))
	case o == opConst1u, o == opConst1s, o == opPick:
		c.bytes(1)
	case o == opDerefSize, o == opXderefSize:
		if n := c.u8(); n != 1 && n != 2 && n != 4 && n != 8 {
			return false
		}
	case o == opConst2u, o == opConst2s, o == opBra, o == opSkip:
		c.bytes(2)
	case o == opConst4u, o == opConst4s:
		c.bytes(4)
	case o == opConst8u, o == opConst8s:
		c.bytes(8)
	case o == opConstu, o == opPlusUconst, o == opRegx:
		c.uleb()
	case o == opPiece:
		if c.uleb() > maxExpressionPiece {
			return false
		}
	case o == opConsts, o == opFbreg, o >= opBreg0 && o <= opBreg31:
		c.sleb()
	case o == opBregx:
		c.uleb()
		c.sleb()
	case o == opImplicitValue:
		if n := c.uleb(); n > maxExpressionPiece || c.bytes(n) == nil {
			return false
		}
	case o >= firstUnknownStdOp:
		return false
	}
	return !c.bad
}

// checkExpression says whether every operation is known and complete.
func checkExpression(expr []byte, word int) error {
	if len(expr) == 0 || len(expr) > maxExpression {
		return errExpression
	}
	c := cursor{b: expr}
	for c.more() {
		if !operand(&c, c.u8(), word) {
			return errExpression
		}
	}
	return nil
}

// constant is the expression that pushes v.
func constant(v uint64) []byte {
	return binary.LittleEndian.AppendUint64([]byte{opConst8u}, v)
}

// opRegisters hands a frame's registers to delve.
func (w *walk) opRegisters(f *frame, base uint64) op.DwarfRegisters {
	values := make([]op.DwarfRegister, registerCount)
	regs := make([]*op.DwarfRegister, registerCount)
	for i := range regs {
		if v, ok := f.regs.get(i); ok {
			values[i].Uint64Val = v
			regs[i] = &values[i]
		}
	}
	m := w.machine
	r := op.NewDwarfRegisters(f.bias, regs, binary.LittleEndian, uint64(m.pc), uint64(m.sp), uint64(m.fp), uint64(max(m.link, 0)))
	r.CFA, r.FrameBase = int64(f.cfa), int64(base)
	return *r
}

func (w *walk) opMemory(b []byte, addr uint64) (int, error) {
	if err := w.mem.read(b, addr); err != nil {
		return 0, err
	}
	return len(b), nil
}
