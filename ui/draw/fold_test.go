package draw

import (
	"slices"
	"testing"
)

func TestFold(t *testing.T) {
	const line = "Put /a/path-with-hyphens/that/is/long into it."
	for width, want := range map[int][]string{
		0:   {line},
		20:  {"Put", "/a/path-with-hyphens/that/is/long", "into it."},
		200: {line},
	} {
		if got := Fold(line, width); !slices.Equal(got, want) {
			t.Errorf("%d: %q", width, got)
		}
	}
}
