package scene

import (
	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// State says how bad it is that this file is locked.
type State int

const (
	Hung        State = iota // somebody waits too long, or for ever
	Slow                     // somebody waits: not for long, or behind one that works
	Consequence              // its holder waits for another file
	NotMail                  // another program's hang, on a machine that serves mail
	Held                     // nobody waits
	Opened                   // no lock
	Absent                   // no process has it open
	Over                     // somebody waited when it was asked, and nobody does now
	Idle                     // workers without work queue for it, as they should
)

func (s State) String() string {
	return [...]string{"HUNG", "waits", "behind", "not mail", "held", "open", "not open", "over", "normal"}[s]
}

// ends are the roots of a report, by what leads to them.
type ends struct {
	files map[string]*diagnose.Root
	aside map[string]bool
	pids  map[int]*diagnose.Root
}

func endsOf(r *diagnose.Report) ends {
	e := ends{map[string]*diagnose.Root{}, map[string]bool{}, map[int]*diagnose.Root{}}
	add := func(root *diagnose.Root, aside bool) {
		if root.File != "" && e.files[root.File] == nil {
			e.files[root.File], e.aside[root.File] = root, aside
		}
		e.pids[root.PID] = root
		for _, pid := range root.Members {
			e.pids[pid] = root
		}
	}
	for i := range r.Roots {
		add(&r.Roots[i], false)
	}
	for i := range r.Aside {
		add(&r.Aside[i], true)
	}
	return e
}

// circle is the one that a file's holder is part of, so that it never lets go; nil:
// it is in none.
func (e ends) circle(f *evidence.File) *diagnose.Root {
	for _, h := range f.Holders {
		if r := e.pids[h.PID]; r != nil && (r.Class == diagnose.Cycle || r.Class == diagnose.SelfDeadlock) {
			return r
		}
	}
	return nil
}

func (e ends) rank(r *FileRow) int {
	switch {
	case r.How != "" && r.State != Absent:
		return 0
	case r.State == Absent:
		return 1
	case r.State == NotMail:
		return 4
	case r.State >= Held:
		return 4 + int(r.State-Held)
	case e.files[r.File.Path] != nil:
		return 2
	}
	return 3
}

// stateOf says how bad a file is; one whose holder waits for another file is a
// consequence of that one.
func (s *Scene) stateOf(r *FileRow, known ends, waiting map[int]*FileRow) (State, *FileRow) {
	f := r.File
	root := known.files[f.Path]
	switch {
	case f.Kind == string(diagnose.Accept):
		return Idle, nil
	case len(f.Waiters) == 0 && len(f.Holders) == 0:
		return Opened, nil
	case len(f.Waiters) == 0:
		return Held, nil
	case root != nil && known.aside[f.Path]:
		return NotMail, nil
	}
	for _, h := range f.Holders {
		if known.pids[h.PID] != nil {
			break // it waits for others as they wait for it
		}
		if other := waiting[h.PID]; h.PID != 0 && other != nil && other != r {
			return Consequence, other
		}
	}
	if c := known.circle(f); c != nil && c.Confidence == diagnose.Certain {
		return Hung, nil // it never ends, however young it is
	}
	if r.Oldest < s.Limit.Seconds() || root != nil && root.Class == diagnose.WorkingHolder {
		return Slow, nil
	}
	return Hung, nil
}
