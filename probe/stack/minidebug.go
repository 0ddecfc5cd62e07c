package stack

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

const (
	maxMini       = 64 << 20 // bytes unpacked
	maxDictionary = 64 << 20 // xz -9 uses all of it
)

// addMini adds the symbols of .gnu_debugdata: an ELF file in xz, in which
// Fedora and its kin keep the names of static functions of stripped programs.
func (t *symbolTable) addMini(mod *module) {
	s := mod.elf.Section(".gnu_debugdata")
	if s == nil {
		return
	}
	packed, err := sectionData(mod.data, s)
	if err != nil {
		return
	}
	data, err := unxz(packed)
	if err != nil {
		return
	}
	if f, err := elf.NewFile(bytes.NewReader(data)); err == nil {
		t.add(f, data, elf.SHT_SYMTAB)
	}
}

var errXZ = errors.New("not an xz stream of one LZMA2 block")

// unxz reads the first block of an xz stream (the .xz file format, 2.1 and
// 3.1). It reads the container itself, because a header may ask for a
// dictionary of 4 GB, which a reader of the whole format would allocate.
func unxz(b []byte) ([]byte, error) {
	const (
		magic      = "\xfd7zXZ\x00"
		headerSize = 12
		filters    = 0x03 // in the block's flags: number of filters less one
		reserved   = 0x3c
		hasPacked  = 0x40
		hasSize    = 0x80
		lzma2      = 0x21
	)
	if len(b) <= headerSize || string(b[:len(magic)]) != magic {
		return nil, errXZ
	}
	header := cursor{b: b[headerSize:min(len(b), headerSize+(int(b[headerSize])+1)*4)]}
	header.u8()
	flags := header.u8()
	if flags&(filters|reserved) != 0 {
		return nil, errXZ
	}
	if flags&hasPacked != 0 {
		header.uleb()
	}
	if flags&hasSize != 0 {
		header.uleb()
	}
	filter, properties, dictionary := header.uleb(), header.uleb(), header.u8()
	if header.bad || b[headerSize] == 0 || filter != lzma2 || properties != 1 || dictionary > 40 {
		return nil, errXZ
	}
	size := uint64(2|dictionary&1) << (dictionary/2 + 11)
	if size > maxDictionary {
		return nil, fmt.Errorf("xz dictionary of %d bytes", size)
	}
	r, err := lzma.Reader2Config{DictCap: int(size)}.NewReader2(bytes.NewReader(b[headerSize+len(header.b):]))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(r, maxMini+1))
	if err == nil && len(out) > maxMini {
		err = fmt.Errorf("xz: more than %d bytes unpacked", maxMini)
	}
	return out, err
}
