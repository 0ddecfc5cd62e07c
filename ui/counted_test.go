package ui

import (
	"testing"

	"cyrlock/ui/sample"
)

// TestCountedRow: space shows what a counted row stands for, and counts it again.
func TestCountedRow(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Crowd(40, 1)), colour, 80, 24)
	press(t, s, "down", "down", "down", "down")
	shows(t, s, "\n>├ … 39 more imapd", "enter unfold")
	press(t, s, " ")
	shows(t, s, "imapd 30001", "rows")
	hides(t, s, "more imapd")
	press(t, s, " ")
	shows(t, s, "… 39 more imapd")
}
