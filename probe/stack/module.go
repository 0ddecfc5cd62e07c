package stack

import (
	"bytes"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sys/unix"
)

// A module is one ELF file, shared by all processes that have it mapped.
// Everything in it may be broken; its methods return errors and never panic.
type module struct {
	path    string
	elf     *elf.File
	data    []byte // the whole file; a mapping, but for the vdso
	mapped  bool
	machine *machine
	buildID string
	loads   []segment

	frames frameTable
	syms   once[symbolTable]
	debug  once[*debugFile]
	dwarf  once[*debugInfo]

	mu     sync.Mutex
	rows   map[uint64]unwound
	places map[uint64]*place
}

// A segment is a PT_LOAD.
type segment struct {
	addr, off, size uint64
	memory          uint64 // size in memory: what is beyond the file is zero at first (.bss)
	exec            bool
}

const maxModule = 8 << 30 // bytes of a file; mapping costs no memory until it is read

// openModule maps the file. It may be closed afterwards.
func openModule(path string, f file) (*module, error) {
	data, err := mapFile(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	m, err := newModule(path, data)
	if err != nil {
		unix.Munmap(data)
		return nil, err
	}
	m.mapped = true
	return m, nil
}

func mapFile(f file) ([]byte, error) {
	if f.id.size <= 0 || f.id.size > maxModule {
		return nil, fmt.Errorf("file of %d bytes", f.id.size)
	}
	return unix.Mmap(int(f.Fd()), 0, int(f.id.size), unix.PROT_READ, unix.MAP_PRIVATE)
}

func newModule(path string, data []byte) (m *module, err error) {
	defer guard(path, &err)
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if f.Data != elf.ELFDATA2LSB {
		return nil, fmt.Errorf("%s: big-endian ELF is not supported", path)
	}
	m = &module{path: path, elf: f, data: data, machine: machineOf(f.Machine),
		rows: map[uint64]unwound{}, places: map[uint64]*place{}}
	if m.machine == nil {
		return nil, fmt.Errorf("%s: machine %v is not supported", path, f.Machine)
	}
	for _, p := range f.Progs {
		switch p.Type {
		case elf.PT_LOAD:
			m.loads = append(m.loads, segment{p.Vaddr, p.Off, p.Filesz, p.Memsz, p.Flags&elf.PF_X != 0})
		case elf.PT_GNU_EH_FRAME:
			m.frames.header = p.Vaddr
		}
	}
	m.buildID = buildID(f, data)
	return m, nil
}

// errBroken wraps what a panic said: an unforeseen kind of broken file, or one
// that was truncated under its mapping (SIGBUS).
var errBroken = errors.New("broken file")

// guard turns a panic into an error. It is the last resort at a module's border.
func guard(path string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%s: %w: %v", path, errBroken, r)
	}
}

// once computes a value at the first use. A panic on the way leaves the zero
// value and an error, and is not tried again.
type once[T any] struct {
	do  sync.Once
	v   T
	err error
}

func (o *once[T]) get(path string, f func() (T, error)) (T, error) {
	o.do.Do(func() {
		defer guard(path, &o.err)
		o.v, o.err = f()
	})
	return o.v, o.err
}

// page is the largest page size of any machine here: segments may be mapped
// from up to one page before their start.
const page = 64 << 10

// bias is what to add to link-time addresses in the mapping m.
func (mod *module) bias(m Mapping) (uint64, bool) {
	if m.Path == vdso && len(mod.loads) > 0 {
		return m.Lo - mod.loads[0].addr&^0xfff, true
	}
	for _, s := range mod.loads {
		if m.Offset >= s.off&^(page-1) && m.Offset < s.off+s.size && (s.exec || !m.Exec) {
			return m.Lo - (s.addr + m.Offset - s.off), true
		}
	}
	return 0, false
}

// at returns the file's bytes from a link-time address to the end of its
// segment; nil where the file has none.
func (mod *module) at(addr uint64) []byte {
	for _, s := range mod.loads {
		if addr < s.addr || addr-s.addr >= s.size {
			continue
		}
		end := s.off + s.size
		if end < s.off || end > uint64(len(mod.data)) {
			return nil
		}
		return mod.data[s.off+addr-s.addr : end]
	}
	return nil
}

// holds reports whether a link-time address belongs to a segment, .bss included.
func (mod *module) holds(addr uint64) bool {
	for _, s := range mod.loads {
		if addr >= s.addr && addr-s.addr < s.memory {
			return true
		}
	}
	return false
}

func (mod *module) close() {
	if mod.mapped {
		unix.Munmap(mod.data)
	}
	if mod.debug.v != nil {
		mod.debug.v.close()
	}
}

// buildID finds the GNU build-id, in hex, or returns "".
func buildID(f *elf.File, data []byte) string {
	for _, p := range f.Progs {
		if p.Type == elf.PT_NOTE {
			if id := noteID(span(data, p.Off, p.Filesz)); id != "" {
				return id
			}
		}
	}
	// A separate debug file's segments describe the stripped file, not itself.
	if s := f.Section(".note.gnu.build-id"); s != nil && s.Type == elf.SHT_NOTE {
		return noteID(span(data, s.Offset, s.FileSize))
	}
	return ""
}

func noteID(b []byte) string {
	c := cursor{b: b}
	for c.more() {
		nameSize, idSize, kind := c.u32(), c.u32(), c.u32()
		name := c.bytes((uint64(nameSize) + 3) &^ 3)
		id := c.bytes((uint64(idSize) + 3) &^ 3)
		if c.bad {
			break
		}
		const ntGNUBuildID = 3
		if kind == ntGNUBuildID && nameSize == 4 && string(name) == "GNU\x00" && idSize <= 64 {
			return hex.EncodeToString(id[:idSize])
		}
	}
	return ""
}

// span is data[off:off+n], or nil where data is shorter.
func span(data []byte, off, n uint64) []byte {
	if off > uint64(len(data)) || n > uint64(len(data))-off {
		return nil
	}
	return data[off : off+n : off+n]
}
