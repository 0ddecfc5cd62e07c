package rescue

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"
)

const (
	flockLine = "73 0x9 0x2 0x0 0x0 0x0 0x0 0x7ffe00001000 0x7fbf20000002"
	fcntlLine = "72 0x9 0x7 0x7ffe00001080 0x0 0x0 0x0 0x7ffe00001000 0x7fbf20000002"
)

func TestWaitsForLock(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the numbers are those of amd64")
	}
	for line, want := range map[string]bool{
		flockLine: true,
		fcntlLine: true,
		"73 0x9 0x1 0x0 0x0 0x0 0x0 0x7ffe00001000 0x7fbf20000002":      true,  // shared
		"73 0x9 0x6 0x0 0x0 0x0 0x0 0x7ffe00001000 0x7fbf20000002":      false, // LOCK_NB does not wait
		"73 0x9 0x8 0x0 0x0 0x0 0x0 0x7ffe00001000 0x7fbf20000002":      false, // unlock
		"72 0x9 0x26 0x7ffe00001080 0x0 0x0 0x0 0x7ffe00001000 0x7fbf2": true,  // F_OFD_SETLKW
		"72 0x9 0x6 0x7ffe00001080 0x0 0x0 0x0 0x7ffe00001000 0x7fbf2":  false, // F_SETLK does not wait
		"72 0x9 0xe 0x7ffe00001080 0x0 0x0 0x0 0x7ffe00001000 0x7fbf2":  false, // F_SETLKW64 is of 32-bit programs
		"221 0x9 0xe 0xffe01080 0x0 0x0 0x0 0xffe01000 0xf7fbf579":      true,
		"143 0x9 0x2 0x0 0x0 0x0 0x0 0xffe01000 0xf7fbf579":             true,
		"1 0x1 0x2 0x3 0x0 0x0 0x0 0x7ffe00001000 0x7fbf20000002":       false, // write
	} {
		c, err := parseCall(line)
		if err != nil || c.waitsForLock() != want || c.fd() != 9 && c.nr != 1 {
			t.Errorf("%s: %+v %v; want %v", line, c, err, want)
		}
	}
	for _, line := range []string{"", "running", "-1 0x7ffe0 0x7fbf2", "73 9 2 0 0 0 0 0 0", "x 0x9 0x2 0x0 0x0 0x0 0x0 0x7ffe 0x7fbf"} {
		if c, err := parseCall(line); !errors.Is(err, errNoCall) || c != (call{}) {
			t.Errorf("%q: %+v %v", line, c, err)
		}
	}
}

// The registers of a thread that was stopped in its lock call, of each machine, and
// what they become.
func TestCancelRegisters(t *testing.T) {
	c := call{nr: 73, args: [3]uint64{9, 2, 0}, sp: 0x7ffe00001000, pc: 0x7fbf20000002}
	c32 := call{nr: 143, args: [3]uint64{9, 2, 0}, sp: 0xffe01000, pc: 0xf7fbf579}
	arm := call{nr: 32, args: [3]uint64{9, 2, 0}, sp: 0xffffe0001000, pc: 0xffff20000004}
	for name, m := range map[string]struct {
		call         call
		size, width  int
		before, want map[int]uint64
		others       []map[int]uint64 // states in which nothing must be done
	}{
		"amd64": {c, amd64Size, 8,
			map[int]uint64{10: negative(512), 13: 2, 14: 9, 15: 73, 16: c.pc, 19: c.sp},
			map[int]uint64{10: negative(11), 13: 2, 14: 9, 15: math.MaxUint64, 16: c.pc, 19: c.sp},
			[]map[int]uint64{{10: 0}, {10: negative(4)}, {14: 8}, {13: 1}, {15: 72}, {15: math.MaxUint64}, {16: 1}, {19: 1}}},
		"i386": {c32, i386Size, 4,
			map[int]uint64{0: 9, 1: 2, 6: negative(512), 11: 143, 12: c32.pc, 15: c32.sp},
			map[int]uint64{0: 9, 1: 2, 6: negative(11), 11: math.MaxUint32, 12: c32.pc, 15: c32.sp},
			[]map[int]uint64{{6: 0}, {0: 8}, {1: 1}, {11: 55}, {12: 1}, {15: 1}}},
		"arm64": {arm, arm64Size, 8, // the kernel has gone back to the svc instruction
			map[int]uint64{0: 9, 1: 2, 8: 32, 31: arm.sp, 32: arm.pc - 4},
			map[int]uint64{0: negative(11), 1: 2, 8: 32, 31: arm.sp, 32: arm.pc},
			[]map[int]uint64{{0: 0, 32: arm.pc}, {0: 8}, {1: 1}, {8: 25}, {31: 1}}},
	} {
		set := func(regs ...map[int]uint64) []byte {
			b := bytes.Repeat([]byte{0xa5}, m.size)
			for _, r := range regs {
				for i, v := range r {
					if m.width == 4 {
						binary.LittleEndian.PutUint32(b[i*4:], uint32(v))
					} else {
						binary.LittleEndian.PutUint64(b[i*8:], v)
					}
				}
			}
			return b
		}
		got := set(m.before)
		if err := cancel(got, m.call); err != nil || !bytes.Equal(got, set(m.want)) {
			t.Errorf("%s: %v\n% x\n% x", name, err, got, set(m.want))
		}
		for _, other := range m.others {
			got := set(m.before, other)
			if err := cancel(got, m.call); !errors.Is(err, errElsewhere) || !bytes.Equal(got, set(m.before, other)) {
				t.Errorf("%s: %v: %v", name, other, err)
			}
		}
	}
	if err := cancel(make([]byte, 99), c); err == nil {
		t.Error("registers of an unknown machine")
	}
}

func negative(n uint64) uint64 { return -n }

func TestIdentityField(t *testing.T) {
	text := []byte("pos:\t0\nflags:\t02100002\nmnt_id:\t31\nino:\t10004589\nlock:\t1: FLOCK  ADVISORY  WRITE 7 fe:00:1 0 EOF\n")
	if a, b, c := field(text, "mnt_id:"), field(text, "ino:"), field(text, "nosuch:"); a != 31 || b != 10004589 || c != 0 {
		t.Error(a, b, c)
	}
}

func FuzzParseCall(f *testing.F) {
	f.Add(flockLine)
	f.Add(fcntlLine)
	f.Add("running")
	f.Add("-1 0x7ffe0 0x7fbf2")
	f.Fuzz(func(t *testing.T, line string) {
		c, err := parseCall(line)
		if err != nil && c != (call{}) || err == nil && (c.nr < 0 || len(strings.Fields(line)) != 9) {
			t.Errorf("%q: %+v %v", line, c, err)
		}
		_ = c.waitsForLock()
	})
}

func FuzzCancel(f *testing.F) {
	f.Add(make([]byte, amd64Size), 73, uint64(9))
	f.Add(make([]byte, arm64Size), 32, uint64(9))
	f.Fuzz(func(t *testing.T, set []byte, nr int, fd uint64) {
		before := bytes.Clone(set)
		if err := cancel(set, call{nr: nr, args: [3]uint64{fd}}); (err != nil) != bytes.Equal(before, set) {
			t.Errorf("%v; changed: %v", err, !bytes.Equal(before, set))
		}
	})
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("7850 (im) apd) S 7795 7850 7795 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 1 0 123456 1000 200"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if state, _, err := parseStat(text); err == nil && state == "" {
			t.Errorf("%q: no state", text)
		}
	})
}

func FuzzField(f *testing.F) {
	f.Add([]byte("pos:\t0\nmnt_id:\t31\nino:\t7\n"))
	f.Fuzz(func(t *testing.T, text []byte) { _ = field(text, "ino:") })
}
