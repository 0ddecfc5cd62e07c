package scene

import (
	"slices"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A Story is what happened, from look to look and in the log, in the order of time.
// The zero value is empty and ready. It is bounded: of too many lines the oldest go,
// and are counted.
type Story struct {
	State LogState

	events, lines []*Entry
	all           []*Entry // both, the oldest first
	missing       int      // lines that are not kept
	came          int      // entries in all
}

// mostStoryLines is how many lines are kept; of events a history keeps fewer.
const mostStoryLines = 4000

// All are the entries, the oldest first. The slice is the story's until the next change.
func (st *Story) All() []*Entry { return st.all }

// Missing counts the lines that are not among the entries: they came too fast, or are
// older than all that are kept.
func (st *Story) Missing() int { return st.missing }

// Came counts all entries that there ever were.
func (st *Story) Came() int { return st.came }

// Look takes what a new look showed.
func (st *Story) Look(s *Scene) {
	known := make(map[diagnose.Event]*Entry, len(st.events))
	for _, e := range st.events {
		known[*e.Event] = e
	}
	st.events = make([]*Entry, len(s.Events))
	for i, event := range s.Events {
		e := known[event]
		if e == nil {
			e = &Entry{At: event.At, Event: &event}
			st.came++
		}
		st.events[i] = e
	}
	slices.SortStableFunc(st.events, (*Entry).compare)
	for _, e := range slices.Backward(st.lines) {
		const fresh = time.Minute // what was looked at since may know whose line it is
		if s.Report.Taken.Sub(e.At) > fresh {
			break
		}
		e.join(s)
		e.settle(s)
	}
	st.merge()
}

// Hear takes what came from the log.
func (st *Story) Hear(s *Scene, b LogBatch) {
	st.State = b.State
	var came []*Entry
	if st.missing += b.Passed; b.Passed > 0 {
		at := b.State.Last
		if len(b.Lines) > 0 {
			at = b.Lines[0].Time
		}
		came = append(came, &Entry{At: at, Passed: b.Passed})
	}
	for i := range b.Lines {
		e := &Entry{At: b.Lines[i].Time, Line: &b.Lines[i]}
		e.join(s)
		came = append(came, e)
	}
	for i := range b.Ended {
		e := &Entry{At: b.Ended[i].Next, Ended: &b.Ended[i]}
		e.join(s)
		e.settle(s)
		came = append(came, e)
	}
	for i := range b.Notes {
		came = append(came, &Entry{At: b.Notes[i].At, Note: &b.Notes[i]})
	}
	if len(came) == 0 {
		return
	}
	st.came += len(b.Lines) + len(b.Ended) + len(b.Notes) + b.Passed
	st.lines = append(st.lines, came...)
	slices.SortStableFunc(st.lines, (*Entry).compare)
	if over := len(st.lines) - mostStoryLines; over > 0 {
		for _, e := range st.lines[:over] {
			if e.Line != nil {
				st.missing++
			}
		}
		st.lines = slices.Clone(st.lines[over:])
	}
	st.merge()
}

// merge puts both kinds in one order. The result is new: who has the old one keeps it.
func (st *Story) merge() {
	all := make([]*Entry, 0, len(st.events)+len(st.lines))
	i, j := 0, 0
	for i < len(st.events) || j < len(st.lines) {
		if j == len(st.lines) || i < len(st.events) && st.events[i].compare(st.lines[j]) <= 0 {
			all = append(all, st.events[i])
			i++
		} else {
			all = append(all, st.lines[j])
			j++
		}
	}
	st.all = all
}

// An Entry is one thing that happened: an event between two looks, a line of the log, a
// note about the log, a wait that ended in silence, or lines that came too fast.
type Entry struct {
	At     time.Time
	Event  *diagnose.Event
	Line   *evidence.LogLine
	Note   *LogNote
	Ended  *diagnose.Episode // a wait that must have got its lock: it says nothing any more
	Passed int
	// Who it is about, where a look has shown that very process; zero: nobody that was
	// seen. Pids come back.
	Who                 Who
	name, user, mailbox string
	file                *evidence.File // nil: not known
	settled, still      bool           // of Ended: a later look was asked; it shows that it waits
}

func (e *Entry) compare(o *Entry) int { return e.At.Compare(o.At) }

// join finds the process of a line, if it was there when the line was written, and the
// file. Only what is shown of them is kept: a look may be large.
func (e *Entry) join(s *Scene) {
	if e.Who.PID != 0 {
		return
	}
	l := e.spoken()
	if l == nil {
		return
	}
	p := s.present.Process(*l)
	e.name = diagnose.LogName(*l, p)
	if f := s.present.File(*l, p); f != nil {
		e.file = &evidence.File{Path: f.Path, Kind: f.Kind, User: f.User, Mailbox: f.Mailbox}
	}
	if p != nil {
		e.Who, e.user, e.mailbox = Who{p.PID, p.Start}, p.User, p.Mailbox
	}
}

// settle asks a look whether a wait that says nothing any more is over. If not, the log
// is late, or drops messages.
func (e *Entry) settle(s *Scene) {
	const slack = time.Second
	if e.Ended == nil || e.settled || e.Who.PID == 0 || !s.Whole() || s.Report.Taken.Before(e.Ended.Next.Add(slack)) {
		return
	}
	n := s.Place(e.Who.PID)
	e.settled, e.still = true, n != nil && n.Wait != nil && n.Start == e.Who.Start
}

// spoken is the line of an entry, or one in its place; nil: it has none.
func (e *Entry) spoken() *evidence.LogLine {
	if w := e.Ended; w != nil {
		return &evidence.LogLine{Time: w.Last, Host: w.Host, Ident: w.Ident, PID: w.PID, Message: &evidence.LogMessage{Kind: evidence.LogSleeping, File: w.File, Mailbox: w.Mailbox}}
	}
	return e.Line
}

// PID is the process that it is about; 0: none is named.
func (e *Entry) PID() int {
	switch {
	case e.Event != nil:
		return e.Event.PID
	case e.Line != nil:
		return e.Line.About()
	case e.Ended != nil:
		return e.Ended.PID
	}
	return 0
}

// Problem tells what n and N stop at: a hang, its end, what was given up or failed, and
// a log that is not whole.
func (e *Entry) Problem() bool {
	switch {
	case e.Event != nil:
		return e.Event.Kind == diagnose.HangBegan || e.Event.Kind == diagnose.HangCleared
	case e.Note != nil, e.Passed > 0, e.still:
		return true
	case e.Line != nil && e.Line.Message != nil:
		switch e.Line.Message.Kind {
		case evidence.LogGaveUp, evidence.LogRefused, evidence.LogLockError, evidence.LogDied:
			return true
		}
	}
	return false
}
