package stack

import (
	"bytes"
	"compress/zlib"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxUnpacked bounds what a compressed section may grow to: a few KB of zlib
// can announce, and deliver, gigabytes.
const maxUnpacked = 256 << 20

var errNoData = errors.New("no data")

// sectionData returns a section's bytes: a part of data, which is the whole
// file, where it is not compressed. SHF_COMPRESSED may be zlib or zstd.
func sectionData(data []byte, s *elf.Section) ([]byte, error) {
	if s.Type == elf.SHT_NOBITS {
		return nil, fmt.Errorf("%s: %w", s.Name, errNoData)
	}
	if s.Flags&elf.SHF_COMPRESSED != 0 {
		return unpack(s.Name, s.Open())
	}
	b := span(data, s.Offset, s.FileSize)
	if b == nil {
		return nil, fmt.Errorf("%s: lies outside the file", s.Name)
	}
	if strings.HasPrefix(s.Name, ".zdebug_") {
		return unpackOld(s.Name, b)
	}
	return b, nil
}

// unpackOld reads the GNU form: "ZLIB", the size in 8 bytes big-endian, zlib.
func unpackOld(name string, b []byte) ([]byte, error) {
	if len(b) < 12 || string(b[:4]) != "ZLIB" {
		return nil, fmt.Errorf("%s: no ZLIB header", name)
	}
	if n := binary.BigEndian.Uint64(b[4:]); n > maxUnpacked {
		return nil, fmt.Errorf("%s: %d bytes unpacked are too many", name, n)
	}
	z, err := zlib.NewReader(bytes.NewReader(b[12:]))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return unpack(name, z)
}

func unpack(name string, r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxUnpacked+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(b) > maxUnpacked {
		return nil, fmt.Errorf("%s: more than %d bytes unpacked", name, maxUnpacked)
	}
	return b, nil
}

// debugSection finds .debug_NAME or .zdebug_NAME; nil where there is none.
func debugSection(f *elf.File, data []byte, name string) []byte {
	for _, prefix := range []string{".debug_", ".zdebug_"} {
		if s := f.Section(prefix + name); s != nil {
			if b, err := sectionData(data, s); err == nil {
				return b
			}
		}
	}
	return nil
}
