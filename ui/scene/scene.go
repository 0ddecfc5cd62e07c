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

	// What the looks before this one and this one have shown, the newest hang first,
	// events and points the oldest first.
	Hangs  []diagnose.Hang
	Events []diagnose.Event
	Points []diagnose.Point
	Change diagnose.Comparison // from the look before

	marks   map[int]diagnose.EventKind
	history *diagnose.History // goes from scene to scene; only Next touches it
	procs   map[int]*evidence.Process
	places  map[int]*Node // by pid: where a process stands in the trees
	// holding is, by pid, the file it holds for which the most wait.
	holding map[int]*evidence.File
	lists
	standing
}

// New is the scene before the first look.
func New(t draw.Theme, limit time.Duration) *Scene {
	return &Scene{Theme: t, Keys: keys.Standard(), Limit: limit, history: &diagnose.History{}}
}

// Next is the scene of a new report; s stays as it is. Scenes are made one after
// the other. A report that ends with an error is shown, but proves nothing: it goes
// into no history.
func (s *Scene) Next(r diagnose.Report, err error) *Scene {
	next := &Scene{Theme: s.Theme, Keys: s.Keys, Limit: s.Limit, Report: r, Seen: true, history: s.history}
	if err == nil {
		next.Change = s.history.Add(r)
		next.marks = next.Change.Marks()
	}
	next.Hangs, next.Events, next.Points = s.history.Hangs(), s.history.Events(), s.history.Points()
	next.procs = make(map[int]*evidence.Process, len(r.Processes))
	for i := range r.Processes {
		next.procs[r.Processes[i].PID] = &r.Processes[i]
	}
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
