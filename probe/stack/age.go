package stack

import (
	"bytes"
	"encoding/binary"
	"path"
	"strings"

	"cyrlock/evidence"
)

// age says what of Cyrus's libraries in this process is not what lies on the disk any
// more, and whether the timed lock of fix shim is among them. It reads the memory of
// those only that have it: two pages.
func (p *process) age() (c evidence.Code) {
	last, shim := "", false
	for _, m := range p.maps {
		switch name := path.Base(m.Path); {
		case m.Inode == 0:
		case m.Write && !shim && shimName(name):
			shim, c.Timed = true, p.timed(m)
		case m.Deleted && m.Path != last && strings.HasPrefix(name, "libcyrus") && len(c.Replaced) < mostReplaced:
			last = m.Path // a file has several mappings, one after the other
			c.Replaced = append(c.Replaced, m.Path)
		}
	}
	return c
}

// mostReplaced is above what a process of Cyrus has: libcyrus, libcyrus_min,
// libcyrus_imap, libcyrus_sieve.
const mostReplaced = 8

// shimName: shim-0123456789ab.so, as package fix/shim names the file.
func shimName(name string) bool {
	hash, ok := strings.CutPrefix(name, "shim-")
	if !ok {
		return false
	}
	hash, ok = strings.CutSuffix(hash, ".so")
	return ok && len(hash) == 12 && strings.Trim(hash, "0123456789abcdef") == ""
}

// What the library says of itself: fix/shim/source/settings.h, on 64-bit machines.
const (
	shimMagic   = "CYRLOCK-SHIM\x00\x00\x00\x00"
	shimBlock   = 160      // bytes; also written at shimSize
	shimSize    = 32       // uint32
	shimRole    = 36       // uint32
	shimOff     = 2        // the role in a program in which it does nothing
	shimMaxtime = 40       // uint32, seconds
	shimPaths   = 152      // address of the patterns, with colons between
	mostShim    = 64 << 10 // bytes of its data: a page or two
	mostPaths   = 1024     // with the 0 at the end
	mostMaxtime = 3600
)

// timed reads the library's settings from where it can be written to; nil where it
// does nothing.
func (p *process) timed(m Mapping) *evidence.Timed {
	t := &evidence.Timed{Library: m.Path}
	if m.Hi-m.Lo > mostShim || p.outOfReach(m) != nil {
		return t
	}
	data := make([]byte, m.Hi-m.Lo)
	if p.from.read(data, m.Lo) != nil {
		return t
	}
	at := bytes.Index(data, []byte(shimMagic))
	if at < 0 || len(data)-at < shimBlock {
		return t
	}
	data = data[at : at+shimBlock]
	word := func(at int) uint32 { return binary.LittleEndian.Uint32(data[at:]) }
	switch {
	case word(shimSize) != shimBlock: // another version's
		return t
	case word(shimRole) == shimOff:
		return nil
	}
	for n := 1; n*n <= int(min(word(shimMaxtime), mostMaxtime)); n++ {
		t.BoundS += n * n
	}
	var list [mostPaths]byte
	if p.from.read(list[:], binary.LittleEndian.Uint64(data[shimPaths:])) == nil {
		if text, _, _ := bytes.Cut(list[:], []byte{0}); len(text) > 0 {
			t.Paths = strings.Split(string(text), ":")
		}
	}
	return t
}
