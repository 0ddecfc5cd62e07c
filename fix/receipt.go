package fix

import (
	"io/fs"
	"time"
)

// A Receipt is what was really done. It is on the disk before anything is.
type Receipt struct {
	ID    int       `json:"id"` // from 1
	State State     `json:"state"`
	Began time.Time `json:"began"`
	Ended time.Time `json:"ended,omitzero"`
	By    By        `json:"by"`
	Plan  Plan      `json:"plan"`
	Steps []Step    `json:"steps"`             // one for each of the plan's changes
	Saved string    `json:"capture,omitempty"` // path of the evidence that was saved before
	Error string    `json:"error,omitempty"`   // why it failed
	Proof *Proof    `json:"proof,omitempty"`
}

// A State is how far a receipt has come.
type State string

const (
	Applying State = "applying"
	Applied  State = "applied"
	Failed   State = "failed" // a step failed; those before it were taken back where that could be done
	Undoing  State = "undoing"
	Undone   State = "undone"
	// Interrupted is what [Ledger.List] makes of Applying and Undoing where the
	// cyrlock that was at it is no more. The steps tell how far it came.
	Interrupted State = "interrupted"
)

// A Step is what became of one change.
type Step struct {
	State StepState `json:"state"`
	At    time.Time `json:"at,omitzero"`    // when it came into that state
	Said  string    `json:"said,omitempty"` // what was done, in words, or why not
	File  *Copy     `json:"file,omitempty"` // of a change to a file
}

// A StepState is how far a step has come. Doing and Undoing are written before
// anything happens, so that after a crash they mean: perhaps.
type StepState string

const (
	StepPlanned StepState = "planned"
	StepDoing   StepState = "doing"
	StepDone    StepState = "done"
	StepFailed  StepState = "failed"
	StepUndoing StepState = "undoing"
	StepUndone  StepState = "undone"
)

// A Copy is what it takes to bring a file back.
type Copy struct {
	Before string      `json:"before"` // SHA-256 in hex; empty: there was no such file
	After  string      `json:"after"`
	Kept   string      `json:"kept,omitempty"` // the old bytes: a name in the ledger
	Mode   fs.FileMode `json:"mode,omitempty"` // of the old file, and so are UID and GID
	UID    int         `json:"uid"`
	GID    int         `json:"gid"`
	Made   []string    `json:"made,omitempty"` // folders that were made for it, outermost first
}

// By is who did it.
type By struct {
	UID  int    `json:"uid"`
	Sudo string `json:"sudo,omitempty"` // who called sudo, as sudo says
	PID  int    `json:"pid"`            // of the cyrlock that did it
}

// CanUndo says that something of it is there, or may be, that can be taken back.
func (r Receipt) CanUndo() bool {
	for i, c := range r.Plan.Changes {
		if c.Act != nil || i >= len(r.Steps) {
			continue
		}
		switch r.Steps[i].State {
		case StepDoing, StepDone, StepUndoing:
			return true
		case StepPlanned, StepFailed, StepUndone:
			if r.State == Interrupted { // there may be something on its way
				return true
			}
		}
	}
	return false
}
