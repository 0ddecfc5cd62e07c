package shim

import (
	"context"
	"strings"
	"testing"
)

func FuzzMappings(f *testing.F) {
	f.Add("7f00-7f10 rw-p 00002000 fe:00 17 /usr/local/lib/cyrlock/shim-0123456789ab.so (deleted)\n")
	f.Add("zz-1 r\n/shim-0123456789ab.so\n1-0 r-xp 0 0 0 /a/shim-0123456789ab.so\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, m := range mappings([]byte(text)) {
			if m.lo >= m.hi || !libraryName.MatchString(m.path[strings.LastIndexByte(m.path, '/')+1:]) {
				t.Errorf("%+v", m)
			}
		}
	})
}

func FuzzBlock(f *testing.F) {
	whole := make([]byte, 200)
	copy(whole, magic+"0123456789ab\x00\x00\x00\x00\x98\x00\x00\x00\x01")
	f.Add(whole)
	f.Add(whole[:100])
	f.Add(append([]byte("\x7fELF"), whole...))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := parseBlock(data)
		if err == nil && len(b.source) > 16 {
			t.Errorf("%+v", b)
		}
		if l, err := Read(data); err == nil && !sourceName.MatchString(l.Source) {
			t.Errorf("%q", l.Source)
		}
	})
}

func FuzzStat(f *testing.F) {
	f.Add("24876 (imapd) S 1 24876 24876 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 5217 1 1")
	f.Add("1 (a) b) (c) S x 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 -5 1 1")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := parseStat([]byte(text)); err == nil && !strings.Contains(text, s.comm) {
			t.Errorf("%+v", s)
		}
	})
}

func FuzzEnviron(f *testing.F) {
	f.Add("A=b\x00LD_PRELOAD=/x/shim-0123456789ab.so:/y.so\x00", "0::/system.slice/cyrus-imapd.service\n", "syslog_facility: LOCAL3\n")
	f.Add("", "", "mboxlist_db_path: {configdirectory}/list.db\n")
	f.Add("=", "12:cpu:/\n1:name=systemd:/a.service/b\n", ":")
	f.Fuzz(func(t *testing.T, environ, cgroup, conf string) {
		if v := variable([]byte(environ), "LD_PRELOAD"); !strings.Contains(environ, v) {
			t.Errorf("%q", v)
		}
		if u := unitOf([]byte(cgroup)); u != "" && !unitName.MatchString(u) {
			t.Errorf("%q", u)
		}
		if n := facility(says(conf)("syslog_facility")); n < 1 || n > 23 {
			t.Errorf("%d", n)
		}
		if m := mailboxes(says(conf)("mboxlist_db_path"), "/var/imap"); m != "" && m[0] != '/' {
			t.Errorf("%q", m)
		}
		if l := libraryIn(environ); !strings.Contains(environ, l) {
			t.Errorf("%q", l)
		}
		secure([]byte(environ))
	})
}

// Whatever a process has in its memory, looking at it comes to an end.
func FuzzCheck(f *testing.F) {
	f.Add([]byte("1000-2000 rw-p 0 0 0 /a/shim-0123456789ab.so\n"), []byte(magic+"x"))
	f.Fuzz(func(t *testing.T, maps, memory []byte) {
		c := Check{PID: 1}
		c.look(context.Background(), recorded{maps, memory})
		if c.Status == "" {
			t.Errorf("%+v", c)
		}
		_ = c.line()
	})
}

type recorded struct{ maps, memory []byte }

func (recorded) Pids(context.Context) ([]int, error) { return []int{1}, nil }
func (r recorded) Read(_ context.Context, _ int, name string) ([]byte, error) {
	if name == "maps" {
		return r.maps, nil
	}
	return r.memory, nil
}
func (recorded) Exe(context.Context, int) (string, error)    { return "", nil }
func (recorded) SameRoot(context.Context, int) (bool, error) { return true, nil }
func (r recorded) Memory(_ context.Context, _ int, _ uint64, n int) ([]byte, error) {
	return append(make([]byte, 0, n), r.memory[:min(n, len(r.memory))]...), nil
}
