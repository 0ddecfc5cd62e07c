package stack

import (
	"bytes"
	"debug/dwarf"
	"fmt"
)

// A die is an entry of the debug information with its children, as far as
// they were asked for.
type die struct {
	x      *debugInfo
	e      *dwarf.Entry
	kids   []*die
	spans  [][2]uint64
	origin *die // what it is an instance of, once looked up
}

const (
	maxDies  = 1 << 17 // of one function; -O3 giants have some ten thousand
	maxDepth = 128
)

// tree reads the DIE at off with everything below it.
func (x *debugInfo) tree(off dwarf.Offset) (*die, error) {
	r := x.data.Reader()
	r.Seek(off)
	e, err := r.Next()
	if err != nil || e == nil || e.Tag == 0 {
		return nil, fmt.Errorf("%s: no function at %#x: %v", x.path, uint32(off), err)
	}
	left := maxDies
	return x.grow(r, e, 0, &left)
}

func (x *debugInfo) grow(r *dwarf.Reader, e *dwarf.Entry, depth int, left *int) (*die, error) {
	d := &die{x: x, e: e}
	if *left--; *left < 0 || depth > maxDepth {
		return nil, fmt.Errorf("%s: the function at %#x is too large", x.path, uint32(e.Offset))
	}
	switch e.Tag {
	case dwarf.TagSubprogram, dwarf.TagInlinedSubroutine, dwarf.TagLexDwarfBlock:
		d.spans, _ = x.data.Ranges(e)
	}
	if !e.Children {
		return d, nil
	}
	for {
		k, err := r.Next()
		if err != nil || k == nil || k.Tag == 0 {
			return d, nil
		}
		kid, err := x.grow(r, k, depth+1, left)
		if err != nil {
			return nil, err
		}
		d.kids = append(d.kids, kid)
	}
}

// up follows DW_AT_abstract_origin or DW_AT_specification, also into the file
// of dwz; nil at the end.
func (d *die) up() *die {
	if d.origin != nil {
		return d.origin
	}
	for _, a := range []dwarf.Attr{dwarf.AttrAbstractOrigin, dwarf.AttrSpecification} {
		x, off, ok := d.x.reference(d.e.AttrField(a))
		if !ok {
			continue
		}
		if e, err := x.entry(off); err == nil {
			d.origin = &die{x: x, e: e}
			return d.origin
		}
	}
	return nil
}

func (x *debugInfo) reference(f *dwarf.Field) (*debugInfo, dwarf.Offset, bool) {
	if f == nil {
		return nil, 0, false
	}
	switch v := f.Val.(type) {
	case dwarf.Offset:
		return x, v, true
	case int64:
		if f.Class == dwarf.ClassReferenceAlt && x.alt != nil {
			return x.alt, dwarf.Offset(v), true
		}
	}
	return nil, 0, false
}

// field looks an attribute up in the DIE and what it is an instance of, with
// the file that it was found in.
func (d *die) field(a dwarf.Attr) (*dwarf.Field, *debugInfo) {
	const hops = 8
	for range hops {
		if d == nil {
			break
		}
		if f := d.e.AttrField(a); f != nil {
			return f, d.x
		}
		d = d.up()
	}
	return nil, nil
}

func (d *die) text(a dwarf.Attr) string {
	f, x := d.field(a)
	if f == nil {
		return ""
	}
	switch v := f.Val.(type) {
	case string:
		return v
	case int64:
		if f.Class == dwarf.ClassStringAlt && x.alt != nil && v >= 0 && v < int64(len(x.alt.str)) {
			s := x.alt.str[v:min(int64(len(x.alt.str)), v+4096)]
			if i := bytes.IndexByte(s, 0); i >= 0 {
				return string(s[:i])
			}
		}
	}
	return ""
}

func (d *die) covers(pc uint64) bool {
	for _, s := range d.spans {
		if s[0] <= pc && pc < s[1] {
			return true
		}
	}
	return false
}

// inlined returns the functions that are active at pc, the innermost first;
// d itself is the last.
func (d *die) inlined(pc uint64) []*die {
	chain := []*die{d}
	for at := d; at != nil; {
		var next *die
		for _, k := range at.kids {
			if (k.e.Tag == dwarf.TagInlinedSubroutine || k.e.Tag == dwarf.TagLexDwarfBlock) && k.covers(pc) {
				next = k
				break
			}
		}
		if next != nil && next.e.Tag == dwarf.TagInlinedSubroutine {
			chain = append([]*die{next}, chain...)
		}
		at = next
	}
	return chain
}

// entry is the lowest address of a function: where it begins, unless it is a
// cold part.
func (d *die) entry() uint64 {
	if low, ok := d.e.Val(dwarf.AttrLowpc).(uint64); ok && low != 0 {
		return low
	}
	if len(d.spans) > 0 {
		return d.spans[0][0]
	}
	return 0
}

// Tags of call sites: DWARF 5 and what GNU had before.
const (
	tagCallSite         = dwarf.Tag(0x48)
	tagCallSiteParam    = dwarf.Tag(0x49)
	tagGNUCallSite      = dwarf.Tag(0x4109)
	tagGNUCallSiteParam = dwarf.Tag(0x410a)
	attrGNUCallValue    = dwarf.Attr(0x2111)
	attrGNUCallTarget   = dwarf.Attr(0x2113)
)

// A callSite is what the compiler noted of one call: where it went and what
// it passed.
type callSite struct {
	target []byte // expression; nil for a direct call
	passed []passed
}

// passed is one argument: where it is passed (an expression), or which
// parameter it is if the compiler passes nothing, and its value's expression.
type passed struct {
	in    []byte
	param dwarf.Offset
	value []byte
}

// siteOf finds the call that returns to ret.
func (d *die) siteOf(ret uint64) *callSite {
	for _, k := range d.kids {
		switch k.e.Tag {
		case tagCallSite, tagGNUCallSite:
			if k.returnAddress() == ret {
				return k.callSite()
			}
		case dwarf.TagLexDwarfBlock, dwarf.TagInlinedSubroutine:
			if s := k.siteOf(ret); s != nil {
				return s
			}
		}
	}
	return nil
}

// returnAddress is the address behind the call or jump.
func (d *die) returnAddress() uint64 {
	at, ok := d.e.Val(dwarf.AttrCallReturnPC).(uint64)
	if !ok {
		at, _ = d.e.Val(dwarf.AttrLowpc).(uint64) // GNU's
	}
	return at
}

func (d *die) callSite() *callSite {
	s := &callSite{target: d.block(dwarf.AttrCallTarget, attrGNUCallTarget)}
	for _, k := range d.kids {
		if k.e.Tag != tagCallSiteParam && k.e.Tag != tagGNUCallSiteParam {
			continue
		}
		p := passed{in: k.block(dwarf.AttrLocation, dwarf.AttrLocation), value: k.block(dwarf.AttrCallValue, attrGNUCallValue)}
		for _, a := range []dwarf.Attr{dwarf.AttrCallParameter, dwarf.AttrAbstractOrigin} {
			if off, ok := k.e.Val(a).(dwarf.Offset); ok {
				p.param = off
			}
		}
		if p.value != nil && (p.in != nil || p.param != 0) {
			s.passed = append(s.passed, p)
		}
	}
	return s
}

func (d *die) block(a, older dwarf.Attr) []byte {
	b, ok := d.e.Val(a).([]byte)
	if !ok {
		b, _ = d.e.Val(older).([]byte)
	}
	return b
}
