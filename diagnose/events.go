package diagnose

import (
	"fmt"
	"time"

	"cyrlock/evidence"
)

// An Event is one thing that happened, in plain words that are safe to show.
type Event struct {
	At   time.Time // of the look that showed it
	Kind EventKind
	Text string
	ProcessID
	File string // its path as it was read; empty: about no file
}

// An EventKind sorts events, for marks and filters.
type EventKind string

const (
	VerdictChanged EventKind = "verdict"
	HolderLetGo    EventKind = "let go"
	ProcessGone    EventKind = "gone"
	HolderTook     EventKind = "took"
	WaiterGot      EventKind = "got"
	WaiterWent     EventKind = "went"
	WaiterCame     EventKind = "came"
	HangBegan      EventKind = "hang"    // only in a [History]
	HangCleared    EventKind = "cleared" // likewise
)

// Events tells what changed, the weightiest first. Of each kind it tells at most
// so many, and counts the rest: "37 more began to wait".
func (c Comparison) Events(most int) []Event {
	t := teller{at: c.At, most: most, told: map[ProcessID]bool{}}
	hidden := c.Doubt != "" || c.early != "" || c.After == Healthy && len(c.Unsure) > 0
	if c.Before != c.After && !hidden {
		t.tell(VerdictChanged, ProcessID{}, nil, func() string { return fmt.Sprintf("%s now, %s before", c.After, c.Before) })
	}
	for _, h := range c.LetGo {
		if c.after.gone(h.ProcessID) {
			t.gone(h.ProcessID, h.Process)
		} else {
			t.tell(HolderLetGo, h.ProcessID, h.File, func() string { return nameOf(h.Process, h.PID) + " let go of " + FileName(*h.File) })
		}
	}
	t.rest("%s more let go")
	for _, w := range c.Went {
		if w.End == Got {
			t.tell(WaiterGot, w.ProcessID, w.File, func() string {
				return fmt.Sprintf("%s got its lock on %s after %s", nameOf(w.Process, w.PID), FileName(*w.File), waited(w.Waiter, c.ElapsedS))
			})
			t.told[w.ProcessID] = true
		}
	}
	t.rest("%s more got their lock")
	for _, h := range c.Took {
		if !t.told[h.ProcessID] {
			t.tell(HolderTook, h.ProcessID, h.File, func() string { return nameOf(h.Process, h.PID) + " holds " + FileName(*h.File) + " now" })
		}
	}
	t.rest("%s more hold such a file now")
	for _, w := range c.Went {
		if w.End == Gone {
			t.gone(w.ProcessID, w.Process)
		}
	}
	t.rest("%s more are gone")
	for _, w := range c.Went {
		if w.End != Got && w.End != Gone {
			t.tell(WaiterWent, w.ProcessID, w.File, func() string { return nameOf(w.Process, w.PID) + " no longer waits for " + FileName(*w.File) })
		}
	}
	t.rest("%s more no longer wait")
	for _, w := range c.Came {
		t.tell(WaiterCame, w.ProcessID, w.File, func() string { return nameOf(w.Process, w.PID) + c.began(w) })
	}
	t.rest("%s more began to wait")
	return t.events
}

// Marks tells, by pid, what is new about a process of the later look: it began to
// wait ([WaiterCame]), it got its lock ([WaiterGot]), it holds such a file now
// ([HolderTook]).
func (c Comparison) Marks() map[int]EventKind {
	marks := map[int]EventKind{}
	for _, w := range c.Came {
		marks[w.PID] = WaiterCame
	}
	for _, h := range c.Took {
		marks[h.PID] = HolderTook
	}
	for _, w := range c.Went {
		if w.End == Got {
			marks[w.PID] = WaiterGot
		}
	}
	return marks
}

// began says that somebody waits who did not. One who has waited for longer than
// there is time between the looks was missed by the earlier one.
func (c Comparison) began(w Wait) string {
	if late := c.before.report.TookMS + c.after.report.TookMS; w.Waiter.SinceS > c.ElapsedS+late/1000+clockSlack {
		return fmt.Sprintf(" waits for %s, and has for %s", FileName(*w.File), Age(w.Waiter.SinceS))
	}
	return " began to wait for " + FileName(*w.File)
}

// clockSlack is how far off a wait time may be, in seconds.
const clockSlack = 0.5

// waited is how long a wait lasted that ended some time in the last seconds.
func waited(w *evidence.Waiter, elapsedS float64) string {
	least, most := Age(w.SinceS), Age(w.SinceS+max(elapsedS, 0))
	switch {
	case w.SinceHow == "at least":
		return "at least " + least
	case least == most:
		return least
	}
	return least + " to " + most
}

// nameOf names a process also where it could not be read.
func nameOf(p *evidence.Process, pid int) string {
	if p != nil {
		return Name(*p)
	}
	return who("", pid)
}

// A teller collects events and counts those that are too many.
type teller struct {
	at     time.Time
	most   int
	told   map[ProcessID]bool
	events []Event
	kind   EventKind
	n      int // of this kind, since the last rest
	last   Event
}

func (t *teller) tell(kind EventKind, id ProcessID, f *evidence.File, text func() string) {
	e := Event{At: t.at, Kind: kind, ProcessID: id}
	if f != nil {
		e.File = f.Path
	}
	if e == t.last { // another thread of the same
		return
	}
	t.last, t.kind = e, kind
	if t.n++; t.n <= t.most {
		e.Text = text()
		t.events = append(t.events, e)
	}
}

func (t *teller) gone(id ProcessID, p *evidence.Process) {
	if !t.told[id] {
		t.told[id] = true
		t.tell(ProcessGone, id, nil, func() string { return nameOf(p, id.PID) + " is gone" })
	}
}

// rest ends one kind: what was too many is counted.
func (t *teller) rest(format string) {
	if more := t.n - t.most; more > 0 {
		t.events = append(t.events, Event{At: t.at, Kind: t.kind, Text: fmt.Sprintf(format, evidence.Thousands(more))})
	}
	t.n = 0
}
