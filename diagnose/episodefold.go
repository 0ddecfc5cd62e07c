package diagnose

import (
	"slices"
	"time"

	"cyrlock/evidence"
)

// A Fold makes episodes of a log's lines, in bounded room. The zero value is ready.
//
// Lines may be missing, double (one message in two files), or some seconds out of order;
// the clock may be set, and a pid may come back: at worst a wait is cut in two, and
// what is not known is said not to be.
type Fold struct {
	Ended func(Episode) // is told each wait that is over; may be nil
	// Patience is for how long a wait that has fallen silent may still be heard of: with
	// some, what a log daemon holds back or has lost cuts no wait in two.
	Patience time.Duration
	// Nameless counts the messages that tell no pid: they are of no wait in particular.
	Nameless int

	open   map[waiting]*Episode
	recent []lastWord // what ended waits last
	now    time.Time  // of the last line
	due    time.Time  // before that no wait is overdue; zero: none is open
}

const (
	mostOpen   = 10_000
	mostRecent = 64
	clockJump  = time.Hour       // a clock that goes back that far was set
	twice      = 2 * time.Second // the same message in two logs
)

// One process waits for one lock at a time.
type waiting struct {
	host string
	pid  int
}

// A lastWord is a message that has ended a wait.
type lastWord struct {
	waiting
	kind    evidence.LogKind
	file    string
	attempt int
	at      time.Time
}

// Add takes a line into account, with its Message set if it holds one. Lines without a
// time are of no use. A line of a process that waits, whatever it says, tells that the
// wait is over.
func (f *Fold) Add(l evidence.LogLine) {
	if l.Time.IsZero() {
		return
	}
	f.Advance(l.Time)
	key := waiting{l.Host, l.About()}
	if key.pid == 0 {
		if l.Message != nil {
			f.Nameless++
		}
		return
	}
	e := f.open[key]
	if l.Message == nil {
		if e != nil && l.PID == key.pid && l.Time.After(e.Last) {
			f.silent(key, e, l.Time)
		}
		return
	}
	late := e != nil && l.Time.After(e.overdue()) && l.Message.Kind != evidence.LogSleeping
	if e != nil && (late || !e.of(l)) {
		f.silent(key, e, l.Time)
		e = nil
	}
	switch m := l.Message; m.Kind {
	case evidence.LogSleeping:
		f.sleeping(key, e, l)
	case evidence.LogGot, evidence.LogGaveUp, evidence.LogTimer:
		f.tells(key, e, l)
	case evidence.LogLockError:
		f.refused(key, e, l)
	case evidence.LogDied:
		if e != nil {
			e.Detail = m.Detail
			f.end(key, e, EndDied, e.before+atMost(l.Time.Sub(e.Last), e.sleep), 0)
		}
	}
}

// silent ends a wait that must have got its lock: it has not said at the time that it
// still waits, or says something else.
func (f *Fold) silent(key waiting, e *Episode, at time.Time) {
	most := e.sleep
	if gap := at.Sub(e.Last).Seconds(); gap >= 0 && gap+1 < most { // whole seconds
		most = gap + 1
	}
	f.end(key, e, EndSilent, e.before, e.before+most)
}

func (f *Fold) end(key waiting, e *Episode, how EpisodeEnd, least, most float64) {
	delete(f.open, key)
	e.End, e.Least, e.Most = how, least, most
	if f.Ended != nil {
		f.Ended(*e)
	}
}

// Advance tells what time it is, as far as the log is read: a wait that should have
// said something by now is over.
func (f *Fold) Advance(now time.Time) {
	back := f.now.Sub(now) > clockJump
	f.now = now
	if !back && (f.due.IsZero() || !now.After(f.due.Add(f.Patience))) {
		return
	}
	f.due = time.Time{}
	var over []Episode // told in the order in which they began
	for _, e := range f.open {
		if now.After(e.overdue().Add(f.Patience)) || e.Last.Sub(now) > clockJump {
			over = append(over, *e)
		} else {
			f.due = earlier(f.due, e.overdue())
		}
	}
	slices.SortFunc(over, byBegin)
	for i := range over {
		key := waiting{over[i].Host, over[i].PID}
		if e := f.open[key]; now.After(e.overdue().Add(f.Patience)) {
			f.silent(key, e, now)
		} else {
			f.end(key, e, EndLost, e.before, 0)
		}
	}
}

// overdue is when the wait should have said that it still waits.
func (e *Episode) overdue() time.Time { return e.Next.Add(seconds(slack(e.sleep))) }

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// Open are the waits that are not over, the earliest first.
func (f *Fold) Open() []Episode {
	var all []Episode
	for _, e := range f.open {
		all = append(all, *e)
	}
	slices.SortFunc(all, byBegin)
	return all
}

// Waits reports whether this process waits, as far as is known.
func (f *Fold) Waits(host string, pid int) bool { return f.open[waiting{host, pid}] != nil }

// Wait is the wait of this process; nil: it has none, as far as is known.
func (f *Fold) Wait(host string, pid int) *Episode {
	e := f.open[waiting{host, pid}]
	if e == nil {
		return nil
	}
	copied := *e
	return &copied
}

// Finish ends the log: what still waits is told as it is.
func (f *Fold) Finish() {
	for _, e := range f.Open() {
		delete(f.open, waiting{e.Host, e.PID})
		if f.Ended != nil {
			f.Ended(e)
		}
	}
}

// evict makes room: the wait that has said nothing for longest is given up.
func (f *Fold) evict() {
	var oldest waiting
	var last *Episode
	for key, e := range f.open {
		if last == nil || e.Next.Before(last.Next) {
			oldest, last = key, e
		}
	}
	f.end(oldest, last, EndLost, last.before, 0)
}

func (f *Fold) again(t lastWord) bool {
	return slices.ContainsFunc(f.recent, func(r lastWord) bool {
		return r.waiting == t.waiting && r.kind == t.kind && r.file == t.file && r.attempt == t.attempt && r.at.Sub(t.at).Abs() <= twice
	})
}

func (f *Fold) remember(t lastWord) {
	if len(f.recent) == mostRecent {
		f.recent = slices.Delete(f.recent, 0, 1)
	}
	f.recent = append(f.recent, t)
}
