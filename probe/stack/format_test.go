package stack

import (
	"debug/dwarf"
	"encoding/binary"
	"math"
	"strings"
	"testing"
)

func base(encode, size int64) *ctype {
	return &ctype{tag: dwarf.TagBaseType, encode: encode, size: size}
}

func raw(parts ...uint64) value {
	var b []byte
	for _, p := range parts {
		b = binary.LittleEndian.AppendUint64(b, p)
	}
	return value{bytes: b}
}

func TestFormat(t *testing.T) {
	colors := &ctype{tag: dwarf.TagEnumerationType, size: 4, enums: []enumerator{{"NONE", 0}, {"RED", 1}, {"GREEN", 2}, {"BOTH", 12}}}
	errnos := &ctype{tag: dwarf.TagEnumerationType, size: 4, enums: []enumerator{{"BAD", -1}, {"FIVE", 5}}}
	ring := &ctype{tag: dwarf.TagTypedef}
	ring.x, ring.of = &debugInfo{types: map[dwarf.Offset]*ctype{7: ring}}, 7
	minusOne := ^uint64(0)
	for _, c := range []struct {
		typ  *ctype
		v    value
		want string
	}{
		{base(encodeSigned, 4), raw(minusOne), "-1"},
		{base(encodeSigned, 2), raw(0x18000), "-32768"},
		{base(7, 4), raw(minusOne), "4294967295"},
		{base(7, 8), raw(minusOne), "18446744073709551615"},
		{base(encodeBoolean, 1), raw(0x100), "false"},
		{base(encodeBoolean, 1), raw(1), "true"},
		{base(encodeBoolean, 1), raw(7), "7"},
		{base(encodeSignedChar, 1), raw('a'), "97 'a'"},
		{base(encodeSignedChar, 1), raw(0xf9), `-7 '\371'`},
		{base(encodeUnsignedChar, 1), raw(0xf9), `249 '\371'`},
		{base(encodeUnsignedChar, 1), raw('\''), `39 '\''`},
		{base(encodeFloat, 8), raw(math.Float64bits(1.5)), "1.5"},
		{base(encodeFloat, 8), raw(math.Float64bits(0.1)), "0.10000000000000001"},
		{base(encodeFloat, 4), raw(uint64(math.Float32bits(0.1))), "0.100000001"},
		{base(encodeFloat, 8), raw(math.Float64bits(1e20)), "1e+20"},
		{base(encodeFloat, 8), raw(math.Float64bits(math.Inf(-1))), "-inf"},
		{base(encodeFloat, 16), raw(0xc000000000000000, 0x3fff), "1.5"},
		{base(encodeSigned, 16), raw(minusOne, minusOne), "-1"},
		{base(7, 16), raw(0, 1), "18446744073709551616"},
		{colors, raw(2), "GREEN"},
		{colors, raw(3), "(RED | GREEN)"},
		{colors, raw(0x103), "(RED | GREEN | unknown: 0x100)"},
		{errnos, raw(0xffffffff), "BAD"},
		{errnos, raw(6), "6"},
		{&ctype{tag: dwarf.TagStructType, size: 8}, raw(1), "..."},
		{&ctype{tag: dwarf.TagPointerType, size: 8}, raw(0), "0x0"},
		{&ctype{tag: dwarf.TagPointerType}, raw(0x1234), "0x1234"},
		{ring, raw(1), unknownValue},
		{nil, raw(1), unknownValue},
		{base(encodeSigned, 1<<40), raw(1), unknownValue},
		{base(encodeSigned, 4), value{memory: true, addr: 0x10}, "<error: Cannot access memory at address 0x10>"},
	} {
		w := &walk{machine: amd64(), mem: &memory{from: recording{}, whole: true}, proc: &process{}}
		if got := w.format(c.typ, c.v); got != c.want {
			t.Errorf("%+v of %+v: %s, want %s", c.typ, c.v, got, c.want)
		}
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"":                             `""`,
		"user.jwade":                   `"user.jwade"`,
		"a\"b\\c\n\t\x1b\xff'":         `"a\"b\\c\n\t\033\377'"`,
		strings.Repeat("x", 10):        `"xxxxxxxxxx"`,
		strings.Repeat("x", 11):        `'x' <repeats 11 times>`,
		"ab" + strings.Repeat("x", 20): `"ab", 'x' <repeats 20 times>`,
		strings.Repeat("x", 20) + "ab": `'x' <repeats 20 times>, "ab"`,
		"a" + strings.Repeat("'", 12):  `"a", '\'' <repeats 12 times>`,
		strings.Repeat("xy", 20):       `"` + strings.Repeat("xy", 20) + `"`,
	} {
		if got := quote([]byte(in), false); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	if got := quote([]byte("abc"), true); got != `"abc"...` {
		t.Error(got)
	}
}

func TestTextIsCutAndBounded(t *testing.T) {
	from := recording{loads: []recorded{{0x1000, []byte(strings.Repeat("0123456789", 100))}, {0x2000, []byte("ends at a page")}}}
	w := &walk{machine: amd64(), mem: &memory{from: from, whole: true}, proc: &process{}}
	if got, want := w.text(0x1003), `"`+strings.Repeat("3456789012", 20)+`"...`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := w.text(0x3000); got != "<error: Cannot access memory at address 0x3000>" {
		t.Error(got)
	}
}
