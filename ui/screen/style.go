package screen

import (
	"strconv"
	"strings"
)

// A style is what SGR sets, with the sixteen colours: attributes as a bit for each
// of 1 to 9, colours by their own numbers, 0 for the terminal's.
type style struct {
	attributes uint16
	fore, back uint8
}

const lastAttribute = 9

// with is the style after an SGR sequence with these parameters. Colours beyond the
// sixteen are left out: the terminal's own is drawn instead.
func (s style) with(parameters string) style {
	for more := true; more; {
		var parameter string
		parameter, parameters, more = strings.Cut(parameters, ";")
		parameter, _, _ = strings.Cut(parameter, ":") // how an underline curls
		n, err := strconv.Atoi(parameter)
		switch {
		case parameter == "":
			s = style{}
		case err != nil || n < 0:
			return s
		case n == 0:
			s = style{}
		case n <= lastAttribute:
			s.attributes |= 1 << n
		case n == 22:
			s.attributes &^= 1<<1 | 1<<2
		case n == 25:
			s.attributes &^= 1<<5 | 1<<6
		case n > 22 && n <= 29:
			s.attributes &^= 1 << (n - 20)
		case n >= 30 && n <= 37, n >= 90 && n <= 97:
			s.fore = uint8(n)
		case n >= 40 && n <= 47, n >= 100 && n <= 107:
			s.back = uint8(n)
		case n == 39:
			s.fore = 0
		case n == 49:
			s.back = 0
		case n == 38 || n == 48:
			// How many parameters belong to it nobody can say for sure (5;n or 2;r;g;b,
			// or after colons): what follows is left out as well.
			return s
		}
	}
	return s
}

// append writes the SGR sequence that leads from one style to this one.
func (s style) append(out []byte, from style) []byte {
	out = append(out, "\x1b["...)
	if s == (style{}) {
		return append(out, 'm')
	}
	first := true
	code := func(n int) {
		if !first {
			out = append(out, ';')
		}
		out, first = strconv.AppendInt(out, int64(n), 10), false
	}
	if from != (style{}) {
		code(0)
	}
	for n := 1; n <= lastAttribute; n++ {
		if s.attributes&(1<<n) != 0 {
			code(n)
		}
	}
	if s.fore != 0 {
		code(int(s.fore))
	}
	if s.back != 0 {
		code(int(s.back))
	}
	return append(out, 'm')
}
