package stack

import "debug/dwarf"

// A place is what is known of one pc in a module. It is the same in every
// process, so it is found once; only the values of arguments differ.
type place struct {
	calls  []call // the innermost inlined one first; the last is the function itself
	name   string // symbol; "" for none
	known  bool   // the debug information describes the function
	entry  uint64 // of the function, as linked
	info   *debugInfo
	unit   dwarf.Offset // of info
	base   []byte       // expression for DW_OP_fbreg
	site   *callSite
	broken error // debug information that could not be read
}

// A call is one function at a place.
type call struct {
	name   string
	file   string
	line   int
	params []param
}

// A param is a parameter and where it is at this place.
type param struct {
	name    string
	typ     *ctype
	expr    []byte // location; nil: optimized out
	entry   []byte // where it was when the function began, if that is one register
	value   []byte // constant, if has is set
	has     bool
	problem error
}

const maxPlaces = 1 << 14 // in one module's cache

// placeAt describes a link-time pc. Names come from the debug information,
// else from the symbols.
func (mod *module) placeAt(from source, pc uint64, o Options) *place {
	mod.mu.Lock()
	p := mod.places[pc]
	mod.mu.Unlock()
	if p != nil {
		return p
	}
	p = &place{}
	if o.LibcLines || !libcName(mod.path) {
		p.broken = mod.describe(from, pc, p, !o.NoArgs)
	}
	if !p.known {
		p.name, p.entry, _ = mod.symbolAt(from, pc, true)
	}
	mod.mu.Lock()
	defer mod.mu.Unlock()
	if len(mod.places) >= maxPlaces {
		clear(mod.places)
	}
	mod.places[pc] = p
	return p
}

// describe fills p from the debug information.
func (mod *module) describe(from source, pc uint64, p *place, args bool) (err error) {
	defer guard(mod.path, &err)
	x, err := mod.info(from)
	if x == nil {
		return err
	}
	u, err := x.unitAt(pc)
	if u == nil {
		return err
	}
	file, line := x.lineAt(u, pc)
	off, ok := x.functionAt(u, pc)
	if !ok { // assembler has lines, but no functions
		p.calls = []call{{file: file, line: line}}
		return nil
	}
	fn, err := x.tree(off)
	if err != nil {
		return err
	}
	lines := x.lineTable(u)
	for _, d := range fn.inlined(pc) {
		c := call{name: d.text(dwarf.AttrName), file: file, line: line}
		if args {
			c.params = x.params(u, d, pc)
		}
		p.calls = append(p.calls, c)
		// what it was inlined into continues at the place of the call
		if n, ok := d.e.Val(dwarf.AttrCallFile).(int64); ok {
			file = u.short(lines.file(int(n)))
		}
		if n, ok := d.e.Val(dwarf.AttrCallLine).(int64); ok {
			line = int(n)
		}
	}
	p.info, p.unit = x, u.off
	p.known, p.entry, p.base = true, fn.entry(), fn.block(dwarf.AttrFrameBase, dwarf.AttrFrameBase)
	p.site = fn.siteOf(pc + 1) // pc is the last byte of the call
	return nil
}

// params lists the parameters of a function at pc, with those that the
// compiler dropped from this instance of it.
func (x *debugInfo) params(u *loadedUnit, d *die, pc uint64) []param {
	var out []param
	have := map[dwarf.Offset]bool{}
	physical := d.e.Tag == dwarf.TagSubprogram
	for _, k := range d.kids {
		if k.e.Tag != dwarf.TagFormalParameter {
			continue
		}
		out = append(out, x.param(u, d, k, pc, physical))
		if o := k.up(); o != nil {
			have[o.e.Offset] = true
		}
	}
	o := d.up()
	if o == nil {
		return out
	}
	if full, err := o.x.tree(o.e.Offset); err == nil {
		for _, k := range full.kids {
			if k.e.Tag == dwarf.TagFormalParameter && !have[k.e.Offset] {
				out = append(out, param{name: k.text(dwarf.AttrName)})
			}
		}
	}
	return out
}

func (x *debugInfo) param(u *loadedUnit, d, k *die, pc uint64, physical bool) param {
	p := param{name: k.text(dwarf.AttrName)}
	if f, y := k.field(dwarf.AttrType); f != nil {
		if z, off, ok := y.reference(f); ok {
			p.typ = z.typeAt(off)
		}
	}
	if f, _ := k.field(dwarf.AttrConstValue); f != nil {
		switch v := f.Val.(type) {
		case int64:
			p.value, p.has = constant(uint64(v))[1:], true
		case []byte:
			p.value, p.has = v, true
		}
		if p.has {
			return p
		}
	}
	p.expr, p.problem = x.location(u, k, pc)
	if physical {
		if e, err := x.location(u, k, d.entry()); err == nil && len(e) == 1 && e[0] >= opReg0 && e[0] <= opReg31 {
			p.entry = e
		}
	}
	return p
}
