// Package scene is one look, made ready to be shown: indexed, ordered and put
// into words, the same for the screens and for plain lines.
//
// A Scene does not change once it is made. It is made away from the screen, so
// that no key waits for it, and everything drawn from it is of the same look.
package scene

import (
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/keys"
)

// A Scene is what every page may see: the last report, and how to draw.
type Scene struct {
	draw.Theme
	Keys    keys.Map
	Limit   time.Duration // from when on a wait counts as hung
	Report  diagnose.Report
	Seen    bool // a report is there
	Buckets []Bucket
	Trees   []*Node // of each root, in their order
	Past

	procs  map[int]*evidence.Process
	places map[int]*Node // by pid: where a process stands in the trees
	// tracers are, by pid, the names of those that trace a process of the look.
	tracers map[int]string
	marks   map[int]diagnose.EventKind // by pid: what is new since the look before
	// holding is, by pid, the file it holds for which the most wait.
	holding map[int]*evidence.File
	present *diagnose.Present
	lists
	standing
}

// New is the scene before the first look.
func New(t draw.Theme, limit time.Duration) *Scene {
	return &Scene{Theme: t, Keys: keys.Standard(), Limit: limit}
}

// Next is the scene of a new look that was whole; s stays as it is.
func (s *Scene) Next(r diagnose.Report) *Scene {
	next := s.Part(r)
	next.whole = true
	next.remember(r)
	next.marks = next.Change.Marks()
	return next
}

// Part is the scene of a look that was broken off: it may lack anything, so it is
// no proof that a hang is over.
func (s *Scene) Part(r diagnose.Report) *Scene {
	next := &Scene{Theme: s.Theme, Keys: s.Keys, Limit: s.Limit, Report: r, Seen: true, Past: s.Past}
	next.procs = make(map[int]*evidence.Process, len(r.Processes))
	for i := range r.Processes {
		p := &r.Processes[i]
		next.procs[p.PID] = p
		if p.Tracer != 0 && p.TracerName != "" {
			if next.tracers == nil {
				next.tracers = map[int]string{}
			}
			next.tracers[p.Tracer] = p.TracerName
		}
	}
	next.present = diagnose.NewPresent(&next.Report.Snapshot)
	next.holding = heldFiles(&next.Report)
	next.Buckets, next.standing = buckets(next)
	next.grow()
	next.list()
	return next
}

// Proc is the process of the look with this pid; nil: none is.
func (s *Scene) Proc(pid int) *evidence.Process { return s.procs[pid] }

// Mark is one cell that says what is new about a process since the look before: +
// it began to wait, * it has the lock now.
func (s *Scene) Mark(pid int) string {
	switch s.marks[pid] {
	case diagnose.WaiterCame:
		return "+"
	case diagnose.WaiterGot, diagnose.HolderTook:
		return "*"
	}
	return " "
}

// Place is where a process stands in the trees; nil: nowhere. One that waits in
// several stands in the first.
func (s *Scene) Place(pid int) *Node { return s.places[pid] }

// RootPID is the process that the most wait for; -1: there is none.
func (s *Scene) RootPID() int {
	if len(s.Report.Roots) == 0 {
		return -1
	}
	return s.Report.Roots[0].PID
}

// A Target is what a page points at; the other pages find it by pid.
type Target struct {
	PID  int
	File *evidence.File
}
