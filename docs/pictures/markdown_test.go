package main

import (
	"strings"
	"testing"
)

func TestWithFrames(t *testing.T) {
	frames := map[string]string{"verdict": " one\n\n  two <!-- end -->\nthree\n", "find": "found\n"}
	for doc, want := range map[string]string{
		"":                          "",
		"no frames\n<!-- other -->": "no frames\n<!-- other -->",
		"a\n<!-- frame: find -->\nold\n<!-- end -->\nb\n":                          "a\n<!-- frame: find -->\n\n    found\n\n<!-- end -->\nb\n",
		"<!-- frame: verdict -->\n<!-- end -->":                                    "<!-- frame: verdict -->\n\n     one\n\n      two <!-- end -->\n    three\n\n<!-- end -->",
		"<!-- frame: verdict; two; three -->\n<!-- end -->\n":                      "<!-- frame: verdict; two; three -->\n\n      two <!-- end -->\n    three\n\n<!-- end -->\n",
		"<!-- frame: verdict; one; one -->\n<!-- end -->\n":                        "<!-- frame: verdict; one; one -->\n\n     one\n\n<!-- end -->\n",
		"<!-- frame: find -->\n<!-- end -->\n<!-- frame: find -->\n<!-- end -->\n": "<!-- frame: find -->\n\n    found\n\n<!-- end -->\n<!-- frame: find -->\n\n    found\n\n<!-- end -->\n",
	} {
		if got, err := withFrames(doc, frames); err != nil || got != want {
			t.Errorf("%q: %v\n got %q\nwant %q", doc, err, got, want)
		}
	}
	for doc, want := range map[string]string{
		"a\n<!-- frame: nobody -->\n<!-- end -->\n":           `2: no shot is called "nobody"`,
		"<!-- frame: find -->\n":                              `1: the frame has no "<!-- end -->"`,
		"<!-- frame: find -->\n<!-- frame: find -->\n":        `2: the frame of line 1 has no "<!-- end -->" before this one`,
		"\n<!-- end -->\n":                                    `2: "<!-- end -->" without a frame`,
		"<!-- frame: find; lost; found -->\n<!-- end -->\n":   `1: no line of find has "lost"`,
		"<!-- frame: verdict; three; one -->\n<!-- end -->\n": `1: no line of verdict after "three" has "one"`,
	} {
		if got, err := withFrames(doc, frames); err == nil || err.Error() != want {
			t.Errorf("%q: %v, not %s; gave %q", doc, err, want, got)
		}
	}
}

// Frames put in twice are there once, and what is not between markers stays.
func FuzzWithFrames(f *testing.F) {
	for _, doc := range []string{"a\n<!-- frame: find -->\nold\n<!-- end -->\nb", "<!-- end -->", "<!-- frame: find; a; b -->\r\n<!-- end -->\r\n"} {
		f.Add(doc, "a\nb\n")
	}
	f.Fuzz(func(t *testing.T, doc, text string) {
		frames := map[string]string{"find": text}
		once, err := withFrames(doc, frames)
		if err != nil {
			return
		}
		twice, err := withFrames(once, frames)
		if err != nil || twice != once {
			t.Errorf("%v\nonce  %q\ntwice %q", err, once, twice)
		}
		if !strings.Contains(doc, frameBegins) && once != doc {
			t.Errorf("%q became %q", doc, once)
		}
	})
}
