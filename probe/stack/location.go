package stack

import (
	"debug/dwarf"
	"encoding/binary"
	"fmt"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/dwarf/loclist"
)

// location returns the expression that holds at pc of a variable's
// DW_AT_location; nil: optimized out.
func (x *debugInfo) location(u *loadedUnit, k *die, pc uint64) (expr []byte, err error) {
	defer guard(x.path, &err)
	f := k.e.AttrField(dwarf.AttrLocation)
	if f == nil {
		return nil, nil
	}
	var off int64
	switch v := f.Val.(type) {
	case []byte:
		return v, nil
	case int64:
		off = v
	case uint64:
		off = int64(v)
	default:
		return nil, nil
	}
	if f.Class == dwarf.ClassLocList { // DW_FORM_loclistx: an index
		if off, err = x.listOffset(u, off); err != nil {
			return nil, err
		}
	}
	var e *loclist.Entry
	switch {
	case off < 0:
		return nil, fmt.Errorf("%s: bad location list", x.path)
	case u.version >= 5 && x.loc5 != nil:
		var addrs *godwarf.DebugAddr
		if base, ok := u.entry.Val(dwarf.AttrAddrBase).(int64); ok {
			addrs = x.addrs.GetSubsection(uint64(base))
		}
		// as linked throughout: the reader does not add a static base everywhere
		e, err = x.loc5.Find(int(off), 0, u.lowpc, pc, addrs)
	case !x.loc2.Empty():
		e, err = x.loc2.Find(int(off), 0, u.lowpc, pc, nil)
	}
	if err != nil || e == nil {
		return nil, err
	}
	return e.Instr, nil
}

func (x *debugInfo) listOffset(u *loadedUnit, index int64) (int64, error) {
	base, ok := u.entry.Val(dwarf.AttrLoclistsBase).(int64)
	if !ok || index < 0 || base < 0 || index > int64(len(x.loclists)) {
		return 0, fmt.Errorf("%s: location list %d without a base", x.path, index)
	}
	b := span(x.loclists, uint64(base+4*index), 4)
	if b == nil {
		return 0, fmt.Errorf("%s: location list %d lies outside", x.path, index)
	}
	return base + int64(binary.LittleEndian.Uint32(b)), nil
}
