package main

import (
	"fmt"
	"image/color"

	"github.com/charmbracelet/x/ansi"
)

type rgb struct{ r, g, b uint8 }

// Every picture brings its own dark paper, so that it reads the same on a light page
// and on a dark one.
var (
	inkColour   = rgb{0xd8, 0xde, 0xe6}
	paperColour = rgb{0x10, 0x15, 0x1c}
	edgeColour  = rgb{0x3a, 0x42, 0x4d}
)

// sixteen are the named colours of a terminal, 0 to 15: each but black stands out from
// the paper by 4.5 to 1 (WCAG 2.1, 1.4.3).
func sixteen(n int) rgb {
	return [16]rgb{
		{0x24, 0x2b, 0x35}, {0xff, 0x7b, 0x72}, {0x6f, 0xcf, 0x6a}, {0xe3, 0xb3, 0x41},
		{0x7a, 0xb4, 0xff}, {0xd2, 0x9a, 0xff}, {0x5c, 0xc8, 0xcf}, {0xd8, 0xde, 0xe6},
		{0x8b, 0x95, 0xa1}, {0xff, 0xa1, 0x98}, {0x8f, 0xe3, 0x88}, {0xf2, 0xcc, 0x60},
		{0xa5, 0xcd, 0xff}, {0xe2, 0xbf, 0xff}, {0x8a, 0xe0, 0xe5}, {0xff, 0xff, 0xff},
	}[n]
}

// named tells which of the sixteen a colour is, by either of its two sequences.
func named(c color.Color) (n int, ok bool) {
	switch c := c.(type) {
	case ansi.BasicColor:
		return int(c), c < 16
	case ansi.IndexedColor:
		return int(c), c < 16
	}
	return 0, false
}

// mix is faint ink: three parts of it to two of the paper.
func mix(ink, paper rgb) rgb {
	part := func(a, b uint8) uint8 { return uint8((3*int(a) + 2*int(b)) / 5) }
	return rgb{part(ink.r, paper.r), part(ink.g, paper.g), part(ink.b, paper.b)}
}

func hex(c rgb) string { return fmt.Sprintf("#%02x%02x%02x", c.r, c.g, c.b) }
