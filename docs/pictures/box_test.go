package main

import (
	"reflect"
	"testing"
)

// Lines of neighbouring cells are one line, along rows and down them.
func TestLinesJoin(t *testing.T) {
	f := shown(t, 4, 4, "┌──┐\r\n│  │\r\n├──┘\r\n╵")
	ink := hex(inkColour)
	want := []segment{
		{ink, 1, 1, 7, false},
		{ink, 5, 1, 7, false},
		{ink, 1, 1, 7, true},
		{ink, 7, 1, 5, true},
	}
	if got := f.segments(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// Lines that do not meet, or not in one colour, stay apart.
func TestLinesApart(t *testing.T) {
	f := shown(t, 5, 2, "─ ─\x1b[31m─\r\n\x1b[m│")
	if got := f.segments(); len(got) != 4 {
		t.Errorf("%+v", got)
	}
}

func TestBlocks(t *testing.T) {
	for sign, want := range map[string]block{
		"▀": {0, 0, 8, 4, 1}, "▁": {0, 7, 8, 1, 1}, "▄": {0, 4, 8, 4, 1}, "█": {0, 0, 8, 8, 1},
		"▉": {0, 0, 7, 8, 1}, "▌": {0, 0, 4, 8, 1}, "▏": {0, 0, 1, 8, 1}, "▐": {4, 0, 4, 8, 1},
		"░": {0, 0, 8, 8, 0.25}, "▒": {0, 0, 8, 8, 0.5}, "▓": {0, 0, 8, 8, 0.75},
	} {
		if got, ok := blockOf(sign); !ok || got != want {
			t.Errorf("%s: %+v, not %+v", sign, got, want)
		}
	}
	for _, sign := range []string{"", "a", "▔", "██", "\xff", "─"} {
		if got, ok := blockOf(sign); ok {
			t.Errorf("%q is no block, not %+v", sign, got)
		}
	}
}
