package stack

import (
	"errors"
	"strings"
	"testing"
)

const someMaps = `55d0c2a00000-55d0c2a01000 r--p 00000000 fe:00 10004589                   /usr/lib/cyrus/bin/imapd
55d0c2a01000-55d0c2a08000 r-xp 00001000 fe:00 10004589                   /usr/lib/cyrus/bin/imapd (deleted)
7f0000000000-7f0000001000 rw-p 00000000 00:00 0 
7f0000001000-7f0000002000 r-xp 00000000 00:2f 12 /a\012b c
7ffc0a000000-7ffc0a021000 rw-p 00000000 00:00 0                          [stack]
7ffc0a0f0000-7ffc0a0f2000 r-xp 00000000 00:00 0                          [vdso]
`

func TestParseMaps(t *testing.T) {
	maps, err := parseMaps([]byte(someMaps))
	if err != nil || len(maps) != 6 {
		t.Fatalf("%d mappings, %v", len(maps), err)
	}
	m := maps[1]
	if !m.Exec || m.Write || !m.Deleted || m.Path != "/usr/lib/cyrus/bin/imapd" || m.Offset != 0x1000 || m.Inode != 10004589 || m.Dev != "fe:00" {
		t.Errorf("%+v", m)
	}
	if got := maps[3].Path; got != "/a\nb c" {
		t.Errorf("path %q", got)
	}
	for addr, want := range map[uint64]string{0x55d0c2a01000: "/usr/lib/cyrus/bin/imapd", 0x7ffc0a0f1fff: vdso, 0x7ffc0a020fff: "[stack]"} {
		if m := findMapping(maps, addr); m == nil || m.Path != want {
			t.Errorf("%#x is in %+v, want %s", addr, m, want)
		}
	}
	for _, addr := range []uint64{0, 0x7f0000002000, 0x7ffc0a0f2000, ^uint64(0)} {
		if m := findMapping(maps, addr); m != nil {
			t.Errorf("%#x is in %+v", addr, *m)
		}
	}
}

func TestParseMapsKeepsTheGoodLines(t *testing.T) {
	maps, err := parseMaps([]byte("nonsense\n2000-1000 r-xp 0 0:0 0\n1000-2000 r-xp 0 0:0 0\n"))
	if len(maps) != 1 || err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("%v, %v", maps, err)
	}
	if _, err := parseMaps(nil); !errors.Is(err, errNoMemory) {
		t.Errorf("empty map: %v", err)
	}
}

func FuzzMaps(f *testing.F) {
	f.Add(someMaps)
	f.Add("0-1 r-xp 0 0:0 1 /x (deleted)\n0-ffffffffffffffff ---p 0 0:0 0")
	f.Fuzz(func(t *testing.T, text string) {
		maps, _ := parseMaps([]byte(text))
		for i, m := range maps {
			if m.Lo >= m.Hi || i > 0 && m.Lo < maps[i-1].Lo {
				t.Fatalf("mapping %d: %+v", i, m)
			}
			if got := findMapping(maps, m.Lo); got == nil && i == 0 {
				t.Fatalf("%+v not found", m)
			}
			lo, hi, _ := stackSpan(maps, m.Lo)
			if hi < lo || hi-lo > maxStack {
				t.Fatalf("a stack from %#x to %#x", lo, hi)
			}
		}
	})
}
