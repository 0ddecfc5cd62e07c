package stack

import (
	"debug/dwarf"
	"encoding/binary"
	"errors"

	"github.com/go-delve/delve/pkg/dwarf/op"
)

// A value is what a location expression gives: an address in memory, or bytes.
type value struct {
	addr   uint64
	memory bool
	bytes  []byte
}

// scalar reads the value as a number of up to 8 bytes; an expression without
// DW_OP_stack_value that is used for its value, as in call sites, is its address.
func (v value) scalar() uint64 {
	if v.memory {
		return v.addr
	}
	var b [8]byte
	copy(b[:], v.bytes)
	return binary.LittleEndian.Uint64(b[:])
}

func number(v uint64) value { return value{bytes: constant(v)[1:]} }

var errNoEntryValue = errors.New("value at entry is not known")

// maxEntryDepth bounds how many callers a value may be traced back through.
const maxEntryDepth = 12

// evaluate runs a location expression in frame i, through delve's evaluator,
// after what that does not know has been replaced by constants.
func (w *walk) evaluate(i int, expr []byte, depth int) (v value, err error) {
	if len(expr) == 0 {
		return value{}, errOptimizedOut
	}
	f := w.frames[i]
	if v, ok, err := w.simple(i, expr, depth); ok {
		return v, err
	}
	expr, err = w.rewrite(i, expr, depth)
	if err != nil {
		return value{}, err
	}
	defer guard(f.mod.path, &err)
	base, _ := w.frameBase(f) // most expressions do without
	addr, pieces, err := op.ExecuteStackProgram(w.opRegisters(f, base), expr, w.machine.word, w.opMemory)
	if err != nil {
		return value{}, err
	}
	if len(pieces) == 0 {
		return value{memory: true, addr: uint64(addr)}, nil
	}
	return w.assemble(f, pieces)
}

// assemble puts the pieces of a value together.
func (w *walk) assemble(f *frame, pieces []op.Piece) (value, error) {
	var out []byte
	for _, p := range pieces {
		size := p.Size
		if len(pieces) == 1 && size == 0 {
			size = 8
		}
		if size < 0 || size > maxExpressionPiece || len(out) > 4*maxExpressionPiece {
			return value{}, errExpression
		}
		b := make([]byte, maxExpressionPiece)
		switch p.Kind {
		case op.AddrPiece:
			if err := w.mem.read(b[:size], p.Val); err != nil {
				return value{}, err
			}
		case op.RegPiece:
			r, ok := f.regs.get(int(min(p.Val, registerCount)))
			if !ok {
				return value{}, errOptimizedOut
			}
			binary.LittleEndian.PutUint64(b, r)
		case op.ImmPiece:
			if p.Bytes != nil {
				copy(b, p.Bytes)
			} else if len(pieces) == 1 {
				binary.LittleEndian.PutUint64(b, p.Val)
			} else {
				return value{}, errOptimizedOut // delve's form of a piece that is not there
			}
		}
		out = append(out, b[:size]...)
	}
	return value{bytes: out}, nil
}

// frameBase evaluates DW_AT_frame_base.
func (w *walk) frameBase(f *frame) (base uint64, err error) {
	if f.where == nil {
		return 0, errExpression
	}
	expr := f.where.base
	if len(expr) == 1 && expr[0] == opCallFrameCFA {
		return f.cfa, nil
	}
	if err := checkExpression(expr, w.machine.word); err != nil {
		return 0, err
	}
	defer guard(f.mod.path, &err)
	v, _, err := op.ExecuteStackProgram(w.opRegisters(f, 0), expr, w.machine.word, w.opMemory)
	return uint64(v), err
}

// rewrite checks expr and replaces what delve's evaluator lacks: entry values
// and typed constants become plain constants, conversions between integers fall away.
func (w *walk) rewrite(i int, expr []byte, depth int) ([]byte, error) {
	if len(expr) > maxExpression {
		return nil, errExpression
	}
	c := cursor{b: expr}
	var out []byte
	var jumps []int        // positions in expr behind branches
	moved := map[int]int{} // position in expr → position in out
	for c.more() {
		start := c.pos
		moved[start] = len(out)
		o := c.u8()
		v, plain, err := w.replacement(i, &c, o, depth)
		switch {
		case err != nil:
			return nil, err
		case plain:
			if !operand(&c, o, w.machine.word) {
				return nil, errOptimizedOut // implicit pointers and such: gdb can do more here
			}
			out = append(out, expr[start:c.pos]...)
			if o == opBra || o == opSkip {
				jumps = append(jumps, c.pos)
			}
		default:
			out = append(out, v...)
		}
	}
	moved[len(expr)] = len(out)
	if c.bad {
		return nil, errExpression
	}
	for _, after := range jumps {
		here, known := moved[after]
		to, ok := moved[after+int(int16(binary.LittleEndian.Uint16(expr[after-2:])))]
		if !known || !ok {
			return nil, errExpression
		}
		binary.LittleEndian.PutUint16(out[here-2:], uint16(to-here))
	}
	return out, nil
}

// replacement says what stands for operation o; plain: itself.
func (w *walk) replacement(i int, c *cursor, o byte, depth int) (v []byte, plain bool, err error) {
	switch o {
	case opEntryValue, opGNUEntryValue:
		block := c.bytes(c.uleb())
		if c.bad {
			return nil, false, errExpression
		}
		n, err := w.entryValue(i, block, depth)
		return constant(n), false, err
	case opGNUParameterRef:
		off := c.u32()
		if w.frames[i].where == nil || c.bad {
			return nil, false, errExpression
		}
		n, err := w.passedTo(i, passed{param: w.frames[i].where.unit + dwarf.Offset(off)}, depth)
		return constant(n), false, err
	case opImplicitPointer, opGNUImplicitPtr:
		return nil, false, errSynthetic
	case opConvert, opGNUConvert, opReinterpret, opGNUReinterpret:
		c.uleb()
		return nil, false, nil
	case opConstType, opGNUConstType:
		c.uleb()
		n := c.u8()
		b := c.bytes(uint64(n))
		if c.bad || n > 8 {
			return nil, false, errOptimizedOut
		}
		return append(append([]byte{opConst8u}, b...), make([]byte, 8-n)...), false, nil
	case opRegvalType, opGNURegvalType:
		reg := c.uleb()
		c.uleb()
		n, ok := w.frames[i].regs.get(int(min(reg, registerCount)))
		if !ok {
			return nil, false, errOptimizedOut
		}
		return constant(n), false, nil
	case opDerefType, opGNUDerefType:
		size := c.u8()
		c.uleb()
		if size != 1 && size != 2 && size != 4 && size != 8 {
			return nil, false, errOptimizedOut
		}
		return []byte{opDerefSize, size}, false, nil
	}
	return nil, true, nil
}
