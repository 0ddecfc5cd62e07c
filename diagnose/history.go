package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"cyrlock/evidence"
)

// A History is what looks at one machine have shown since the first of them, in
// bounded room. The zero value is empty and ready.
//
// It says that a hang is over only after a look that would have shown it. Add
// looks in their order, and only those that ended without an error: one that was
// broken off may lack anything.
type History struct {
	last   *view
	open   []*running // not over, in the order they were seen
	over   []Hang     // the oldest first
	points points
	events []Event // the oldest first
}

// Bounds of a History.
const (
	mostHangs    = 50  // that are over, and as many that are not
	mostEvents   = 200 // in all
	mostOfAKind  = 6   // events of one look
	mostAbsences = 2   // looks without a wait that only the lock table ever showed
)

// A Hang is one hang from the first look that showed it to its end. Who waits may
// change meanwhile; the holder, the circle or the crowd is the same.
type Hang struct {
	What    string    // the root's sentence, when the most waited
	Class   Class     // likewise
	File    string    // its path as it was read; empty: not known
	Holder  string    // "imapd 24870"; empty: nobody was visible
	PID     int       // 0: nobody was visible
	Start   uint64    // against a reused pid
	Began   time.Time // of the earliest wait
	Seen    time.Time // of the first look that showed the hang
	Cleared time.Time // of the first look that showed that it is over; zero: it is not
	Most    int       // the most that waited at a time
	OldestS float64   // the longest wait, in seconds
	How     string    // in a sentence, how it ended: "11 waiters drained within 3.1s."
}

// A running hang is not known to be over.
type running struct {
	Hang
	in     *view     // the last look that showed it, with its holder if one ever did
	root   Root      // as it was there
	absent int       // looks since, in a row, that could have shown it and did not
	latest time.Time // of these
}

// Add takes the next look into account and returns how it differs from the one
// before. A look at another machine, or after a new boot, begins a new history.
func (h *History) Add(r Report) Comparison {
	now := newView(r)
	var c Comparison
	if h.last != nil {
		if c = compareViews(h.last, now); c.before == nil {
			*h = History{}
		}
	}
	h.follow(now, c)
	if sight(now, now) != "" {
		return c // the next look is compared with the last one that could see
	}
	h.points.add(Point{r.Taken, r.Waiting})
	if h.last != nil {
		h.note(c.Events(mostOfAKind))
	}
	h.last = now
	return c
}

func (h *History) note(events []Event) {
	h.events = append(h.events, events...)
	h.events = slices.Delete(h.events, 0, max(0, len(h.events)-mostEvents))
}

// follow finds the running hangs in a new look, ends those that are over, and
// begins those that are new.
func (h *History) follow(now *view, c Comparison) {
	found, known := newHangs(now), map[*Root]bool{}
	since := map[*view]Comparison{h.last: c}
	h.open = slices.DeleteFunc(h.open, func(g *running) bool {
		if root := found.find(g.in, &g.root); root != nil {
			known[root] = true
			g.see(now, *root)
			return false
		}
		from, ok := since[g.in]
		if !ok {
			from = compareViews(g.in, now)
			since[g.in] = from
		}
		if !g.isOver(from) {
			return false
		}
		g.Cleared = now.report.Taken
		h.over = append(h.over, g.Hang)
		h.note([]Event{g.event(HangCleared, g.Cleared, cmp.Or(g.Holder, g.File, "a hang")+": "+g.How)})
		return true
	})
	h.over = slices.Delete(h.over, 0, max(0, len(h.over)-mostHangs))
	for _, root := range now.report.Roots {
		self := found.find(now, &root)
		if known[self] || !root.hung(now.report.threshold()) || len(h.open) == mostHangs {
			continue
		}
		known[self] = true
		g := &running{Hang: Hang{Seen: now.report.Taken, Began: now.report.Taken}, in: now, root: root}
		g.see(now, root)
		h.open = append(h.open, g)
		h.note([]Event{g.event(HangBegan, g.Seen, root.Sentence)})
	}
}

// see takes another look at a hang. One that missed the holder does not make it
// another's, and knows less of it.
func (g *running) see(v *view, r Root) {
	g.absent = 0
	n := len(r.waiting())
	if r.PID != nobody || g.root.PID == nobody {
		g.in, g.root = v, r
		if n >= g.Most {
			g.What, g.Class, g.File = r.Sentence, r.Class, r.File
		}
	}
	if r.PID != nobody {
		g.Holder, g.PID, g.Start = nameOf(v.people[r.PID], r.PID), r.PID, r.Start
	}
	if began := v.report.Taken.Add(-time.Duration(r.OldestS * float64(time.Second))); began.Before(g.Began) {
		g.Began = began
	}
	g.Most, g.OldestS = max(g.Most, n), max(g.OldestS, r.OldestS)
}

// isOver says whether a look that does not show a hang proves that it is over, and
// notes how it ended.
func (g *running) isOver(c Comparison) bool {
	proof := c.Proof(g.root)
	g.How = proof.Sentence
	if proof.Outcome != NotSeen {
		return true
	}
	for _, pid := range g.root.waiting() {
		for _, w := range ofPID(c.Unsure, pid) {
			if w.Waiter.FD >= 0 || c.after.unread[pid] || !c.after.covers(w.File) {
				return false
			}
		}
	}
	if c.Doubt != "" {
		return false
	}
	// Only the lock table ever told of them. One look may find any line missing there.
	if c.At.After(g.latest) {
		g.absent, g.latest = g.absent+1, c.At
	}
	g.How = fmt.Sprintf("%s not in the lock table any more, in %d looks.", evidence.Plural(proof.Waited, "waiter is", "waiters are"), g.absent)
	return g.absent >= mostAbsences
}

func (g *running) event(kind EventKind, at time.Time, text string) Event {
	return Event{At: at, Kind: kind, Text: evidence.Clean(text), ProcessID: ProcessID{g.PID, g.Start}, File: g.File}
}

// Hangs are those that last, then those that are over, the newest first.
func (h *History) Hangs() []Hang {
	out := make([]Hang, 0, len(h.open)+len(h.over))
	for _, g := range slices.Backward(h.open) {
		last := g.Hang
		last.How = ""
		out = append(out, last)
	}
	for _, g := range slices.Backward(h.over) {
		out = append(out, g)
	}
	return out
}

// Events are what happened, the oldest first.
func (h *History) Events() []Event { return slices.Clone(h.events) }

// Points are how many waited, the oldest first. The further back, the fewer they
// are; no peak is lost. Looks that could not tell are left out.
func (h *History) Points() []Point { return slices.Clone(h.points) }
