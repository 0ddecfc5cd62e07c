// Package fix carries out what was decided, so that it can be shown before, told
// apart afterwards, and taken back.
//
// A [Plan] says in words and in full what is going to be done. [Ledger.Apply] does
// it step by step and keeps a [Receipt], which is written before and after each
// step: after a crash it still tells which steps were done. Files are replaced
// whole or not at all. [Ledger.Undo] takes back what can be taken back, and touches
// nothing that somebody has changed since.
//
// It knows no locks and no Cyrus: packages source, shim and rescue make the plans.
package fix

import (
	"context"
	"io/fs"
	"strings"
	"time"

	"cyrlock/diagnose"
)

// A Plan is what is going to be done, before anything is.
type Plan struct {
	Kind  string `json:"kind"`  // "source", "shim", "end", "continue", "cancel", "rejoin"
	Title string `json:"title"` // "end imapd 24870": its first word is the [Plan.Word]
	What  string `json:"what"`  // what it brings about, in a sentence or two
	Why   string `json:"why"`   // what it is good for
	Risk  string `json:"risk"`  // "none", "low", "some", "high", as in diagnose.Advice
	// Changes are the steps, in the order in which they are done. None: there is
	// nothing to do, and What says why.
	Changes  []Change `json:"changes"`
	Warnings []string `json:"warnings,omitempty"` // each a sentence
	Basis    *Basis   `json:"basis,omitempty"`    // nil: it rests on nothing but the files in Changes
	// Capture is all the evidence, as package capture reads it: the JSON of a look.
	// It is kept beside the receipt before the first step.
	Capture []byte `json:"-"`
}

// Word is what a person has to type to have it done: END for a plan to end somebody.
func (p Plan) Word() string {
	first, _, _ := strings.Cut(p.Title, " ")
	return strings.ToUpper(first)
}

// A Change is one step. It has one of File, Run and Act.
type Change struct {
	Text string `json:"text"` // what is done, in words: "write lib/lock_flock.c"
	File *File  `json:"file,omitempty"`
	Run  *Run   `json:"run,omitempty"`
	Act  *Act   `json:"act,omitempty"`
}

// A File is a file that is made, replaced or removed. Its mode and owner stay.
type File struct {
	// Dir is an absolute path to a folder that exists. Nothing outside of it is
	// touched, wherever symbolic links lead; missing folders below it are made.
	Dir  string      `json:"dir"`
	Name string      `json:"name"` // below Dir: "lib/lock_flock.c"
	Old  []byte      `json:"-"`    // as it was when the plan was made; nil: there was none
	New  []byte      `json:"-"`    // nil: it is removed
	Mode fs.FileMode `json:"-"`    // of a new file; never writable for others
	Diff string      `json:"diff,omitempty"`
}

// A Run is a program that is run: "systemctl daemon-reload". It must do no harm
// when it is run once more than needed, for after a crash nobody knows. Steps are
// taken back in reverse order: what has to follow the files both ways stands at the
// end of the changes with a Command, and at their beginning with an Undo.
type Run struct {
	Command []string `json:"command,omitempty"` // an absolute path, and arguments
	Undo    []string `json:"undo,omitempty"`
}

// An Act is something that is done to a process. It cannot be taken back.
type Act struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // evidence.Process Start: with PID it names the process for good
	// Do does it and says in words what it did. It makes sure first that the
	// process is the one that was meant and that there still is reason to.
	Do func(context.Context) (said string, err error) `json:"-"`
}

// A Basis is the evidence that a plan rests on, in short.
type Basis struct {
	Taken   time.Time `json:"taken"` // of the look
	Host    string    `json:"host"`
	BootID  string    `json:"boot_id"`
	Verdict string    `json:"verdict"`
	Summary string    `json:"summary"`         // in a sentence: of the root, else of all
	Class   string    `json:"class,omitempty"` // of the root, and so on; empty: no root
	PID     int       `json:"pid,omitempty"`
	Start   uint64    `json:"start,omitempty"`
	File    string    `json:"file,omitempty"`
	Waiting int       `json:"waiting,omitempty"` // processes behind it
	Why     []string  `json:"why,omitempty"`     // each piece of evidence, with where it was read
}

// Rests is the basis of a plan that rests on a look; root may be nil.
func Rests(r diagnose.Report, root *diagnose.Root) *Basis {
	b := &Basis{Taken: r.Taken, Host: r.Host.Name, BootID: r.Host.BootID, Verdict: string(r.Verdict), Summary: r.Summary}
	if root != nil {
		b.Class, b.PID, b.Start, b.File = string(root.Class), root.PID, root.Start, root.File
		b.Waiting, b.Why, b.Summary = len(root.Victims), root.Why, root.Sentence
	}
	return b
}

// A Proof is what was seen after a plan was carried out.
type Proof struct {
	Taken    time.Time `json:"taken"`
	Good     bool      `json:"good"`     // it did what it was for
	Sentence string    `json:"sentence"` // "11 waiters drained within 0.3s."
	Lines    []string  `json:"lines,omitempty"`
}
