package source

import (
	"bytes"
	"strings"
	"testing"
)

// code is the text of all tokens that a compiler would see.
func code(t *testing.T, src string) string {
	t.Helper()
	all, err := tokens([]byte(src))
	if err != nil {
		t.Fatalf("%q: %v", src, err)
	}
	var words []string
	for _, tok := range all {
		if tok.kind != comment {
			words = append(words, tok.text)
		}
	}
	return strings.Join(words, "·")
}

func TestTokens(t *testing.T) {
	for src, want := range map[string]string{
		"r = flock(fd, LOCK_EX);":                      "r·=·flock·(·fd·,·LOCK_EX·)·;",
		"r=fcntl(fd,F_SETLKW,&fl)/* x */;":             "r·=·fcntl·(·fd·,·F_SETLKW·,·&·fl·)·;",
		"/* flock(fd, LOCK_EX); */ a // flock(\nb":     "a·b",
		"\"flock(fd, LOCK_EX); /* \" '\"' '\\'' b":     "\"flock(fd, LOCK_EX); /* \"·'\"'·'\\''·b",
		"fl\\\nock (fd, \\\r\n LOCK_EX)":               "flock·(·fd·,·LOCK_EX·)",
		"/\\\n* hidden *\\\n/ x /\\\n/ hidden\\\ny\nz": "x·z",
		"#define A \\\n  flock(\nb":                    "#define A   flock(·b",
		"# include <a> // flock(\n":                    "# include <a> // flock(",
		"#error don't /* so\nfar */ now\nx":            "#error don't /* so\nfar */ now·x",
		"#define Q \"/*\"\nx":                          "#define Q \"/*\"·x",
		"  /* first */ #if 0\na":                       "#if 0·a",
		"a # b":                                        "a·#·b",
		"":                                             "",
	} {
		if got := code(t, src); got != want {
			t.Errorf("%q:\n got %s\nwant %s", src, got, want)
		}
	}
	for _, src := range []string{"/* no end", "\"no end\n\"", "'", "#if /* no end", "\"\\"} {
		if _, err := tokens([]byte(src)); err == nil {
			t.Errorf("%q was read", src)
		}
	}
}

// Line continuations change no token; tokens stand in order, apart, and where they
// say; nothing but white space, comments and continuations is between them.
func FuzzTokens(f *testing.F) {
	for _, seed := range []string{"a\\\nb", "/\\\n* x */", "#define x \\\n y\n\"\\\n\"", "r = flock(fd, LOCK_EX); // \\\n x", "'\\\\'", "#/**/", "\xff\x00\\"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		all, err := tokens(src)
		joined := newScanner(src).text
		if !bytes.Contains(joined, []byte("\\\n")) && !bytes.Contains(joined, []byte("\\\r\n")) {
			again, err2 := tokens(joined)
			if (err == nil) != (err2 == nil) || len(all) != len(again) {
				t.Fatalf("%q: %d tokens, %v; joined %d, %v", src, len(all), err, len(again), err2)
			}
			for i := range all {
				if all[i].text != again[i].text || all[i].kind != again[i].kind {
					t.Fatalf("%q: token %d is %q, joined %q", src, i, all[i].text, again[i].text)
				}
			}
		}
		last := 0
		for _, tok := range all {
			if tok.start < last || tok.end <= tok.start || tok.end > len(src) {
				t.Fatalf("%q: token %+v after %d", src, tok, last)
			}
			if gap := newScanner(src[last:tok.start]).text; len(bytes.Trim(gap, " \t\r\n\v\f\\")) > 0 {
				t.Fatalf("%q: %q is in no token", src, gap)
			}
			last = tok.end
		}
	})
}
