package main

import (
	"math"
	"testing"
)

// contrast is that of WCAG 2.1: 1 to 21.
func contrast(a, b rgb) float64 {
	light := func(c rgb) float64 {
		part := func(v uint8) float64 {
			s := float64(v) / 255
			if s <= 0.04045 {
				return s / 12.92
			}
			return math.Pow((s+0.055)/1.055, 2.4)
		}
		return 0.2126*part(c.r) + 0.7152*part(c.g) + 0.0722*part(c.b)
	}
	la, lb := light(a), light(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func TestEveryColourCanBeRead(t *testing.T) {
	const enough = 4.5
	if c := contrast(inkColour, paperColour); c < enough {
		t.Errorf("ink: %.1f", c)
	}
	if c := contrast(mix(inkColour, paperColour), paperColour); c < enough {
		t.Errorf("faint ink: %.1f", c)
	}
	for n := 1; n < 16; n++ {
		if c := contrast(sixteen(n), paperColour); c < enough {
			t.Errorf("colour %d: %.1f", n, c)
		}
	}
}
