package stack

// simple evaluates what nine in ten expressions are, without the evaluator:
// one register, a register or the frame base with an offset, a small
// constant, an entry value. For others ok is false.
func (w *walk) simple(i int, expr []byte, depth int) (v value, ok bool, err error) {
	f := w.frames[i]
	c := cursor{b: expr}
	var n uint64
	switch o := c.u8(); {
	case o >= opReg0 && o <= opReg31 && len(expr) == 1:
		r, known := f.regs.get(int(o - opReg0))
		if !known {
			return value{}, true, errOptimizedOut
		}
		return number(r), true, nil
	case o == opFbreg:
		n, err = w.frameBase(f)
		n += uint64(c.sleb())
	case o >= opBreg0 && o <= opBreg31:
		r, known := f.regs.get(int(o - opBreg0))
		if !known {
			return value{}, false, nil
		}
		n = r + uint64(c.sleb())
	case o >= opLit0 && o <= opLit31:
		n = uint64(o - opLit0)
	case o == opEntryValue, o == opGNUEntryValue:
		block := c.bytes(c.uleb())
		if len(c.b)-c.pos != 1 || c.b[c.pos] != opStackValue {
			return value{}, false, nil // read on before the caller is asked
		}
		n, err = w.entryValue(i, block, depth)
	default:
		return value{}, false, nil
	}
	switch rest := c.b[c.pos:]; {
	case c.bad:
		return value{}, true, errExpression
	case len(rest) == 0:
		return value{memory: true, addr: n}, true, err
	case len(rest) == 1 && rest[0] == opStackValue:
		return number(n), true, err
	}
	return value{}, false, nil
}
