package stack

import (
	"errors"
	"fmt"
)

// A ruleKind says how a frame's caller had a register (DWARF 5, 6.4.1).
type ruleKind uint8

const (
	ruleSame      ruleKind = iota // the same value, also where nothing is said
	ruleUndefined                 // lost; for the return address: the outermost frame
	ruleOffset                    // saved at CFA + off
	ruleValue                     // is CFA + off
	ruleRegister                  // in another register
	ruleSaved                     // saved where the expression says
	ruleComputed                  // is what the expression says
	ruleCFA                       // CFA only: register + off
)

type rule struct {
	kind ruleKind
	reg  uint8
	off  int64
	expr []byte
}

// A row holds the rules for one pc.
type row struct {
	cfa    rule
	regs   [registerCount]rule
	signed bool // arm64: the return address carries a pointer authentication code
}

// A common is a CIE: what several frames share.
type common struct {
	codeAlign uint64
	dataAlign int64
	ra        int    // return address register
	program   []byte // initial instructions
	encoding  byte   // of the pointers in its FDEs
	augmented bool
	signal    bool // signal trampoline: its caller was interrupted, it did not call
	initial   row
}

// A frameEntry is an FDE: the program for the rows of one function.
type frameEntry struct {
	lo, hi  uint64
	common  *common
	program []byte
}

// maxProgram bounds one entry; the largest of real programs are a few KB.
const maxProgram = 1 << 20

var errShort = errors.New("call frame information is cut short")

// entryAt cuts one length-prefixed entry out of b.
func entryAt(b []byte, addr uint64) (cursor, error) {
	c := cursor{b: b, base: addr}
	n := c.u32()
	if n == 0xffffffff {
		return c, errors.New("64-bit call frame information is not supported")
	}
	if c.bad || n == 0 || n > maxProgram || uint64(n) > uint64(len(b)-4) {
		return c, errShort
	}
	c.b = b[:4+n]
	return c, nil
}

// parseFrame reads the FDE at addr. In .eh_frame (eh) the pointer to the CIE
// counts back from itself, in .debug_frame it is an offset in the section.
func parseFrame(b []byte, addr, section uint64, eh bool, word int, commonAt func(uint64) (*common, error)) (*frameEntry, error) {
	c, err := entryAt(b, addr)
	if err != nil {
		return nil, err
	}
	pointer := uint64(c.u32())
	where := section + pointer
	if eh {
		where = addr + 4 - pointer
	}
	common, err := commonAt(where)
	if err != nil {
		return nil, err
	}
	f := &frameEntry{common: common}
	f.lo = c.pointer(common.encoding, word, 0)
	f.hi = f.lo + c.pointer(common.encoding&encodingForm, word, 0)
	if common.augmented {
		c.bytes(c.uleb())
	}
	if c.bad || f.hi < f.lo {
		return nil, errShort
	}
	f.program = c.b[c.pos:]
	return f, nil
}

func parseCommon(b []byte, addr uint64, eh bool, word int) (*common, error) {
	c, err := entryAt(b, addr)
	if err != nil {
		return nil, fmt.Errorf("CIE at %#x: %w", addr, err)
	}
	if id := c.u32(); eh && id != 0 || !eh && id != 0xffffffff {
		return nil, fmt.Errorf("no CIE at %#x", addr)
	}
	version := c.u8()
	augmentation := c.text()
	if !eh && version >= 4 {
		c.bytes(2) // address size, segment size
	}
	e := &common{codeAlign: c.uleb(), dataAlign: c.sleb()}
	if version == 1 {
		e.ra = int(c.u8())
	} else {
		e.ra = int(min(c.uleb(), registerCount))
	}
	if len(augmentation) > 0 && augmentation[0] == 'z' {
		e.augmented = true
		data := c.bytes(c.uleb())
		e.augment(augmentation[1:], cursor{b: data, base: c.base + uint64(c.pos-len(data))}, word)
	}
	if c.bad || e.ra >= registerCount {
		return nil, fmt.Errorf("CIE at %#x: %w", addr, errShort)
	}
	e.program = c.b[c.pos:]
	if err := e.run(e.program, &e.initial, nil, 0, ^uint64(0), word); err != nil {
		return nil, fmt.Errorf("CIE at %#x: %w", addr, err)
	}
	return e, nil
}

// augment reads the augmentation data that the letters announce.
func (e *common) augment(letters string, c cursor, word int) {
	for _, l := range letters {
		switch l {
		case 'L':
			c.u8()
		case 'R':
			e.encoding = c.u8()
		case 'P':
			c.pointer(c.u8()&^encodingIndirect, word, 0)
		case 'S':
			e.signal = true
		}
	}
}
