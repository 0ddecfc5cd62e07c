package stack

import (
	"debug/dwarf"
	"fmt"
	"strings"
)

// pointer prints an address, the symbol there, and the string it points to.
func (w *walk) pointer(t *ctype, addr uint64) string {
	if addr == 0 {
		return "0x0"
	}
	s := fmt.Sprintf("%#x", addr)
	e := t.elem().plain()
	if name := w.symbol(addr, e != nil && e.tag == dwarf.TagSubroutineType); name != "" {
		s += " <" + name + ">"
	}
	if e.text() {
		s += " " + w.text(addr)
	}
	return s
}

// symbol names an address within a function or a static variable: "name+8".
func (w *walk) symbol(addr uint64, code bool) string {
	mod, bias := w.proc.owner(addr)
	if mod == nil {
		return ""
	}
	name, start, err := mod.symbolAt(w.proc.from, addr-bias, code)
	switch {
	case err != nil:
		return ""
	case addr-bias == start:
		return name
	}
	return fmt.Sprintf("%s+%d", name, addr-bias-start)
}

const (
	maxText = 200 // bytes of a string that are shown, as in gdb
	repeats = 10  // more of one byte in a row are counted instead
)

// text reads a string out of the process and quotes it.
func (w *walk) text(addr uint64) string {
	const step = 64 // aligned, so that a read never crosses into a page that is not there
	var buf []byte
	ended := false
	for at := addr; len(buf) <= maxText && !ended; {
		part := make([]byte, step-at%step)
		if w.mem.read(part, at) != nil {
			if len(buf) == 0 {
				return noAccess(addr)
			}
			return quote(buf, false) + noAccess(at)
		}
		for i, c := range part {
			if c == 0 {
				part, ended = part[:i], true
				break
			}
		}
		buf = append(buf, part...)
		at += uint64(step - at%step)
	}
	if len(buf) > maxText {
		return quote(buf[:maxText], true)
	}
	return quote(buf, false)
}

// quote writes a C string as gdb does: runs of one byte are counted.
func quote(b []byte, cut bool) string {
	var out strings.Builder
	open := false
	start := func() {
		if !open {
			if out.Len() > 0 {
				out.WriteString(", ")
			}
			out.WriteByte('"')
			open = true
		}
	}
	end := func() {
		if open {
			out.WriteByte('"')
			open = false
		}
	}
	for i := 0; i < len(b); {
		n := 1
		for i+n < len(b) && b[i+n] == b[i] {
			n++
		}
		if n > repeats {
			end()
			if out.Len() > 0 {
				out.WriteString(", ")
			}
			fmt.Fprintf(&out, "%s <repeats %d times>", quoteByte(b[i]), n)
			i += n
			continue
		}
		for range n {
			start()
			out.WriteString(escape(b[i], '"'))
		}
		i += n
	}
	if len(b) == 0 {
		start()
	}
	end()
	if cut {
		out.WriteString("...")
	}
	return out.String()
}

func quoteByte(c byte) string { return "'" + escape(c, '\'') + "'" }

func escape(c, quote byte) string {
	switch c {
	case quote, '\\':
		return `\` + string(rune(c))
	case '\n':
		return `\n`
	case '\t':
		return `\t`
	case '\r':
		return `\r`
	case '\a':
		return `\a`
	case '\b':
		return `\b`
	case '\v':
		return `\v`
	case '\f':
		return `\f`
	}
	if c < ' ' || c >= 0x7f {
		return fmt.Sprintf(`\%03o`, c)
	}
	return string(rune(c))
}
