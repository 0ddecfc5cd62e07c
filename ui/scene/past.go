package scene

import (
	"cmp"
	"fmt"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A Past is what all looks so far have shown.
type Past struct {
	Hangs  []diagnose.Hang  // those that last, then those that are over, the newest first
	Events []diagnose.Event // the oldest first
	Points []diagnose.Point // how many waited, the oldest first
	Change diagnose.Comparison

	// history goes from scene to scene. Only the making of the next one, which
	// happens one at a time, touches it.
	history *diagnose.History
}

// remember adds a look.
func (p *Past) remember(r diagnose.Report) {
	if p.history == nil {
		p.history = &diagnose.History{}
	}
	p.Change = p.history.Add(r)
	p.Hangs, p.Events, p.Points = p.history.Hangs(), p.history.Events(), p.history.Points()
}

// Over are the hangs that are over, the newest first.
func (p *Past) Over() []diagnose.Hang {
	for i, h := range p.Hangs {
		if !h.Cleared.IsZero() {
			return p.Hangs[i:]
		}
	}
	return nil
}

// Cleared says of a hang that is over when it ended, and what it was.
func (s *Scene) Cleared(h diagnose.Hang) string {
	return fmt.Sprintf("%s: %s. %s", s.clock(h.Cleared), s.was(h), s.Text(h.How))
}

// was says what a hang was, in one line.
func (s *Scene) was(h diagnose.Hang) string {
	out := evidence.Plural(h.Most, "process", "processes") + " had waited"
	if h.OldestS > 0 {
		out += " up to " + diagnose.Age(h.OldestS)
	}
	holder := s.Text(cmp.Or(h.Holder, "nobody that could be seen"))
	switch h.Class {
	case diagnose.Cycle:
		out += " in a circle with " + holder
	case diagnose.SelfDeadlock:
		out += " with " + holder + ", which waited for itself"
	default:
		out += " behind " + holder
	}
	if h.File != "" {
		out += " for " + s.Short(h.File)
	}
	return out
}
