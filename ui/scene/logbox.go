package scene

import (
	"slices"
	"strings"
	"sync"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A LogBox takes what a log brings until the screen has time for it. A log may be
// faster than any eye: of what is too much between two frames the newest stays, and
// the rest is counted. It never makes who logs wait. Its methods may be called from
// any goroutine.
type LogBox struct {
	mu     sync.Mutex
	state  LogState
	near   map[int]bool // whose other lines are worth a row
	lines  []evidence.LogLine
	first  int // the oldest of lines, once they are full
	passed int // lines that had to make room
	notes  []LogNote
	fold   diagnose.Fold
	twins  diagnose.Twins     // messages that another log has brought
	ended  []diagnose.Episode // in silence
	more   chan struct{}      // holds one: there is something to be drawn
}

// A LogBatch is what came since the last one.
type LogBatch struct {
	Lines  []evidence.LogLine // about locks, or of a process that has to do with a hang
	Passed int                // as many were passed over before these
	Ended  []diagnose.Episode // waits that got their lock and did not say so
	Notes  []LogNote
	State  LogState
}

// Bounds of a box, between two batches.
const (
	mostLogLines   = 1000
	mostLogNotes   = 100
	mostLogSources = 20
)

// NewLogBox is an empty one.
func NewLogBox() *LogBox {
	b := &LogBox{more: make(chan struct{}, 1)}
	b.fold.Ended = func(e diagnose.Episode) {
		if e.End == diagnose.EndSilent && len(b.ended) < mostLogLines {
			b.ended = append(b.ended, e)
		}
	}
	return b
}

// Begin notes that somebody follows from now on.
func (b *LogBox) Begin(at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state.Wanted, b.state.Since, b.state.Err = true, at, nil
}

// End notes why nobody does any more.
func (b *LogBox) End(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state.Err = err
	b.rouse()
}

// Line takes a line that came at this time; the zero time: it was there before.
func (b *LogBox) Line(l evidence.LogLine, came time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !came.IsZero() {
		b.state.Heard++
		b.state.Last = came
	}
	l = kept(l)
	l.Time = stood(l.Time, came)
	if l.Message != nil {
		if b.twins.Has(l) {
			return
		}
		b.fold.Add(l)
		if b.state.Told = l.Time; came.IsZero() {
			b.state.Before++
		} else {
			b.state.About++
		}
	} else if b.fold.Add(l); !b.near[l.About()] {
		return
	}
	if len(b.lines) < mostLogLines {
		b.lines = append(b.lines, l)
	} else {
		b.lines[b.first] = l
		b.first = (b.first + 1) % mostLogLines
		b.passed++
	}
	b.rouse()
}

// stood is where a line stands among what else happened: it may tell no time, or have
// one of another clock or zone.
func stood(told, came time.Time) time.Time {
	const late = 10 * time.Second
	if whole := told.Nanosecond() == 0; whole && !came.IsZero() && came.Sub(told) < 2*time.Second {
		return came // of lines of the same second the order tells
	}
	if came.IsZero() || !told.IsZero() && !told.After(came) && came.Sub(told) < late {
		return told
	}
	return came
}

// Note takes a note.
func (b *LogBox) Note(n LogNote) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n.Source, n.Text = n.Source[:min(len(n.Source), 4096)], n.Text[:min(len(n.Text), mostLogText)]
	at, known := slices.BinarySearchFunc(b.state.Sources, n, func(a, b LogNote) int { return strings.Compare(a.Source, b.Source) })
	b.state.Sources = slices.Clone(b.state.Sources) // the screen has the other
	news := n.Trouble || n.Loss
	switch {
	case known:
		news = news || b.state.Sources[at].Trouble
		b.state.Sources[at] = n
	case len(b.state.Sources) < mostLogSources:
		b.state.Sources = slices.Insert(b.state.Sources, at, n)
	}
	if news && len(b.notes) < mostLogNotes {
		b.notes = append(b.notes, n)
	}
	b.rouse()
}

// Near names the processes that have to do with a hang: what they log is worth a row,
// whatever it is.
func (b *LogBox) Near(pids map[int]bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.near = pids
}

func (b *LogBox) rouse() {
	select {
	case b.more <- struct{}{}:
	default:
	}
}

// More tells when there is something that is worth a new frame. Lines that are only
// counted are not.
func (b *LogBox) More() <-chan struct{} { return b.more }

// State is what is known of the following by now.
func (b *LogBox) State(now time.Time) LogState {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now(now)
}

// now ends the waits that should have said something by now.
func (b *LogBox) now(now time.Time) LogState {
	const behind = 3 * time.Second // what is on its way
	if b.state.Wanted && b.state.Err == nil {
		b.fold.Advance(now.Add(-behind))
	}
	if len(b.ended) > 0 {
		b.rouse()
	}
	open := b.fold.Open()
	b.state.Waits = make(LogWaits, len(open))
	for _, e := range open {
		b.state.Waits[e.PID] = append(b.state.Waits[e.PID], e)
	}
	return b.state
}

// Take empties the box.
func (b *LogBox) Take(now time.Time) LogBatch {
	b.mu.Lock()
	defer b.mu.Unlock()
	state := b.now(now)
	out := LogBatch{Passed: b.passed, Ended: b.ended, Notes: b.notes, State: state}
	out.Lines = append(b.lines[b.first:len(b.lines):len(b.lines)], b.lines[:b.first]...)
	b.lines, b.first, b.passed, b.ended, b.notes = nil, 0, 0, nil, nil
	return out
}
