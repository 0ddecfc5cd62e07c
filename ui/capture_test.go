package ui

import (
	"testing"
	"time"

	"cyrlock/ui/sample"
)

// TestNoteFades: a note is there until it can have been read, and then the keys again.
func TestNoteFades(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Incident()), colour, 80, 24, "w")
	for i := range 20 {
		s.Update(ticked(epoch.Add(time.Duration(i) * time.Second)))
		if i < 8 {
			shows(t, s, "a capture cannot be saved here")
		}
	}
	hides(t, s, "a capture cannot be saved here")
	shows(t, s, "? help")
}
