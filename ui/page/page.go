// Package page is the five steps: each a page that shows a scene, keeps its own
// place in it, and answers keys with an action that the root carries out.
package page

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/scene"
)

// A Page is one step. It holds its own place in the rows and nothing else.
type Page interface {
	Refresh(*scene.Scene) // a new look is there: find the selection again
	Press(*scene.Scene, tea.KeyMsg) Action
	View(s *scene.Scene, w, h int) []string // at most h rows
	Keys(*scene.Scene) []key.Binding        // its own, the most useful first
	About() string                          // what the page is for, in the help
	Selected(*scene.Scene) scene.Target
	Copy(*scene.Scene) string // what y copies
}

// An Editor is a page that may be taking text: then every key is its own.
type Editor interface {
	Editing() bool
	Edit(*scene.Scene, tea.KeyMsg) Action
}

// A Seeker is a page that can be asked to stand on a process.
type Seeker interface {
	Seek(s *scene.Scene, pid int)
}

// Actions are what a page asks of the root.
type (
	Action any
	GoTo   struct { // another step, at this process
		Step Step
		PID  int
	}
	Ask   struct{ Query evidence.Query } // one look of its own, for Find
	Exact struct {                       // an exact stack, by attaching
		PID   int
		Start uint64
	}
	Prepare struct { // a plan, to be shown and asked about
		Title  string
		Advice diagnose.Advice
		Dir    string // that it is about; empty: none
	}
	Undo struct{ ID int } // of a receipt; 0: the last that can be
	Back struct{}         // to where the user came from
)

// Searched is the answer to an [Ask].
type Searched struct {
	Query evidence.Query
	Scene *scene.Scene // nil: nothing could be seen
	Err   error
}

// Step is a page by its place in the path.
type Step int

// The path.
const (
	StepFind Step = iota
	StepStacks
	StepVerdict
	StepFix
	StepWatch
	Steps
)

func (s Step) String() string { return [...]string{"Find", "Stacks", "Verdict", "Fix", "Watch"}[s] }

// New are the pages of the path, in its order.
func New() [Steps]Page {
	return [Steps]Page{&Find{}, &Stacks{}, &Verdict{}, &Fix{}, &Watch{}}
}

// queryFor is a look of Find's own: a path if it looks like one, else a user.
func queryFor(text string) evidence.Query {
	if strings.Contains(text, "/") {
		return evidence.Query{File: text, Openers: true}
	}
	return evidence.Query{User: text, Openers: true}
}
