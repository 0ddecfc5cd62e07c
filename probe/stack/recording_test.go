package stack

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"testing"

	"cyrlock/evidence"
)

// A recording is a process out of a core file: the same unwinding without the
// process, and for machines that this one is not.
type recording struct {
	files map[string]string // path in the map → file
	loads []recorded
}

type recorded struct {
	addr uint64
	data []byte
}

func (r recording) read(b []byte, addr uint64) error {
	for _, l := range r.loads {
		if addr >= l.addr && addr+uint64(len(b)) <= l.addr+uint64(len(l.data)) {
			copy(b, l.data[addr-l.addr:])
			return nil
		}
	}
	return fmt.Errorf("no memory recorded at %#x", addr)
}

func (r recording) open(m Mapping) (file, error) {
	path, ok := r.files[m.Path]
	if !ok {
		return file{}, os.ErrNotExist
	}
	return reader{}.regular(path, path)
}

func (recording) here(path string) (file, error) { return reader{}.regular(path, path) }

func (recording) separate(string) (file, error) { return file{}, os.ErrNotExist }

// readCore reads registers and memory of a core file, whose program was linked
// for the addresses it ran at.
func readCore(t *testing.T, core, exe string) (recording, []Mapping, []byte) {
	t.Helper()
	r := recording{files: map[string]string{exe: exe}}
	var maps []Mapping
	var registers []byte
	f, err := elf.Open(core)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		data := make([]byte, p.Filesz)
		if _, err := p.ReadAt(data, 0); err != nil && len(data) > 0 {
			t.Fatal(err)
		}
		switch p.Type {
		case elf.PT_LOAD:
			r.loads = append(r.loads, recorded{p.Vaddr, data})
			if p.Flags&elf.PF_X == 0 {
				maps = append(maps, Mapping{Lo: p.Vaddr, Hi: p.Vaddr + p.Memsz, Write: true})
			}
		case elf.PT_NOTE:
			registers = prstatus(data)
		}
	}
	x, err := elf.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for _, p := range x.Progs {
		if p.Type == elf.PT_LOAD && p.Flags&elf.PF_X != 0 {
			maps = append(maps, Mapping{Lo: p.Vaddr &^ 0xfff, Hi: (p.Vaddr + p.Memsz + 0xfff) &^ 0xfff,
				Offset: p.Off &^ 0xfff, Exec: true, Inode: 1, Path: exe})
		}
	}
	text := fmt.Appendf(nil, "")
	for _, m := range maps {
		perm := "r--p"
		if m.Write {
			perm = "rw-p"
		} else if m.Exec {
			perm = "r-xp"
		}
		text = fmt.Appendf(text, "%x-%x %s %x fe:00 %d %s\n", m.Lo, m.Hi, perm, m.Offset, m.Inode, m.Path)
	}
	if maps, err = parseMaps(text); err != nil {
		t.Fatal(err)
	}
	return r, maps, registers
}

// prstatus finds the general registers of the first thread in a core's notes:
// 112 bytes into struct elf_prstatus on 64-bit machines.
func prstatus(notes []byte) []byte {
	c := cursor{b: notes}
	for c.more() {
		n, size, kind := c.u32(), c.u32(), c.u32()
		c.bytes(uint64(n+3) &^ 3)
		desc := c.bytes(uint64(size+3) &^ 3)
		if kind == 1 && len(desc) > 112+34*8 {
			return desc[112 : 112+34*8]
		}
	}
	return nil
}

// replay unwinds a recording.
func replay(o Options, from source, maps []Mapping, set []byte) ([]evidence.Frame, error) {
	t := New(o)
	defer t.Close()
	m, regs, err := decodeRegisters(set)
	if err != nil {
		return nil, err
	}
	sp, _ := regs.get(m.sp)
	p := t.process(from, maps)
	w := p.walk(m, follow(from, maps, sp, make([]byte, maxStack)))
	err = w.run(regs)
	return w.named(), errors.Join(err, w.broken())
}
