package stack

import (
	"debug/dwarf"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

const unknownValue = "<error: type not known>"

// argument formats one parameter of frame i.
func (w *walk) argument(i int, p param) (name, text string) {
	v, err := value{bytes: p.value}, p.problem
	if !p.has && err == nil {
		v, err = w.evaluate(i, p.expr, 0)
	}
	if err == nil {
		return p.name, w.format(p.typ, v)
	}
	if n, err := w.atEntry(i, p); err == nil { // lost by now, but the caller knows what it passed
		return p.name + "@entry", w.format(p.typ, number(n))
	}
	switch {
	case p.typ.plain().aggregate():
		return p.name, "..."
	case errors.Is(err, errSynthetic):
		return p.name, "<synthetic pointer>"
	case errors.Is(err, errOptimizedOut), errors.Is(err, errNoEntryValue):
		return p.name, "<optimized out>"
	}
	return p.name, "<error: " + err.Error() + ">"
}

// format writes a value as gdb's backtrace does: scalars, and "..." for the rest.
func (w *walk) format(declared *ctype, v value) string {
	t := declared.plain()
	if t == nil {
		return unknownValue
	}
	if t.aggregate() {
		return "..."
	}
	size := t.size
	switch t.tag {
	case dwarf.TagPointerType, dwarf.TagReferenceType, dwarf.TagRvalueReferenceType:
		if size == 0 {
			size = int64(w.machine.word)
		}
	}
	if size <= 0 || size > 16 {
		return unknownValue
	}
	var b [16]byte
	if v.memory {
		if w.mem.read(b[:size], v.addr) != nil {
			return noAccess(v.addr)
		}
	} else {
		copy(b[:size], v.bytes)
	}
	raw := binary.LittleEndian.Uint64(b[:])
	switch t.tag {
	case dwarf.TagPointerType:
		return w.pointer(t, raw)
	case dwarf.TagReferenceType, dwarf.TagRvalueReferenceType:
		return fmt.Sprintf("@%#x: %s", raw, w.referred(t, raw))
	case dwarf.TagEnumerationType:
		return t.enumeration(signed(raw, size), raw)
	case dwarf.TagBaseType:
		return t.number(b, raw, size)
	}
	return fmt.Sprintf("%#x", raw)
}

func noAccess(addr uint64) string {
	return fmt.Sprintf("<error: Cannot access memory at address %#x>", addr)
}

// signed extends the sign of a number of size bytes.
func signed(raw uint64, size int64) int64 {
	shift := 64 - 8*uint(min(size, 8))
	return int64(raw<<shift) >> shift
}

func (w *walk) referred(t *ctype, addr uint64) string {
	e := t.elem().plain()
	if e == nil || e.tag == dwarf.TagReferenceType || e.tag == dwarf.TagRvalueReferenceType {
		return "..."
	}
	return w.format(e, value{memory: true, addr: addr})
}

func (t *ctype) number(b [16]byte, raw uint64, size int64) string {
	switch t.encode {
	case encodeBoolean:
		switch raw {
		case 0:
			return "false"
		case 1:
			return "true"
		}
	case encodeFloat:
		return float(b, size)
	case encodeSignedChar:
		if size == 1 {
			return fmt.Sprintf("%d %s", int8(raw), quoteByte(byte(raw)))
		}
		return strconv.FormatInt(signed(raw, size), 10)
	case encodeUnsignedChar:
		if size == 1 {
			return fmt.Sprintf("%d %s", raw, quoteByte(byte(raw)))
		}
	case encodeSigned:
		if size == 16 {
			return wide(b, true)
		}
		return strconv.FormatInt(signed(raw, size), 10)
	}
	if size == 16 {
		return wide(b, false)
	}
	return strconv.FormatUint(raw, 10)
}

// float prints as many digits as tell any two values apart, as gdb does.
func float(b [16]byte, size int64) string {
	raw := binary.LittleEndian.Uint64(b[:])
	var v float64
	digits := 17
	switch size {
	case 4:
		v, digits = float64(math.Float32frombits(uint32(raw))), 9
	case 8:
		v = math.Float64frombits(raw)
	default: // x87: 64 bits of mantissa, 15 of exponent
		exp := binary.LittleEndian.Uint16(b[8:])
		f := new(big.Float).SetMode(big.ToNearestEven).SetUint64(raw)
		f.SetMantExp(f, int(exp&0x7fff)-16383-63)
		if exp&0x8000 != 0 {
			f.Neg(f)
		}
		return trimFloat(f.Text('g', 18))
	}
	switch {
	case math.IsInf(v, 0):
		return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(v, 'g', -1, 64)), "+")
	case math.IsNaN(v):
		return fmt.Sprintf("nan(%#x)", raw&(1<<52-1))
	}
	return trimFloat(strconv.FormatFloat(v, 'g', digits, 64))
}

// trimFloat drops zeros after the point, as C's %g does.
func trimFloat(s string) string {
	mantissa, exp, has := strings.Cut(s, "e")
	if strings.Contains(mantissa, ".") {
		mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	}
	if has {
		mantissa += "e" + exp
	}
	return mantissa
}

func wide(b [16]byte, negative bool) string {
	lo, hi := binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:])
	n := new(big.Int).SetUint64(hi)
	n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(lo))
	if negative && hi>>63 == 1 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	return n.String()
}

// enumeration prints the name, or the flags that are set: (A | B | unknown: 0x8).
func (t *ctype) enumeration(v int64, raw uint64) string {
	for _, e := range t.enums {
		if e.value == v {
			return e.name
		}
	}
	if !t.flags() {
		return strconv.FormatInt(v, 10)
	}
	var parts []string
	rest := raw
	if t.size < 8 {
		rest &= 1<<(8*uint(t.size)) - 1
	}
	for _, e := range t.enums {
		if f := uint64(e.value); rest&f != 0 {
			parts = append(parts, e.name)
			rest &^= f
		}
	}
	if rest != 0 {
		parts = append(parts, fmt.Sprintf("unknown: %#x", rest))
	}
	if len(parts) == 0 {
		return "0"
	}
	return "(" + strings.Join(parts, " | ") + ")"
}
