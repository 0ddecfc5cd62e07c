package stack

import "debug/dwarf"

// A ctype is a type as far as gdb's way of printing a scalar needs it.
type ctype struct {
	tag    dwarf.Tag
	size   int64
	encode int64 // DW_ATE_…
	enums  []enumerator
	x      *debugInfo   // of the type that it is made from
	of     dwarf.Offset // 0: void
}

type enumerator struct {
	name  string
	value int64
}

const maxEnumerators = 1 << 14

// tagAtomic is DW_TAG_atomic_type, which the standard library has no name for.
const tagAtomic = dwarf.Tag(0x47)

// typeAt reads a type; nil where it is broken.
func (x *debugInfo) typeAt(off dwarf.Offset) *ctype {
	x.mu.Lock()
	t, ok := x.types[off]
	x.mu.Unlock()
	if ok {
		return t
	}
	t = x.readType(off)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.types[off] = t
	return t
}

func (x *debugInfo) readType(off dwarf.Offset) *ctype {
	r := x.data.Reader()
	r.Seek(off)
	e, err := r.Next()
	if err != nil || e == nil || e.Tag == 0 {
		return nil
	}
	d := &die{x: x, e: e}
	t := &ctype{tag: e.Tag}
	t.size, _ = e.Val(dwarf.AttrByteSize).(int64)
	t.encode, _ = e.Val(dwarf.AttrEncoding).(int64)
	if f, y := d.field(dwarf.AttrType); f != nil {
		if z, o, ok := y.reference(f); ok {
			t.x, t.of = z, o
		}
	}
	if e.Tag != dwarf.TagEnumerationType || !e.Children {
		return t
	}
	for len(t.enums) < maxEnumerators {
		k, err := r.Next()
		if err != nil || k == nil || k.Tag == 0 {
			break
		}
		if v, ok := k.Val(dwarf.AttrConstValue).(int64); ok {
			t.enums = append(t.enums, enumerator{(&die{x: x, e: k}).text(dwarf.AttrName), v})
		}
	}
	return t
}

// elem is what a pointer points to or a typedef stands for; void where
// nothing is said, nil where it is broken.
func (t *ctype) elem() *ctype {
	if t.x == nil {
		return &ctype{tag: dwarf.TagUnspecifiedType}
	}
	return t.x.typeAt(t.of)
}

// plain looks through typedefs and qualifiers. Broken types may form a ring.
func (t *ctype) plain() *ctype {
	const rings = 64
	for range rings {
		if t == nil {
			return nil
		}
		switch t.tag {
		case dwarf.TagTypedef, dwarf.TagConstType, dwarf.TagVolatileType, dwarf.TagRestrictType, tagAtomic:
			t = t.elem()
		default:
			return t
		}
	}
	return nil
}

// aggregate reports whether gdb's backtrace shows only "..." for it.
func (t *ctype) aggregate() bool {
	if t == nil {
		return false
	}
	switch t.tag {
	case dwarf.TagStructType, dwarf.TagUnionType, dwarf.TagArrayType, dwarf.TagClassType:
		return true
	}
	return false
}

// text reports whether gdb shows a pointer to it as a string: any one-byte character.
func (t *ctype) text() bool {
	return t != nil && t.tag == dwarf.TagBaseType && t.size == 1 && (t.encode == encodeSignedChar || t.encode == encodeUnsignedChar)
}

// flags reports whether gdb treats an enumeration as a set of flags: every
// value is zero or one run of bits.
func (t *ctype) flags() bool {
	for _, e := range t.enums {
		v := uint64(e.value)
		if e.value < 0 || v != 0 && (v/(v&-v)+1)&(v/(v&-v)) != 0 {
			return false
		}
	}
	return true
}

// Encodings of base types (DWARF 5, 7.8).
const (
	encodeBoolean      = 2
	encodeFloat        = 4
	encodeSigned       = 5
	encodeSignedChar   = 6
	encodeUnsignedChar = 8
)
