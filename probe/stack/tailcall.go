package stack

import (
	"bytes"
	"debug/dwarf"
)

const attrGNUTailCall = dwarf.Attr(0x2115)

// A tailCall is a jump out of a function into another, which takes its place
// on the stack.
type tailCall struct {
	entry uint64 // of the other function, as linked
	name  string // instead of entry: a function of another unit
	after uint64 // the address behind the jump, as linked
}

// tailCalls lists those of a function; ok is false if one goes nobody knows where.
func (d *die) tailCalls() (list []tailCall, ok bool) {
	for _, k := range d.kids {
		switch k.e.Tag {
		case tagCallSite, tagGNUCallSite:
			if !k.flag(dwarf.AttrCallTailCall) && !k.flag(attrGNUTailCall) {
				continue
			}
			c, ok := k.tailCall()
			if !ok {
				return nil, false
			}
			list = append(list, c)
		case dwarf.TagLexDwarfBlock, dwarf.TagInlinedSubroutine:
			more, ok := k.tailCalls()
			if !ok {
				return nil, false
			}
			list = append(list, more...)
		}
	}
	return list, true
}

func (d *die) flag(a dwarf.Attr) bool {
	set, _ := d.e.Val(a).(bool)
	return set
}

func (d *die) tailCall() (c tailCall, ok bool) {
	c.after = d.returnAddress()
	f := d.e.AttrField(dwarf.AttrCallOrigin)
	if f == nil {
		f = d.e.AttrField(dwarf.AttrAbstractOrigin) // GNU's
	}
	x, off, ok := d.x.reference(f)
	if !ok {
		return c, false // through a pointer
	}
	e, err := x.entry(off)
	if err != nil {
		return c, false
	}
	if c.entry, ok = e.Val(dwarf.AttrLowpc).(uint64); ok && c.entry != 0 {
		return c, true
	}
	to := &die{x: x, e: e} // declared, in the unit or (LTO) in what it is an instance of
	if c.name = to.text(dwarf.AttrLinkageName); c.name == "" {
		c.name = to.text(dwarf.AttrName)
	}
	return c, c.name != ""
}

// settled reports whether the function at entry runs with the arguments that
// its caller passed: a function that tail calls, one after the other, bring
// back to itself may run with later ones. What cannot be followed counts as
// such, as it does for gdb.
func (mod *module) settled(from source, x *debugInfo, entry uint64) bool {
	x.mu.Lock()
	known, ok := x.settled[entry]
	x.mu.Unlock()
	if ok {
		return known
	}
	known = mod.followTails(from, x, entry)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.settled[entry] = known
	return known
}

func (mod *module) followTails(from source, x *debugInfo, entry uint64) bool {
	const most = 256
	seen := map[uint64]bool{entry: true}
	for todo := []uint64{entry}; len(todo) > 0; {
		at := todo[0]
		todo = todo[1:]
		list, ok := x.tailCallsAt(at)
		if !ok || len(seen) > most {
			return false
		}
		for _, c := range list {
			if c.name != "" {
				y, ok := mod.symbolNamed(from, c.name)
				if !ok {
					continue // of another module: it does not come back by tail calls
				}
				c.entry = y
			}
			if c.entry == entry {
				return false
			}
			if !seen[c.entry] {
				seen[c.entry] = true
				todo = append(todo, c.entry)
			}
		}
	}
	return true
}

// tailCallsAt lists those of the function at entry. One without debug
// information has none that are known.
func (x *debugInfo) tailCallsAt(entry uint64) (list []tailCall, ok bool) {
	defer guard(x.path, new(error)) // ok stays false
	u, err := x.unitAt(entry)
	if u == nil || err != nil {
		return nil, false
	}
	off, ok := x.functionAt(u, entry)
	if !ok {
		return nil, false
	}
	fn, err := x.tree(off)
	if err != nil {
		return nil, false
	}
	return fn.tailCalls()
}

// symbolNamed finds a function of the module by name.
func (mod *module) symbolNamed(from source, name string) (addr uint64, ok bool) {
	t := mod.symbols(from)
	want := append([]byte(name), 0)
	for _, y := range t.list {
		if y.code && bytes.HasPrefix(t.names[y.table][y.name:], want) {
			return y.addr, true
		}
	}
	return 0, false
}
