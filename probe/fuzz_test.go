package probe

import (
	"testing"

	"cyrlock/evidence"
)

// None of these may panic, whatever a kernel, or a process that fools it, says.

func FuzzLocks(f *testing.F) {
	f.Add([]byte(locksText))
	f.Fuzz(func(t *testing.T, b []byte) {
		lines, _ := parseLocks(b)
		for _, l := range lines {
			if l.kind == "" || l.mode == "" || l.depth < 0 {
				t.Errorf("%+v", l)
			}
			if _, ok := parseInode(l.dev() + ":0"); !ok {
				t.Errorf("device %q cannot be read back", l.dev())
			}
		}
		table := &table{files: make(map[lockKey]*tableFile)}
		table.add(lines)
		table.add(lines)
		if table.held > len(lines) {
			t.Errorf("%d locks in %d lines", table.held, len(lines))
		}
	})
}

func FuzzFdinfo(f *testing.F) {
	f.Add([]byte(fdinfoText))
	f.Fuzz(func(t *testing.T, b []byte) { parseFdinfo(b) })
}

func FuzzSched(f *testing.F) {
	f.Add([]byte(schedText))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := parseSched(b); err == nil && !(s.execStart >= 0) {
			t.Errorf("%+v", s)
		}
	})
}

func FuzzStat(f *testing.F) {
	f.Add([]byte(statText))
	f.Fuzz(func(t *testing.T, b []byte) { parseStat(b) })
}

func FuzzStatus(f *testing.F) {
	f.Add([]byte(statusText))
	f.Fuzz(func(t *testing.T, b []byte) { parseStatus(b) })
}

func FuzzSyscall(f *testing.F) {
	f.Add([]byte("73 0x9 0x2 0x0 0x0 0x0 0x0 0x7ffe 0x7fbf\n"), []byte("0123456789abcdef01234567"))
	f.Add([]byte("221 0x9 0xe 0x0 0x0 0x0 0x0 0x7ffe 0x7fbf\n"), []byte("\x01\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b, memory []byte) {
		c, err := parseCall(b)
		if err != nil {
			return
		}
		for _, arch := range []string{"amd64", "arm64"} {
			k := newCalls(arch)
			r, ok := k.lock(c)
			if !ok {
				continue
			}
			if r.fill(memory, 7) && (r.end != 0 && r.end < r.start || r.mode == "") {
				t.Errorf("%+v", r)
			}
		}
	})
}

func FuzzNetTCP(f *testing.F) {
	f.Add([]byte(tcpText))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, c := range parseNetTCP(b, map[uint64]bool{31917: true, 41000: true, 41001: true, 41002: true}) {
			if c.Local == "" || c.Remote == "" || c.SendQ < 0 {
				t.Errorf("%+v", c)
			}
		}
	})
}

func FuzzNetUnix(f *testing.F) {
	f.Add([]byte(unixText))
	f.Fuzz(func(t *testing.T, b []byte) { parseNetUnix(b, map[uint64]bool{31919: true}) })
}

func FuzzFocus(f *testing.F) {
	f.Add("/var/imap/user/j/jwade.seen", "/srv/imap/user/j/jwade.seen")
	f.Add(".", "./")
	f.Fuzz(func(t *testing.T, a, b string) {
		if commonTail(a, b) != commonTail(b, a) {
			t.Errorf("%q, %q", a, b)
		}
		base([]byte(a))
		unmark(b)
		theOne([]hit{{fd: 1}, {fd: 2}}, []evidence.Arg{{Name: "fd", Value: a}})
	})
}
