package scene

import (
	"slices"
	"strconv"
	"strings"

	"cyrlock/evidence"
)

// A Party is one process that has a file open.
type Party struct {
	Role  Role
	Place int // of a waiter in the kernel's queue, from 1; 0: not known
	PID   int
	TID   int // the thread that shows what it does
	FD    int // -1: not known
	Mode  string
	Old   bool // it has an older file open, whose name is gone
	Polls bool // it sleeps between tries
	// how long a waiter has waited, in seconds, and how that is known
	waitedS   float64
	waitedHow string
	Proc      *evidence.Process
	File      *FileRow
	scene     *Scene
}

// Role is what a process has to do with a file, in the order of the list.
type Role int

const (
	Holds Role = iota
	Waits
	Opens
)

// Parties are all that have the file open: who holds it, who waits in the order
// of the queue, then who was found to have it open besides.
func (r *FileRow) Parties() []Party {
	f := r.File
	out := make([]Party, 0, len(f.Holders)+len(f.Waiters)+len(r.Open))
	locked := make(map[int]bool, cap(out))
	add := func(p Party, s *Scene) {
		p.Proc, p.File, p.scene = s.Proc(p.PID), r, s
		out = append(out, p)
	}
	for _, h := range f.Holders {
		locked[h.PID] = true
		add(Party{Role: Holds, PID: h.PID, TID: h.PID, FD: h.FD, Mode: h.Mode}, r.Scene)
	}
	for _, w := range f.Waiters {
		locked[w.PID] = true
		add(Party{Role: Waits, Place: w.Queue, PID: w.PID, TID: w.TID, FD: w.FD, Mode: w.Mode, Polls: w.Polls, waitedS: w.SinceS, waitedHow: w.SinceHow}, r.Scene)
	}
	for _, o := range r.Open {
		if !locked[o.PID] { // it got in line since it was asked
			add(Party{Role: Opens, PID: o.PID, TID: o.PID, FD: o.FD, Old: o.Deleted}, r.Asked)
		}
	}
	return out
}

// Holder is the first that holds a file that is held.
func (r *FileRow) Holder() Party {
	h := r.File.Holders[0]
	return Party{Role: Holds, PID: h.PID, TID: h.PID, FD: h.FD, Mode: h.Mode, Proc: r.Scene.Proc(h.PID), File: r, scene: r.Scene}
}

// Is tells whether two are the same process with the same part, in two looks.
func (p *Party) Is(o *Party) bool {
	return p.PID == o.PID && p.start() == o.start() && p.Role == o.Role && p.FD == o.FD && p.TID == o.TID && p.File.ID == o.File.ID
}

// IsProcess tells whether two are the same process, whatever it does.
func (p *Party) IsProcess(o *Party) bool { return p.PID == o.PID && p.start() == o.start() }

func (p *Party) start() uint64 {
	if p.Proc == nil {
		return 0
	}
	return p.Proc.Start
}

// Matches tells whether a filter finds the process: by pid, program, user,
// mailbox, client or service. The filter is in lower case.
func (p *Party) Matches(filter string) bool {
	return strings.Contains(p.scene.wordsOf(p.PID), filter)
}

// Name is "imapd 24870".
func (p *Party) Name() string { return p.scene.Name(p.PID) }

// PIDText is its pid as one types it.
func (p *Party) PIDText() string { return strconv.Itoa(p.PID) }

// FDText is its descriptor; "" where that is not known.
func (p *Party) FDText() string {
	if p.FD < 0 {
		return ""
	}
	return strconv.Itoa(p.FD)
}

// Words are all that its row says, but for the file.
func (p *Party) Words() []string {
	words := []string{p.Name(), p.User(), p.RoleWords(), p.LockWords(false), p.Since(), p.Doing()}
	return slices.DeleteFunc(words, func(w string) bool { return w == "" || w == "none" })
}

// User is who it serves.
func (p *Party) User() string { return p.text(func(q *evidence.Process) string { return q.User }) }

// Mailbox is the one it has selected.
func (p *Party) Mailbox() string {
	return p.text(func(q *evidence.Process) string { return q.Mailbox })
}

// Client is the host it serves.
func (p *Party) Client() string { return p.text(func(q *evidence.Process) string { return q.Client }) }

// Service is cyrus.conf's name for what it does.
func (p *Party) Service() string {
	return p.text(func(q *evidence.Process) string { return q.Service })
}

func (p *Party) text(of func(*evidence.Process) string) string {
	if p.Proc == nil {
		return ""
	}
	return p.scene.Text(of(p.Proc))
}

// RoleWords are the first cell of its row: "holder", "waiter 3", "open".
func (p *Party) RoleWords() string {
	switch {
	case p.Role == Holds:
		return "holder"
	case p.Role == Opens:
		return "open"
	case p.Polls:
		return "retries"
	case p.Place > 0:
		return "waiter " + strconv.Itoa(p.Place)
	}
	return "waiter"
}

// LockWords say what lock it has or wants; short ones fit a narrow column.
func (p *Party) LockWords(short bool) string {
	mode := modeWords(p.Mode)
	switch {
	case p.Role == Holds:
		return mode
	case p.Role == Waits && short:
		return "wants " + mode[:min(len(mode), 4)]
	case p.Role == Waits:
		return "wants " + mode
	case p.Old && short:
		return "old file"
	case p.Old:
		return "none, old file"
	}
	return "none"
}

// Telling is the thread that shows what it does; nil: it was not read.
func (p *Party) Telling() *evidence.Thread { return Telling(p.Proc, p.TID) }

// Since is how long it waits, or has been at what it does.
func (p *Party) Since() string {
	if p.Role == Waits {
		return Since(p.waitedS, p.waitedHow)
	}
	if t := p.Telling(); t != nil {
		return Since(t.SinceS, t.SinceHow)
	}
	return ""
}

// Doing says what it is at.
func (p *Party) Doing() string {
	if p.Proc == nil {
		return ""
	}
	return p.scene.Doing(p.Proc, p.Telling())
}
