package shim

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
)

// A mapping is a part of a process's memory that comes from a file of the library.
type mapping struct {
	lo, hi  uint64
	write   bool
	inode   uint64
	path    string
	deleted bool // the path leads to it no more
}

// mappings finds the library in the text of /proc/PID/maps (proc(5)). Lines that
// are not understood are not of the library.
func mappings(maps []byte) (found []mapping) {
	for line := range bytes.Lines(maps) {
		if !bytes.Contains(line, []byte("/shim-")) {
			continue
		}
		f := strings.SplitN(strings.TrimSuffix(string(line), "\n"), " ", 6)
		if len(f) != 6 {
			continue
		}
		span, perm := f[0], f[1]
		m := mapping{write: strings.HasPrefix(perm, "rw")}
		m.path, m.deleted = strings.CutSuffix(strings.TrimLeft(f[5], " "), " (deleted)")
		lo, hi, _ := strings.Cut(span, "-")
		var bad1, bad2, bad3 error
		m.lo, bad1 = strconv.ParseUint(lo, 16, 64)
		m.hi, bad2 = strconv.ParseUint(hi, 16, 64)
		m.inode, bad3 = strconv.ParseUint(f[4], 10, 64)
		if bad1 == nil && bad2 == nil && bad3 == nil && m.lo < m.hi && libraryName.MatchString(filepath.Base(m.path)) {
			found = append(found, m)
		}
	}
	return found
}

// Counts are what the library has seen and done in one process.
type Counts struct {
	Entered     uint64 `json:"entered"`     // calls of flock and fcntl, of any kind
	Calls       uint64 `json:"calls"`       // for a lock on a whole file, ready to wait
	Contended   uint64 `json:"contended"`   // of these, it was not free
	Selected    uint64 `json:"selected"`    // of these, the file was one with a limit
	Tries       uint64 `json:"tries"`       // made without waiting
	Sleeps      uint64 `json:"sleeps"`      // between tries
	Got         uint64 `json:"got"`         // after waiting
	GaveUp      uint64 `json:"gave_up"`     // when the time was over
	Refused     uint64 `json:"refused"`     // to a session that could not read the file before
	Interrupted uint64 `json:"interrupted"` // by a signal of the process's own
	Unlogged    uint64 `json:"unlogged"`    // messages that no log daemon took
}

// A block is the library's data in a process, as settings.h has it.
type block struct {
	source   string
	role     uint32
	maxtime  uint32
	hybrid   bool
	accept   uint32
	counts   Counts
	paths    string
	pathsAt  uint64
	complete bool // of the form that this program knows
}

const (
	blockBytes = 160 // from magic to the address of the paths
	mostBytes  = 1 << 20
)

var errNoBlock = errors.New("its data are not where they should be")

// readBlock finds the library's data in a process that has it.
func readBlock(ctx context.Context, proc Proc, pid int, maps []mapping) (block, error) {
	for _, m := range maps {
		if !m.write || m.hi-m.lo > mostBytes {
			continue
		}
		data, err := proc.Memory(ctx, pid, m.lo, int(m.hi-m.lo))
		if err != nil {
			return block{}, err
		}
		b, err := parseBlock(data)
		if err != nil {
			return b, err
		}
		if b.complete && b.pathsAt != 0 {
			// It is the truth about what the process was told, whatever its
			// environment says by now.
			if text, err := proc.Memory(ctx, pid, b.pathsAt, maxList+2); err == nil {
				text, _, _ = bytes.Cut(text, []byte{0})
				b.paths = string(text)
			}
		}
		return b, nil
	}
	return block{}, errNoBlock
}

func parseBlock(data []byte) (block, error) {
	i := bytes.Index(data, []byte(magic))
	if i < 0 || len(data)-i < blockBytes {
		return block{}, errNoBlock
	}
	data = data[i:]
	name, _, _ := bytes.Cut(data[16:32], []byte{0})
	b := block{source: string(name)}
	u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(data[at:]) }
	if u32(32) != blockBytes {
		return b, nil // another version's
	}
	b.complete = true
	b.role, b.maxtime, b.hybrid, b.accept = u32(36), u32(40), u32(44) != 0, u32(52)
	for at, to := range map[int]*uint64{
		64: &b.counts.Entered, 72: &b.counts.Calls, 80: &b.counts.Contended, 88: &b.counts.Selected, 96: &b.counts.Tries,
		104: &b.counts.Sleeps, 112: &b.counts.Got, 120: &b.counts.GaveUp, 128: &b.counts.Refused, 136: &b.counts.Interrupted,
		144: &b.counts.Unlogged, 152: &b.pathsAt,
	} {
		*to = binary.LittleEndian.Uint64(data[at:])
	}
	return b, nil
}
