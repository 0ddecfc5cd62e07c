package scene

import (
	"fmt"

	"cyrlock/evidence"
)

// ReadingWords say what the look cost the machine, and whether it touched anything.
func (s *Scene) ReadingWords() string {
	n, touched := 0, false
	for _, r := range s.Report.Readings {
		n += r.Count
		touched = touched || r.How == "stop"
	}
	if n == 0 {
		return "What cyrlock read for this look is not recorded in it."
	}
	words := fmt.Sprintf("What cyrlock itself did for this look, in %.0f ms: %s.", s.Report.TookMS, evidence.Plural(n, "reading", "readings"))
	if !touched {
		words += " No process was stopped, attached to or sent a signal."
	}
	return words
}
