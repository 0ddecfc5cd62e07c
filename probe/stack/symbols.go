package stack

import (
	"bytes"
	"debug/elf"
	"errors"
	"sort"
	"strings"
)

// A symbolTable holds a module's symbols sorted by address. Names stay in the
// string tables until they are asked for: a module has thousands, a stack needs five.
type symbolTable struct {
	list  []symbol
	names [][]byte
}

type symbol struct {
	addr, size uint64
	name       uint32 // in names[table]
	section    uint16
	table      uint8
	code       bool // a function, or an assembler's label
	global     bool
}

const maxSymbols = 4 << 20

// symbols reads them at the first use: .symtab, else that of the debug file,
// else the dynamic ones and the mini-debuginfo.
func (mod *module) symbols(from source) symbolTable {
	t, _ := mod.syms.get(mod.path, func() (symbolTable, error) {
		var t symbolTable
		if !t.add(mod.elf, mod.data, elf.SHT_SYMTAB) {
			d := mod.debugFile(from)
			if d == nil || d.elf == mod.elf || !t.add(d.elf, d.data, elf.SHT_SYMTAB) {
				t.add(mod.elf, mod.data, elf.SHT_DYNSYM)
				t.addMini(mod)
			}
		}
		sort.SliceStable(t.list, func(i, j int) bool { return t.list[i].addr < t.list[j].addr })
		return t, nil
	})
	return t
}

// add takes the symbols that name code or data in memory.
func (t *symbolTable) add(f *elf.File, data []byte, kind elf.SectionType) bool {
	s := f.SectionByType(kind)
	if s == nil || int(s.Link) >= len(f.Sections) {
		return false
	}
	b, err := sectionData(data, s)
	if err != nil {
		return false
	}
	names, err := sectionData(data, f.Sections[s.Link])
	if err != nil {
		return false
	}
	had := len(t.list)
	c := cursor{b: b}
	for c.more() && len(t.list) < maxSymbols {
		var y symbol
		var info byte
		if f.Class == elf.ELFCLASS32 {
			y.name, y.addr, y.size, info = c.u32(), uint64(c.u32()), uint64(c.u32()), c.u8()
			c.u8()
			y.section = c.u16()
		} else {
			y.name, info = c.u32(), c.u8()
			c.u8()
			y.section, y.addr, y.size = c.u16(), c.u64(), c.u64()
		}
		y.table = uint8(len(t.names))
		if !c.bad && y.wanted(info, names) {
			t.list = append(t.list, y)
		}
	}
	t.names = append(t.names, names)
	return len(t.list) > had
}

// wanted completes y and says whether it can name an address.
func (y *symbol) wanted(info byte, names []byte) bool {
	if y.addr == 0 || y.section == uint16(elf.SHN_UNDEF) || y.section >= uint16(elf.SHN_LORESERVE) ||
		uint64(y.name) >= uint64(len(names)) || names[y.name] == 0 {
		return false
	}
	y.global = elf.ST_BIND(info) != elf.STB_LOCAL
	switch elf.ST_TYPE(info) {
	case elf.STT_FUNC, elf.STT_GNU_IFUNC:
		y.code = true
	case elf.STT_NOTYPE:
		y.code = true
		// "$x" and such mark code and data for arm64's tools, ".L" is the compiler's
		return !bytes.HasPrefix(names[y.name:], []byte("$")) && !bytes.HasPrefix(names[y.name:], []byte(".L"))
	case elf.STT_OBJECT:
	default:
		return false
	}
	return true
}

// name is bounded: a broken string table may have no end.
func (t *symbolTable) name(y symbol) string {
	b := t.names[y.table][y.name:]
	b = b[:min(len(b), 4096)]
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	name, _, _ := strings.Cut(string(b), "@") // .symtab has "write@@GLIBC_2.2.5" for dynamic symbols
	return name
}

var errNoSymbol = errors.New("no symbol")

// find returns the symbol for a link-time address, the way gdb chooses: the
// innermost symbol with a size that covers it; else, for code, the last one
// without a size before it in the same section.
func (t *symbolTable) find(addr uint64, section uint16, code bool) (symbol, error) {
	const nested = 40 // how far back a covering symbol may start
	i := sort.Search(len(t.list), func(i int) bool { return t.list[i].addr > addr })
	var best symbol
	found := errNoSymbol
	for j := i - 1; j >= max(0, i-nested); j-- {
		y := t.list[j]
		switch {
		case code && !y.code, y.size > 0 && addr-y.addr >= y.size:
		case y.size == 0:
			if found != nil && code && section != 0 && y.section == section {
				best, found = y, nil
			}
		case found != nil || best.size == 0 || y.addr == best.addr && y.global && !best.global:
			best, found = y, nil
		}
	}
	return best, found
}

// symbolAt names a link-time address and gives the symbol's own address.
func (mod *module) symbolAt(from source, addr uint64, code bool) (name string, start uint64, err error) {
	defer guard(mod.path, &err)
	t := mod.symbols(from)
	y, err := t.find(addr, mod.sectionOf(addr), code)
	if err != nil {
		return "", 0, err
	}
	return t.name(y), y.addr, nil
}

// sectionOf returns the index of the section that holds addr; 0: none.
func (mod *module) sectionOf(addr uint64) uint16 {
	for i, s := range mod.elf.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 && s.Flags&elf.SHF_TLS == 0 && addr >= s.Addr && addr-s.Addr < s.Size {
			return uint16(i)
		}
	}
	return 0
}
