package ui

import (
	"fmt"
	"testing"
)

// TestFrames shows every page in every size and with every kind of terminal. The
// words must say without colour what they say with it.
func TestFrames(t *testing.T) {
	pages := []struct {
		name string
		keys []string
	}{
		{"verdict", nil},
		{"evidence", []string{"e"}},
		{"find", []string{"1"}},
		{"stacks", []string{"2"}},
		{"help", []string{"?"}},
		{"commands", []string{"c"}},
	}
	terminals := []struct {
		name string
		env  func(string) string
	}{{"utf8", without}, {"ascii", vt100}}
	for _, size := range [][2]int{{80, 24}, {40, 12}, {200, 60}} {
		for _, page := range pages {
			for _, term := range terminals {
				name := fmt.Sprintf("%s-%dx%d-%s", page.name, size[0], size[1], term.name)
				t.Run(name, func(t *testing.T) {
					got := frame(t, screens(t, recorded(incident()), term.env, size[0], size[1], page.keys...))
					golden(t, name, got)
					if term.name == "ascii" && !isASCII(got) {
						t.Error("not ASCII")
					}
					if term.name == "utf8" {
						if coloured := frame(t, screens(t, recorded(incident()), colour, size[0], size[1], page.keys...)); coloured != got {
							t.Errorf("colour changes the words:\n%s", coloured)
						}
					}
				})
			}
		}
	}
}
