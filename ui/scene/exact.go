package scene

import (
	"fmt"
	"maps"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// An Exact is a process whose threads were stopped to get exact stacks.
type Exact struct {
	Process *evidence.Process
	At      time.Time
}

// Exact is the last one that was taken of a process, if it was.
func (s *Scene) Exact(who Who) (Exact, bool) {
	e, ok := s.exacts[who]
	return e, ok
}

// Exacts counts them.
func (s *Scene) Exacts() int { return len(s.exacts) }

// With is the scene with one more exact stack; s stays as it is.
func (s *Scene) With(p evidence.Process, at time.Time) *Scene {
	p = diagnose.Annotate(evidence.Snapshot{Processes: []evidence.Process{p}}).Processes[0]
	next := *s
	next.exacts = maps.Clone(s.exacts)
	if next.exacts == nil {
		next.exacts = map[Who]Exact{}
	}
	next.exacts[Who{p.PID, p.Start}] = Exact{&p, at}
	return &next
}

// Keep is the scene with the exact stacks of an older one, of processes that are
// still there; s stays as it is.
func (s *Scene) Keep(old *Scene) *Scene {
	if len(old.exacts) == 0 {
		return s
	}
	next := *s
	next.exacts = map[Who]Exact{}
	for who, e := range old.exacts {
		if s.Lives(who) {
			next.exacts[who] = e
		}
	}
	return &next
}

// Lives tells whether the look has seen this process.
func (s *Scene) Lives(who Who) bool {
	p := s.Proc(who.PID)
	return p != nil && p.Start == who.Start
}

// Stood says how long a process stood still for its exact stack: "85 µs", and for
// many threads, one after the other, "3 × 85 µs at most".
func (s *Scene) Stood(p *evidence.Process) string {
	most, n := 0.0, 0
	for _, t := range p.Threads {
		if t.StopUS > 0 {
			most, n = max(most, t.StopUS), n+1
		}
	}
	switch n {
	case 0:
		return "not at all"
	case 1:
		return s.Micros(most)
	}
	return fmt.Sprintf("%s at most, each of %d threads by itself", s.Micros(most), n)
}

// Micros writes a short time.
func (s *Scene) Micros(us float64) string {
	unit := "µs"
	if s.ASCII {
		unit = "us"
	}
	if us >= 10_000 {
		return fmt.Sprintf("%.0f ms", us/1000)
	}
	return fmt.Sprintf("%.0f %s", us, unit)
}
