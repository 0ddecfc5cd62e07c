package syslog

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"cyrlock/evidence"
)

func TestParse(t *testing.T) {
	near := time.Date(2026, 11, 23, 16, 0, 0, 0, time.UTC)
	bsd := time.Date(2026, 11, 23, 15, 9, 49, 0, time.UTC)
	iso := time.Date(2026, 11, 23, 15, 26, 50, 696601000, time.UTC)
	const text = "lock_reopen-blocked: sleeping 4"
	imapd := func(at time.Time, host, ident string, pid int) evidence.LogLine {
		return evidence.LogLine{Time: at, Host: host, Ident: ident, PID: pid, Text: text, Source: "s"}
	}
	for _, c := range []struct {
		in   string
		want evidence.LogLine
	}{
		{"<183>Nov 23 15:09:49 imapd[5407]: " + text, imapd(bsd, "", "imapd", 5407)},
		{"<183>Nov 23 15:09:49 vm imapd[5407]: " + text, imapd(bsd, "vm", "imapd", 5407)},
		{"Nov 23 15:09:49 vm cyrus/imap[5407]: " + text + "\r\n", imapd(bsd, "vm", "cyrus/imap", 5407)},
		{"Nov 23 2026 15:09:49 vm imapd[5407]: " + text, imapd(bsd, "vm", "imapd", 5407)},
		{"Nov 23 15:09:49 imapd: " + text, imapd(bsd, "", "imapd", 0)},
		{"2026-11-23T15:26:50.696601+00:00 vm imapd[4711]: " + text, imapd(iso, "vm", "imapd", 4711)},
		{"2026-11-23T16:56:50.696601+01:30 vm imapd[4711]: " + text, imapd(iso, "vm", "imapd", 4711)},
		{"2026-11-23T10:26:50.696601-0500 imapd[4711]: " + text, imapd(iso, "", "imapd", 4711)},
		{"2026-11-23 15:26:50.696601 vm imapd[4711]: " + text, imapd(iso, "vm", "imapd", 4711)},
		{"<183>1 2026-11-23T15:26:50.696601Z vm cyrus/imap 4711 - - \ufeff" + text, imapd(iso, "vm", "cyrus/imap", 4711)},
		{`1 2026-11-23T15:26:50.696601Z vm imapd 4711 id [a b="] \" x"][c d="e"] ` + text, imapd(iso, "vm", "imapd", 4711)},
		{"<183>1 - - imapd - - - " + text, imapd(time.Time{}, "", "imapd", 0)},
		{"<183>imapd[77]: " + text, imapd(time.Time{}, "", "imapd", 77)},
		{"imapd[77]: " + text, imapd(time.Time{}, "", "imapd", 77)},
		{"\x00\x00\x00Nov 23 15:09:49 vm imapd[77]: " + text, imapd(bsd, "vm", "imapd", 77)},
		{text, evidence.LogLine{Text: text, Source: "s"}},
		{"Nov 23 15:09:49 vm imapd[77]: message repeated 3 times: [ " + text + "]",
			evidence.LogLine{Time: bsd, Host: "vm", Ident: "imapd", PID: 77, Text: text, Repeated: 3, Source: "s"}},
		{"Nov 31 15:09:49 vm imapd[99999999]: x", evidence.LogLine{Host: "vm", Ident: "imapd", Text: "x", Source: "s"}},
		{"Nov 23 15:09:49 vm last message repeated 3 times", evidence.LogLine{Time: bsd, Text: "vm last message repeated 3 times", Source: "s"}},
		{"", evidence.LogLine{Source: "s"}},
	} {
		if got := Parse([]byte(c.in)).Evidence("s", near); got != c.want {
			t.Errorf("%q\n got %+v\nwant %+v", c.in, got, c.want)
		}
	}
}

func TestYears(t *testing.T) {
	zone := time.FixedZone("", 3600)
	at := func(year int, m time.Month, d, h int) time.Time { return time.Date(year, m, d, h, 30, 0, 0, zone) }
	for _, c := range []struct {
		stamp      string
		near, want time.Time
	}{
		{"Dec 31 23:30:00", at(2027, 1, 2, 8), at(2026, 12, 31, 23)},
		{"Jan  1 00:30:00", at(2026, 12, 31, 23), at(2027, 1, 1, 0)}, // the clocks differ a little
		{"Nov 24 08:30:00", at(2026, 11, 22, 8), at(2025, 11, 24, 8)},
		{"Feb 29 08:30:00", at(2027, 3, 1, 8), at(2024, 2, 29, 8)},
		{"Jan  1 24:30:00", at(2027, 3, 1, 8), time.Time{}},
	} {
		if got := Parse([]byte(c.stamp + " vm imapd[1]: x")).Time(c.near); !got.Equal(c.want) {
			t.Errorf("%s near %v: %v, want %v", c.stamp, c.near, got, c.want)
		}
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	near := time.Date(2026, 11, 23, 16, 0, 0, 0, time.UTC)
	for _, s := range []string{"Nov 23 15:09:49 vm cyrus/imap[5407]: x", "2026-11-23T15:26:50.696601+01:00 vm imapd[4711]: x", "<3>1 - h a 1 - - x"} {
		line := []byte(s)
		if n := testing.AllocsPerRun(100, func() { _ = Parse(line).Time(near) }); n != 0 {
			t.Errorf("%q: %v allocations", s, n)
		}
	}
}

// However a text is cut into pieces, its lines are the same, and bounded.
func FuzzSplit(f *testing.F) {
	f.Add([]byte("one\ntwo\r\n\nthree"), 2)
	f.Add([]byte("\x00\x00\x00one\n"+strings.Repeat("x", 50)+"\nlast"), 7)
	f.Fuzz(func(t *testing.T, text []byte, n int) {
		n = 1 + max(n, -n, 0)%1000
		collect := func(n int) (all []string, kept, cut int64) {
			s := splitter{max: 20}
			take := func(line []byte, c int64) {
				if len(line) > 20 {
					t.Fatalf("a line of %d bytes", len(line))
				}
				all = append(all, string(bytes.TrimLeft(line, "\x00")))
				kept += int64(len(line))
				cut += c
			}
			for rest := text; len(rest) > 0; rest = rest[min(n, len(rest)):] {
				s.feed(rest[:min(n, len(rest))], take)
			}
			s.rest(take)
			return all, kept, cut
		}
		_, kept, cut := collect(n)
		nul := int64(bytes.Count(text, []byte{0}))
		whole := int64(len(text) - bytes.Count(text, []byte{'\n'}))
		if kept+cut > whole || kept+cut+nul < whole {
			t.Fatalf("%d bytes of lines became %d and %d left out", whole, kept, cut)
		}
		if nul == 0 {
			a, _, _ := collect(n)
			b, _, _ := collect(len(text) + 1)
			if strings.Join(a, "\n") != strings.Join(b, "\n") {
				t.Fatalf("in pieces of %d: %q; whole: %q", n, a, b)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"<183>Nov 23 15:09:49 vm imapd[5407]: x", "Nov  3 2026 15:09:49.1 a[1]:", `<3>1 2026-11-23T15:26:50.69+01:00 h a 1 - [x y="\]"] z`,
		"2026-11-23 15:26:50 a b: c", "a[1]: message repeated 2 times: [ x]",
	} {
		f.Add([]byte(s), int64(1795476000))
	}
	f.Fuzz(func(t *testing.T, line []byte, near int64) {
		ref := time.Unix(near%(1<<35), 0).UTC()
		l := Parse(line)
		at := l.Time(ref)
		if len(l.Text)+len(l.Host)+len(l.Ident) > len(line) || l.PID < 0 || l.PID > 1<<22 || l.Pri < -1 || l.Pri > 191 || l.Repeated < 0 {
			t.Fatalf("%q: %+v", line, l)
		}
		if len(l.stamp) >= 15 && l.stamp[3] == ' ' && !(len(l.stamp) >= 20 && digit(l.stamp[9])) && at.After(ref.Add(24*time.Hour)) {
			t.Fatalf("%q: %v, long after %v", line, at, ref)
		}
		l.Evidence("", ref)
	})
}

func BenchmarkParse(b *testing.B) {
	line, near := []byte("2026-11-23T15:26:50.696601+00:00 vm cyrus/imap[4711]: lock_reopen-blocked: sleeping 4"), time.Now()
	b.ReportAllocs()
	for b.Loop() {
		_ = Parse(line).Time(near)
	}
}
