package stack

import (
	"errors"
	"fmt"
)

// Instructions of call frame programs (DWARF 5, 6.4.2, and the extensions of
// GNU and arm64).
const (
	cfaAdvance        = 1 // in the upper two bits, with an operand in the lower six
	cfaOffset         = 2
	cfaRestore        = 3
	cfaNop            = 0x00
	cfaSetLoc         = 0x01
	cfaAdvance1       = 0x02
	cfaAdvance2       = 0x03
	cfaAdvance4       = 0x04
	cfaOffsetX        = 0x05
	cfaRestoreX       = 0x06
	cfaUndefined      = 0x07
	cfaSameValue      = 0x08
	cfaRegister       = 0x09
	cfaRemember       = 0x0a
	cfaRestoreState   = 0x0b
	cfaDefine         = 0x0c
	cfaDefineRegister = 0x0d
	cfaDefineOffset   = 0x0e
	cfaDefineExpr     = 0x0f
	cfaExpr           = 0x10
	cfaOffsetSigned   = 0x11
	cfaDefineSigned   = 0x12
	cfaDefineOffsetS  = 0x13
	cfaValOffset      = 0x14
	cfaValOffsetS     = 0x15
	cfaValExpr        = 0x16
	cfaNegateSigned   = 0x2d // arm64: DW_CFA_AARCH64_negate_ra_state
	cfaArgsSize       = 0x2e // DW_CFA_GNU_args_size
	cfaNegativeOffset = 0x2f // DW_CFA_GNU_negative_offset_extended
)

// maxRemembered bounds DW_CFA_remember_state; compilers nest it twice or so.
const maxRemembered = 32

// A frameProgram is one run of call frame instructions.
type frameProgram struct {
	cursor
	common     *common
	row        *row
	initial    *row // what DW_CFA_restore goes back to; nil while it is being made
	word       int
	remembered []row
}

// run executes program into r until the row for pc is complete.
func (e *common) run(program []byte, r, initial *row, loc, pc uint64, word int) error {
	p := frameProgram{cursor: cursor{b: program}, common: e, row: r, initial: initial, word: word}
	for p.more() {
		op := p.u8()
		low := uint64(op & 0x3f)
		switch op >> 6 {
		case cfaAdvance:
			loc += low * e.codeAlign
		case cfaOffset:
			p.define(low, rule{kind: ruleOffset, off: p.factored()})
		case cfaRestore:
			p.restore(low)
		default:
			switch op {
			case cfaSetLoc:
				loc = p.pointer(e.encoding, word, 0)
			case cfaAdvance1:
				loc += uint64(p.u8()) * e.codeAlign
			case cfaAdvance2:
				loc += uint64(p.u16()) * e.codeAlign
			case cfaAdvance4:
				loc += uint64(p.u32()) * e.codeAlign
			default:
				if err := p.other(op); err != nil {
					return err
				}
			}
		}
		if loc > pc {
			return nil
		}
	}
	if p.bad {
		return errShort
	}
	return nil
}

func (p *frameProgram) factored() int64  { return int64(p.uleb()) * p.common.dataAlign }
func (p *frameProgram) factoredS() int64 { return p.sleb() * p.common.dataAlign }

func (p *frameProgram) define(reg uint64, r rule) {
	if reg < registerCount { // others, such as vector registers, are not followed
		p.row.regs[reg] = r
	}
}

func (p *frameProgram) restore(reg uint64) {
	var r rule
	if p.initial != nil && reg < registerCount {
		r = p.initial.regs[reg]
	}
	p.define(reg, r)
}

// small makes a register number fit a rule; one out of range is never known.
func small(reg uint64) uint8 { return uint8(min(reg, registerCount)) }

func (p *frameProgram) other(op byte) error {
	cfa := &p.row.cfa
	switch op {
	case cfaNop:
	case cfaOffsetX:
		p.define(p.uleb(), rule{kind: ruleOffset, off: p.factored()})
	case cfaOffsetSigned:
		p.define(p.uleb(), rule{kind: ruleOffset, off: p.factoredS()})
	case cfaNegativeOffset:
		p.define(p.uleb(), rule{kind: ruleOffset, off: -p.factored()})
	case cfaValOffset:
		p.define(p.uleb(), rule{kind: ruleValue, off: p.factored()})
	case cfaValOffsetS:
		p.define(p.uleb(), rule{kind: ruleValue, off: p.factoredS()})
	case cfaRestoreX:
		p.restore(p.uleb())
	case cfaUndefined:
		p.define(p.uleb(), rule{kind: ruleUndefined})
	case cfaSameValue:
		p.define(p.uleb(), rule{kind: ruleSame})
	case cfaRegister:
		p.define(p.uleb(), rule{kind: ruleRegister, reg: small(p.uleb())})
	case cfaExpr:
		p.define(p.uleb(), rule{kind: ruleSaved, expr: p.bytes(p.uleb())})
	case cfaValExpr:
		p.define(p.uleb(), rule{kind: ruleComputed, expr: p.bytes(p.uleb())})
	case cfaDefine:
		*cfa = rule{kind: ruleCFA, reg: small(p.uleb()), off: int64(p.uleb())}
	case cfaDefineSigned:
		*cfa = rule{kind: ruleCFA, reg: small(p.uleb()), off: p.factoredS()}
	case cfaDefineRegister:
		cfa.kind, cfa.reg = ruleCFA, small(p.uleb())
	case cfaDefineOffset:
		cfa.off = int64(p.uleb())
	case cfaDefineOffsetS:
		cfa.off = p.factoredS()
	case cfaDefineExpr:
		*cfa = rule{kind: ruleComputed, expr: p.bytes(p.uleb())}
	case cfaNegateSigned:
		p.row.signed = !p.row.signed
	case cfaArgsSize:
		p.uleb()
	case cfaRemember:
		if len(p.remembered) == maxRemembered {
			return errors.New("call frame information remembers too many states")
		}
		p.remembered = append(p.remembered, *p.row)
	case cfaRestoreState:
		last := len(p.remembered) - 1
		if last < 0 {
			return errors.New("call frame information restores a state that it never had")
		}
		*p.row, p.remembered = p.remembered[last], p.remembered[:last]
	default:
		return fmt.Errorf("call frame instruction %#x is unknown", op)
	}
	return nil
}
