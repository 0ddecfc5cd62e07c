package evidence

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"imapd: host [192.0.2.3] jwade": "imapd: host [192.0.2.3] jwade",
		"Büro/Entwürfe":                 "Büro/Entwürfe",
		"\x1b[31mred":                   `\x1b[31mred`,
		"two\nlines\ttab":               `two\x0alines\x09tab`,
		"\xff\xfe":                      `\xff\xfe`,
		"a\u202eb":                      `a\u202eb`,  // turns the writing direction
		"\u009b31m":                     `\u009b31m`, // an escape sequence in one character
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("imapd: \x1b]0;title\x07")
	f.Add("\xe2\x80\xae\x00")
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("Clean(%q) = %q can move a cursor", s, got)
		}
		if Clean(got) != got {
			t.Errorf("Clean(%q) changes what is clean", got)
		}
	})
}

func TestAddr(t *testing.T) {
	const text = `"0xffffffffff600000"` // more than a float64 can hold
	var a Addr
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		t.Fatal(err)
	}
	if b, err := json.Marshal(a); err != nil || string(b) != text {
		t.Errorf("%s comes back as %s, %v", text, b, err)
	}
	for _, bad := range []string{"", "12", "0xzz", "0x1 2", "0x11111111111111111"} {
		if err := a.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q was taken for an address", bad)
		}
	}
}

func TestPlural(t *testing.T) {
	for n, want := range map[int]string{0: "0 waiters", 1: "1 waiter", 2: "2 waiters", 41945: "41,945 waiters"} {
		if got := Plural(n, "waiter", "waiters"); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}
