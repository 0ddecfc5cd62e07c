package ui

import (
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A scene is what every page may see: the last report, and how to draw. Pages
// do not change it; what they want done, they return as an action.
type scene struct {
	theme
	keys   keyMap
	report diagnose.Report
	seen   bool // a report is there
	procs  map[int]*evidence.Process
	// holding is, by pid, the file it holds for which the most wait.
	holding map[int]*evidence.File
	limit   time.Duration // from when on a wait counts as hung
}

func (s *scene) proc(pid int) *evidence.Process { return s.procs[pid] }

// rootPID is the process that the most wait for; -1: there is none.
func (s *scene) rootPID() int {
	if len(s.report.Roots) == 0 {
		return -1
	}
	return s.report.Roots[0].PID
}

// show takes a new report.
func (s *scene) show(r diagnose.Report) {
	s.report, s.seen = r, true
	s.procs = make(map[int]*evidence.Process, len(r.Processes))
	s.holding = heldFiles(&s.report)
	for i := range s.report.Processes {
		s.procs[s.report.Processes[i].PID] = &s.report.Processes[i]
	}
}

// A page is one step. It holds its own place in the rows and nothing else.
type page interface {
	refresh(*scene) // a new report is there: find the selection again
	press(*scene, tea.KeyMsg) action
	view(s *scene, w, h int) []string // at most h rows
	keys(*scene) []key.Binding        // its own, the most useful first
	about() string                    // what the page is for, in the help
	selected(*scene) target
	copy(*scene) string // what y copies
}

// A target is what a page points at; the other pages find it by pid.
type target struct {
	pid  int
	file *evidence.File
}

// Actions are what a page asks of the root.
type (
	action any
	goTo   struct { // another step, at this process
		step step
		pid  int
	}
	ask  struct{ query evidence.Query } // one look of its own, for Find
	back struct{}                       // to where the user came from
)

// step is a page by its place in the path.
type step int

const (
	stepFind step = iota
	stepStacks
	stepVerdict
	steps
)

func (s step) String() string { return [...]string{"Find", "Stacks", "Verdict"}[s] }
