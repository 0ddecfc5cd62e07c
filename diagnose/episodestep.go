package diagnose

import (
	"math"
	"time"

	"cyrlock/evidence"
)

// of reports whether a line can be about this wait: same program, same file. Master
// speaks of its children, and an error may name a mailbox instead.
func (e *Episode) of(l evidence.LogLine) bool {
	m := l.Message
	switch {
	case m.Kind == evidence.LogDied, m.Kind == evidence.LogLong, m.Kind == evidence.LogRefused:
		return true
	case e.Ident != l.Ident:
		return false
	}
	return e.File == "" || m.File == "" || e.File == m.File
}

// sleeping goes on with a wait, or begins one.
func (f *Fold) sleeping(key waiting, e *Episode, l evidence.LogLine) {
	m := l.Message
	step := stepOf(m.Sleep)
	if m.Attempt > 1 && m.Attempt <= mostSteps+1 {
		step = m.Attempt - 1
	}
	if e != nil && e.again(step, l) {
		return
	}
	if e != nil && !e.follows(step, l) {
		f.silent(key, e, l.Time)
		e = nil
	}
	next := max(l.Repeated, 1)
	if e == nil {
		if f.open == nil {
			f.open = map[waiting]*Episode{}
		}
		if len(f.open) >= mostOpen {
			f.evict()
		}
		e = &Episode{Host: l.Host, Ident: l.Ident, PID: key.pid}
		f.open[key] = e
	}
	before := e.before + e.sleep
	e.step = min(e.step+next, mostSteps+1)
	if step > 0 {
		e.step, before = step, sleptBefore(step)
	} else if m.Sleep == 0 && e.step <= mostSteps { // the seed's message alone
		before = sleptBefore(e.step)
	}
	e.before, e.sleep = before, m.Sleep
	if m.Sleep == 0 {
		e.sleep = math.Pow(float64(min(e.step, mostSteps)), 2)
	}
	e.Messages += max(l.Repeated, 1)
	if e.Began.IsZero() {
		e.Began = l.Time.Add(-seconds(before))
	}
	e.Last, e.Next, e.source = l.Time, l.Time.Add(seconds(e.sleep)), l.Source
	f.due = earlier(f.due, e.overdue())
	e.Attempt, e.Of, e.Bound = m.Attempt, m.Of, m.Bound
	e.Least = e.before
	if e.File == "" {
		e.File = m.File
	}
}

// again reports whether the message is the last one once more, from another log.
func (e *Episode) again(step int, l evidence.LogLine) bool {
	apart := l.Time.Sub(e.Last).Abs()
	switch {
	case step == 0: // it follows after a second at the earliest
		return l.Source != e.source && apart < time.Second
	case step != e.step:
		return false
	}
	return apart == 0 || l.Source != e.source && apart <= twice
}

// follows reports whether a message, of this step if it tells one, can go on with the
// wait: it is a later one, and not later than the sleeps in between. It may be early,
// for a signal can end a sleep; but one that tells no step may as well be the first of
// the next wait.
func (e *Episode) follows(step int, l evidence.LogLine) bool {
	var between float64
	switch {
	case step > mostSteps:
		return false
	case step > 0 && e.step > mostSteps:
		return false
	case step > 0:
		if step <= e.step {
			return false
		}
		between = sleptBefore(step) - sleptBefore(e.step)
	default:
		n := e.step + max(l.Repeated, 1)
		if n > mostSteps {
			return false
		}
		between = max(e.sleep, sleptBefore(n)-sleptBefore(e.step))
		if l.Time.Sub(e.Last) < seconds(between-slack(0)) {
			return false
		}
	}
	return l.Time.Sub(e.Last) <= seconds(between+slack(between))
}

// tells ends a wait whose length the log tells.
func (f *Fold) tells(key waiting, e *Episode, l evidence.LogLine) {
	m := l.Message
	this := lastWord{key, m.Kind, m.File, m.Attempt, l.Time}
	if f.again(this) {
		return
	}
	if e == nil {
		e = &Episode{Host: l.Host, Ident: l.Ident, PID: key.pid, Began: l.Time.Add(-seconds(m.Waited)), File: m.File}
	}
	f.remember(this)
	e.Last, e.Messages = l.Time, e.Messages+1
	if m.Attempt > 0 {
		e.Attempt, e.Of, e.Bound = m.Attempt, m.Of, m.Bound
	}
	switch m.Kind {
	case evidence.LogGaveUp:
		f.end(key, e, EndGaveUp, m.Waited, 0)
	case evidence.LogGot:
		f.end(key, e, EndGot, m.Waited, m.Waited+1) // it tells whole seconds
	default:
		f.end(key, e, EndGot, m.Waited, m.Waited)
	}
}

// refused ends a wait with Cyrus's own error. One that says no more than that the lock
// was taken is of a wait that gave up: the seed's patch has no message of its own.
func (f *Fold) refused(key waiting, e *Episode, l evidence.LogLine) {
	if e == nil {
		return
	}
	e.Detail, e.Mailbox = l.Message.Detail, l.Message.Mailbox
	if wouldBlock(e.Detail) {
		f.end(key, e, EndGaveUp, e.before+e.sleep, 0)
		return
	}
	f.end(key, e, EndError, e.before+atMost(l.Time.Sub(e.Last), e.sleep), 0)
}

// wouldBlock knows EAGAIN, as glibc and older systems call it, and what Cyrus makes of it.
func wouldBlock(errno string) bool {
	switch errno {
	case "Resource temporarily unavailable", "Operation would block", "Try again", "Mailbox is locked":
		return true
	}
	return false
}

// atMost is a time as seconds, from none to most.
func atMost(d time.Duration, most float64) float64 { return min(max(d.Seconds(), 0), most) }
