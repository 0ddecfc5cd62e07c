// Package syslog reads what a mail server logs: it finds the log, follows it, and
// reads what is there from before, from files and from journald.
//
// No line is left out in silence. A file is read on through rotation until nobody
// writes to it any more, and a reader that is slow makes the reading wait, not the
// memory grow; what could not be read is told as a [Note]. Memory is bounded, whatever
// the lines are, and a file server that does not answer holds nobody up. Nothing is
// ever written, and no lock is taken.
package syslog

import (
	"fmt"
	"time"

	"cyrlock/evidence"
)

// MaxLine is how many bytes of a line are kept. rsyslog cuts at 8 KiB of its own
// accord.
const MaxLine = 16 << 10

// A Sink is where lines go. Its functions are called one at a time; while one of them
// runs, nothing is read.
type Sink struct {
	// Maybe tells whether a line may matter, by a quick look at its bytes as they are in
	// the log, which it must not keep. Those that do not are not even taken apart.
	// nil: all of them matter.
	Maybe func(line []byte) bool
	Line  func(evidence.LogLine)
	Note  func(Note) // may be nil
}

func (s Sink) note(n Note) {
	if s.Note != nil {
		s.Note(n)
	}
}

// A Note is what happened to a log, other than a line.
type Note struct {
	Source string // path of the file, or "journal"
	What   What
	Lost   int64 // bytes that nobody will see; -1: some, it is not known how many
	Err    error
}

// What is what happened.
type What string

const (
	Opened      What = "opened"      // it is read now; after a trouble: again
	Rotated     What = "rotated"     // another file has its name; the old one is read to its end
	Truncated   What = "truncated"   // it was emptied in place: what had come just before may be lost
	Missing     What = "missing"     // there is no such file, yet or any more
	Denied      What = "denied"      // it may not be read
	Unreadable  What = "unreadable"  // any other error
	Unreachable What = "unreachable" // the disk or file server does not answer
	Dropped     What = "dropped"     // lines went by faster than they were taken
	Cut         What = "cut"         // a line was longer than MaxLine
	Ended       What = "ended"       // journalctl is gone
)

func (n Note) String() string {
	s := n.Source + ": " + n.What.sentence()
	switch {
	case n.Lost > 0:
		s += fmt.Sprintf("; %d bytes were not read", n.Lost)
	case n.Lost < 0:
		s += "; some lines may not have been read"
	}
	if n.Err != nil {
		s += ": " + n.Err.Error()
	}
	return s
}

func (w What) sentence() string {
	switch w {
	case Opened:
		return "is being read"
	case Rotated:
		return "was rotated"
	case Truncated:
		return "was emptied in place"
	case Missing:
		return "is not there"
	case Denied:
		return "may not be read"
	case Unreachable:
		return "does not answer"
	case Dropped:
		return "lines came faster than they were taken"
	case Cut:
		return "had a very long line"
	case Ended:
		return "is not read any more"
	}
	return "cannot be read"
}

// A Position is a place in a file, whatever the file is called by now.
type Position struct {
	Dev, Ino uint64
	Offset   int64
}

// patience is how long a disk may take for one read.
const patience = 5 * time.Second
