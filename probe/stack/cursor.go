package stack

import "encoding/binary"

// A cursor reads little-endian numbers from bytes that strangers wrote. It
// never reads past the end: from then on every number is zero and bad is set.
type cursor struct {
	b    []byte
	pos  int
	base uint64 // address of b[0], for pc-relative pointers
	bad  bool
}

func (c *cursor) more() bool { return !c.bad && c.pos < len(c.b) }

func (c *cursor) bytes(n uint64) []byte {
	if c.bad || n > uint64(len(c.b)-c.pos) {
		c.bad = true
		return nil
	}
	p := c.b[c.pos : c.pos+int(n)]
	c.pos += int(n)
	return p
}

func (c *cursor) u8() byte {
	if p := c.bytes(1); p != nil {
		return p[0]
	}
	return 0
}

func (c *cursor) u16() uint16 {
	if p := c.bytes(2); p != nil {
		return binary.LittleEndian.Uint16(p)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if p := c.bytes(4); p != nil {
		return binary.LittleEndian.Uint32(p)
	}
	return 0
}

func (c *cursor) u64() uint64 {
	if p := c.bytes(8); p != nil {
		return binary.LittleEndian.Uint64(p)
	}
	return 0
}

// word reads a number of 4 or 8 bytes.
func (c *cursor) word(size int) uint64 {
	if size == 4 {
		return uint64(c.u32())
	}
	return c.u64()
}

func (c *cursor) uleb() uint64 {
	var v uint64
	for shift := uint(0); ; shift += 7 {
		b := c.u8()
		v |= uint64(b&0x7f) << shift // beyond 63 the shift gives zero
		if b&0x80 == 0 {
			return v
		}
	}
}

func (c *cursor) sleb() int64 {
	var v int64
	for shift := uint(0); ; {
		b := c.u8()
		v |= int64(b&0x7f) << shift
		shift += 7
		if b&0x80 == 0 {
			if shift < 64 && b&0x40 != 0 {
				v |= -1 << shift
			}
			return v
		}
	}
}

// text reads up to a zero byte.
func (c *cursor) text() string {
	start := c.pos
	for c.u8() != 0 {
	}
	if c.bad {
		return ""
	}
	return string(c.b[start : c.pos-1])
}

// Pointer encodings of .eh_frame (LSB Core, "DWARF Exception Header Encoding").
const (
	encodingOmit     = 0xff
	encodingIndirect = 0x80
	encodingHow      = 0x70
	encodingPCRel    = 0x10
	encodingDataRel  = 0x30
	encodingForm     = 0x0f
)

// pointer reads an encoded pointer; dataBase is what data-relative ones count from.
func (c *cursor) pointer(encoding byte, word int, dataBase uint64) uint64 {
	if encoding == encodingOmit {
		return 0
	}
	at := c.base + uint64(c.pos)
	var v uint64
	switch encoding & encodingForm {
	case 0, 8:
		v = c.word(word)
	case 1:
		v = c.uleb()
	case 2:
		v = uint64(c.u16())
	case 3:
		v = uint64(c.u32())
	case 4, 12:
		v = c.u64()
	case 9:
		v = uint64(c.sleb())
	case 10:
		v = uint64(int16(c.u16()))
	case 11:
		v = uint64(int32(c.u32()))
	default:
		c.bad = true
	}
	switch encoding & encodingHow {
	case encodingPCRel:
		if v != 0 {
			v += at
		}
	case encodingDataRel:
		v += dataBase
	}
	if word == 4 {
		v &= 0xffffffff
	}
	return v
}
