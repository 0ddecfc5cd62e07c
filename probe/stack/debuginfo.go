package stack

import (
	"debug/dwarf"
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/dwarf/loclist"
)

// debugInfo is one file's DWARF, with the file that dwz moved common parts to.
type debugInfo struct {
	path     string
	data     *dwarf.Data
	alt      *debugInfo
	str      []byte
	loclists []byte
	loc2     *loclist.Dwarf2Reader // DWARF 2–4
	loc5     *loclist.Dwarf5Reader
	addrs    *godwarf.DebugAddrSection
	units    []unit      // by offset
	ranges   []unitRange // by address, from .debug_aranges
	rest     once[[]unitRange]
	word     int

	mu      sync.Mutex
	loaded  map[dwarf.Offset]*loadedUnit
	types   map[dwarf.Offset]*ctype
	settled map[uint64]bool // by a function's entry, see module.settled
}

// A unit is a compilation unit's header in .debug_info.
type unit struct {
	off, die dwarf.Offset
	version  int
}

type unitRange struct {
	lo, hi uint64
	unit   dwarf.Offset
}

// libcName tells the C library, whose debug information is large and whose
// frames are known by name: its lines are read only when they are asked for.
func libcName(path string) bool {
	base := filepath.Base(path)
	for _, prefix := range []string{"libc.so", "libc-2", "libpthread", "ld-linux", "ld-2", "ld.so", "ld-musl"} {
		if strings.HasPrefix(base, prefix) {
			return true
		}
	}
	return false
}

// info returns nil where the module has no debug information.
func (mod *module) info(from source) (*debugInfo, error) {
	return mod.dwarf.get(mod.path, func() (*debugInfo, error) {
		d := mod.debugFile(from)
		if d == nil || !hasDebugInfo(d.elf) {
			return nil, nil
		}
		info, err := loadInfo(d, mod.machine.word)
		if err != nil {
			return nil, fmt.Errorf("%s: debug information: %w", d.path, err)
		}
		if alt := d.alternative(from); alt != nil {
			info.alt, _ = loadInfo(alt, mod.machine.word) // without it some names are missing
		}
		return info, nil
	})
}

func loadInfo(d *debugFile, word int) (info *debugInfo, err error) {
	defer guard(d.path, &err)
	section := func(name string) []byte { return debugSection(d.elf, d.data, name) }
	body := section("info")
	info = &debugInfo{path: d.path, word: word, str: section("str"), loclists: section("loclists"),
		loaded: map[dwarf.Offset]*loadedUnit{}, types: map[dwarf.Offset]*ctype{}, settled: map[uint64]bool{}}
	info.data, err = dwarf.New(section("abbrev"), nil, nil, body, section("line"), nil, section("ranges"), info.str)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"addr", "line_str", "str_offsets", "rnglists"} {
		if b := section(name); b != nil {
			if err := info.data.AddSection(".debug_"+name, b); err != nil {
				return nil, err
			}
		}
	}
	info.loc2 = loclist.NewDwarf2Reader(section("loc"), word)
	if len(info.loclists) > 8 {
		info.loc5 = loclist.NewDwarf5Reader(info.loclists)
	}
	if b := section("addr"); len(b) > 8 {
		info.addrs = godwarf.ParseAddr(b)
	}
	info.units = parseUnits(body)
	info.ranges = parseAranges(section("aranges"))
	return info, nil
}

const maxUnits = 1 << 20

// parseUnits lists the compilation units (DWARF 5, 7.5.1). Type units are left out.
func parseUnits(b []byte) []unit {
	const (
		compile  = 1
		partial  = 3
		skeleton = 4
	)
	var units []unit
	for pos := 0; pos < len(b) && len(units) < maxUnits; {
		c := cursor{b: b, pos: pos}
		n, size := uint64(c.u32()), 4
		if n == 0xffffffff {
			n, size = c.u64(), 8
		}
		start := c.pos
		u := unit{off: dwarf.Offset(pos), version: int(c.u16())}
		kind := byte(compile)
		if u.version >= 5 {
			kind = c.u8()
			c.u8()
			c.bytes(uint64(size))
		} else {
			c.bytes(uint64(size))
			c.u8()
		}
		if kind == skeleton {
			c.u64()
		}
		if c.bad || n > uint64(len(b)-start) {
			break
		}
		u.die = dwarf.Offset(c.pos)
		if kind == compile || kind == partial || kind == skeleton {
			units = append(units, u)
		}
		pos = start + int(n)
	}
	return units
}

const maxRanges = 4 << 20

// parseAranges reads .debug_aranges: which addresses belong to which unit.
func parseAranges(b []byte) []unitRange {
	var ranges []unitRange
	for pos := 0; pos < len(b) && len(ranges) < maxRanges; {
		c := cursor{b: b, pos: pos}
		n := c.u32()
		if n == 0xffffffff || c.bad || uint64(n) > uint64(len(b)-c.pos) {
			break
		}
		end := c.pos + int(n)
		c.b = b[:end]
		c.u16()
		unit := dwarf.Offset(c.u32())
		word := int(c.u8())
		c.u8()
		if word != 4 && word != 8 {
			break
		}
		if odd := (c.pos - pos) % (2 * word); odd != 0 {
			c.bytes(uint64(2*word - odd))
		}
		for c.more() {
			lo, n := c.word(word), c.word(word)
			if n != 0 && lo+n > lo && !c.bad {
				ranges = append(ranges, unitRange{lo, lo + n, unit})
			}
		}
		pos = end
	}
	sortRanges(ranges)
	return ranges
}

func sortRanges(r []unitRange) {
	slices.SortStableFunc(r, func(a, b unitRange) int {
		switch {
		case a.lo < b.lo:
			return -1
		case a.lo > b.lo:
			return 1
		}
		return 0
	})
}

func searchRanges(r []unitRange, pc uint64) (dwarf.Offset, bool) {
	i := sort.Search(len(r), func(i int) bool { return r[i].lo > pc }) - 1
	if i >= 0 && pc < r[i].hi {
		return r[i].unit, true
	}
	return 0, false
}

// unitAt finds the unit of a pc: by .debug_aranges, which GCC writes, else by
// the ranges of the units themselves.
func (x *debugInfo) unitAt(pc uint64) (*loadedUnit, error) {
	off, ok := searchRanges(x.ranges, pc)
	if !ok {
		rest, _ := x.rest.get(x.path, func() ([]unitRange, error) { return x.readRanges(), nil })
		if off, ok = searchRanges(rest, pc); !ok {
			return nil, nil
		}
	}
	i := sort.Search(len(x.units), func(i int) bool { return x.units[i].off >= off })
	if i == len(x.units) || x.units[i].off != off {
		return nil, fmt.Errorf("%s: no unit at %#x", x.path, uint32(off))
	}
	return x.load(x.units[i])
}

func (x *debugInfo) readRanges() []unitRange {
	var out []unitRange
	for _, u := range x.units {
		e, err := x.entry(u.die)
		if err != nil || e.Tag == dwarf.TagPartialUnit || len(out) > maxRanges {
			continue
		}
		spans, err := x.data.Ranges(e)
		if err != nil {
			continue
		}
		for _, s := range spans {
			if s[0] < s[1] && s[0] != 0 {
				out = append(out, unitRange{s[0], s[1], u.off})
			}
		}
	}
	sortRanges(out)
	return out
}

// entry reads one DIE.
func (x *debugInfo) entry(off dwarf.Offset) (*dwarf.Entry, error) {
	r := x.data.Reader()
	r.Seek(off)
	e, err := r.Next()
	if err == nil && (e == nil || e.Tag == 0) {
		err = fmt.Errorf("%s: no entry at %#x", x.path, uint32(off))
	}
	return e, err
}
