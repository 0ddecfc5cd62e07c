package rescue

import (
	"strings"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A cost is what a failed lock call loses.
type cost struct {
	risk      string
	what      string // a sentence; a clause where it is dangerous, which goes into a refusal
	dangerous bool   // never without force
}

// costOf says what Cyrus does when this lock cannot be had.
func costOf(f evidence.File, version string) cost {
	loss := diagnose.LossOf(diagnose.Kind(f.Kind), version)
	c := cost{loss.Risk, loss.What, loss.Dangerous}
	if !c.dangerous {
		c.what = strings.ToUpper(c.what[:1]) + c.what[1:] + "."
	}
	return c
}
