package stack

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cyrlock/evidence"
)

const (
	shimAt  = 0x7f0000004000
	shimMap = "7f0000004000-7f0000005000 rw-p 00003000 fe:00 9 /usr/local/lib/cyrlock/shim-0123456789ab.so\n"
)

// remembered is memory from one address on.
type remembered struct {
	recording
	at   uint64
	data []byte
}

func (r remembered) read(b []byte, addr uint64) error {
	if addr < r.at || addr-r.at > uint64(len(r.data)) || uint64(len(r.data))-(addr-r.at) < uint64(len(b)) {
		return fmt.Errorf("no memory at %#x", addr)
	}
	copy(b, r.data[addr-r.at:])
	return nil
}

// shimMemory is a page as the library fills it.
func shimMemory(size, role, maxtime uint32, paths string) []byte {
	page := make([]byte, 4096)
	b := page[64:]
	copy(b, shimMagic)
	for at, n := range map[int]uint32{shimSize: size, shimRole: role, shimMaxtime: maxtime} {
		binary.LittleEndian.PutUint32(b[at:], n)
	}
	binary.LittleEndian.PutUint64(b[shimPaths:], shimAt+1024)
	copy(page[1024:], paths)
	return page
}

func TestAge(t *testing.T) {
	const (
		exe  = "55d0c2a01000-55d0c2a08000 r-xp 00001000 fe:00 1 /usr/lib/cyrus/bin/imapd\n"
		min1 = "7f0000001000-7f0000002000 r--p 00000000 fe:00 2 /usr/lib/libcyrus_min.so.0 (deleted)\n"
		min2 = "7f0000002000-7f0000003000 r-xp 00001000 fe:00 2 /usr/lib/libcyrus_min.so.0 (deleted)\n"
		libc = "7f0000003000-7f0000004000 r-xp 00001000 fe:00 3 /usr/lib/libc.so.6 (deleted)\n"
		kept = "7f0000003000-7f0000004000 r-xp 00001000 fe:00 3 /usr/lib/libcyrus.so.0\n"
		lib  = "/usr/local/lib/cyrlock/shim-0123456789ab.so"
	)
	seen := []string{"*.seen", "*/seen.db"}
	for name, c := range map[string]struct {
		maps   string
		memory []byte
		want   evidence.Code
	}{
		"as it lies there":    {exe + kept, nil, evidence.Code{}},
		"a library":           {exe + min1 + min2 + kept, nil, evidence.Code{Replaced: []string{"/usr/lib/libcyrus_min.so.0"}}},
		"another's":           {exe + libc, nil, evidence.Code{}},
		"timed":               {exe + shimMap, shimMemory(160, 1, 99, "*.seen:*/seen.db"), evidence.Code{Timed: &evidence.Timed{Library: lib, BoundS: 285, Paths: seen}}},
		"timed, 30 s":         {exe + shimMap, shimMemory(160, 1, 17, "*.seen:*/seen.db"), evidence.Code{Timed: &evidence.Timed{Library: lib, BoundS: 30, Paths: seen}}},
		"not called yet":      {exe + shimMap, shimMemory(160, 0, 0, ""), evidence.Code{Timed: &evidence.Timed{Library: lib}}},
		"not this program":    {exe + shimMap, shimMemory(160, 2, 99, ""), evidence.Code{}},
		"another version":     {exe + shimMap, shimMemory(168, 1, 99, ""), evidence.Code{Timed: &evidence.Timed{Library: lib}}},
		"unreadable":          {exe + shimMap, nil, evidence.Code{Timed: &evidence.Timed{Library: lib}}},
		"a limit of years":    {exe + shimMap, shimMemory(160, 1, 1<<32-1, ""), evidence.Code{Timed: &evidence.Timed{Library: lib, BoundS: 73810}}},
		"its file is removed": {exe + strings.Replace(shimMap, ".so", ".so (deleted)", 1), shimMemory(160, 1, 9, ""), evidence.Code{Timed: &evidence.Timed{Library: lib, BoundS: 14}}},
		"only called so":      {exe + strings.Replace(shimMap, "shim-0123456789ab", "shim-example", 1), shimMemory(160, 1, 9, ""), evidence.Code{}},
	} {
		maps, err := parseMaps([]byte(c.maps))
		if err != nil {
			t.Fatal(err)
		}
		got := New(Options{}).process(remembered{at: shimAt, data: c.memory}, maps).age()
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// Whatever a process maps and has in its memory.
func FuzzAge(f *testing.F) {
	f.Add([]byte(shimMap), shimMemory(160, 1, 99, "*.seen:::\xff"))
	f.Add([]byte(strings.Repeat("1000-2000 r-xp 0 0:0 1 /libcyrus.so (deleted)\n2000-3000 r-xp 0 0:0 2 /libcyrus_min.so (deleted)\n", 9)), []byte(shimMagic))
	f.Fuzz(func(t *testing.T, text, data []byte) {
		maps, _ := parseMaps(text)
		c := New(Options{}).process(remembered{at: shimAt, data: data}, maps).age()
		if len(c.Replaced) > mostReplaced {
			t.Errorf("%d names", len(c.Replaced))
		}
		if c.Timed != nil && (c.Timed.BoundS < 0 || c.Timed.BoundS > 73810 || len(strings.Join(c.Timed.Paths, "")) > mostPaths) {
			t.Errorf("%+v", c.Timed)
		}
	})
}
