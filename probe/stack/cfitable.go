package stack

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sort"
)

// A frameTable finds the call frame information for a pc: by the sorted table
// in .eh_frame_hdr, else by reading the sections from end to end once.
type frameTable struct {
	header uint64 // address of .eh_frame_hdr, as linked; 0: none
	all    once[[]*frameEntry]
}

// unwound is the outcome of looking up one pc; it is the same for every process.
type unwound struct {
	row   *row
	entry *frameEntry
	err   error
}

var errNoFrameInfo = errors.New("no call frame information")

const maxRows = 1 << 16 // in one module's cache

// rowAt returns the rules for a link-time pc.
func (mod *module) rowAt(from source, pc uint64) (*row, *frameEntry, error) {
	mod.mu.Lock()
	u, ok := mod.rows[pc]
	mod.mu.Unlock()
	if ok {
		return u.row, u.entry, u.err
	}
	u = mod.findRow(from, pc)
	mod.mu.Lock()
	defer mod.mu.Unlock()
	if len(mod.rows) >= maxRows {
		clear(mod.rows)
	}
	mod.rows[pc] = u
	return u.row, u.entry, u.err
}

func (mod *module) findRow(from source, pc uint64) (u unwound) {
	defer guard(mod.path, &u.err)
	e, err := mod.frameAt(from, pc)
	if err != nil {
		return unwound{err: err}
	}
	r := e.common.initial
	err = e.common.run(e.program, &r, &e.common.initial, e.lo, pc, mod.machine.word)
	if err != nil {
		return unwound{err: fmt.Errorf("%s: %w", mod.path, err)}
	}
	return unwound{row: &r, entry: e}
}

func (mod *module) frameAt(from source, pc uint64) (*frameEntry, error) {
	if mod.frames.header != 0 {
		e, err := mod.searchHeader(pc)
		if err == nil || !errors.Is(err, errNoFrameInfo) {
			return e, err
		}
	}
	all, err := mod.frames.all.get(mod.path, func() ([]*frameEntry, error) { return mod.readFrames(from), nil })
	if err != nil {
		return nil, err
	}
	i := sort.Search(len(all), func(i int) bool { return all[i].hi > pc })
	if i < len(all) && all[i].lo <= pc {
		return all[i], nil
	}
	return nil, errNoFrameInfo
}

// searchHeader uses the binary search table, in the one encoding that linkers
// write: pairs of 4-byte offsets from the header.
func (mod *module) searchHeader(pc uint64) (*frameEntry, error) {
	const sortedPairs = 0x3b // DW_EH_PE_datarel | DW_EH_PE_sdata4
	header := mod.frames.header
	c := cursor{b: mod.at(header), base: header}
	version, frames, counts, table := c.u8(), c.u8(), c.u8(), c.u8()
	c.pointer(frames, mod.machine.word, header)
	n := c.pointer(counts, mod.machine.word, header)
	if version != 1 || table != sortedPairs || counts == encodingOmit || c.bad {
		return nil, errNoFrameInfo
	}
	if n > uint64(len(c.b)-c.pos)/8 {
		return nil, fmt.Errorf("%s: .eh_frame_hdr: %w", mod.path, errShort)
	}
	pairs := c.b[c.pos:]
	entry := func(i int) uint64 { return header + uint64(int64(int32(binary.LittleEndian.Uint32(pairs[i*4:])))) }
	i := sort.Search(int(n), func(i int) bool { return entry(2*i) > pc }) - 1
	if i < 0 {
		return nil, errNoFrameInfo
	}
	addr := entry(2*i + 1)
	e, err := parseFrame(mod.at(addr), addr, 0, true, mod.machine.word, func(at uint64) (*common, error) {
		return parseCommon(mod.at(at), at, true, mod.machine.word)
	})
	if err != nil {
		return nil, fmt.Errorf("%s: frame at %#x: %w", mod.path, addr, err)
	}
	if pc < e.lo || pc >= e.hi {
		return nil, errNoFrameInfo
	}
	return e, nil
}

// readFrames reads .eh_frame where it has no table, and .debug_frame, which
// may be in the separate debug file.
func (mod *module) readFrames(from source) []*frameEntry {
	var all []*frameEntry
	if s := mod.elf.Section(".eh_frame"); s != nil && mod.frames.header == 0 {
		if b, err := sectionData(mod.data, s); err == nil {
			all = appendFrames(all, b, s.Addr, true, mod.machine.word)
		}
	}
	f, data := mod.elf, mod.data
	if d := mod.debugFile(from); d != nil {
		f, data = d.elf, d.data
	}
	if s := f.Section(".debug_frame"); s != nil {
		if b, err := sectionData(data, s); err == nil {
			all = appendFrames(all, b, 0, false, mod.machine.word)
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].lo < all[j].lo })
	return all
}

const (
	maxFrames  = 1 << 20 // of one module
	maxCommons = 1 << 12 // a linker merges them down to a handful
)

// appendFrames skips entries that it does not understand.
func appendFrames(all []*frameEntry, b []byte, addr uint64, eh bool, word int) []*frameEntry {
	commons := map[uint64]*common{}
	commonAt := func(at uint64) (*common, error) {
		if c := commons[at]; c != nil {
			return c, nil
		}
		if at < addr || at-addr >= uint64(len(b)) || len(commons) == maxCommons {
			return nil, errNoFrameInfo
		}
		c, err := parseCommon(b[at-addr:], at, eh, word)
		if err == nil {
			commons[at] = c
		}
		return c, err
	}
	for pos := uint64(0); pos+8 <= uint64(len(b)) && len(all) < maxFrames; {
		n, id := binary.LittleEndian.Uint32(b[pos:]), binary.LittleEndian.Uint32(b[pos+4:])
		if n == 0 {
			pos += 4
			continue
		}
		if isFrame := eh && id != 0 || !eh && id != 0xffffffff; isFrame {
			if e, err := parseFrame(b[pos:], addr+pos, addr, eh, word, commonAt); err == nil {
				all = append(all, e)
			}
		}
		pos += 4 + uint64(n)
	}
	return all
}
