package scene

import (
	"strings"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// LogWaits are the waits that go on, by pid, as far as the log tells. A log may be of
// several hosts.
type LogWaits map[int][]diagnose.Episode

// Waits is the wait that an entry is the last message about, if it still goes on.
func (st *Story) Waits(s *Scene, e *Entry) (diagnose.Episode, bool) {
	if e.Line == nil || e.Line.Message == nil || e.Line.Message.Kind != evidence.LogSleeping {
		return diagnose.Episode{}, false
	}
	for _, wait := range st.State.Waits[e.Line.About()] {
		if wait.Last.Equal(e.At) && wait.Host == e.Line.Host {
			return wait, !s.denies(&wait, e.Who)
		}
	}
	return diagnose.Episode{}, false
}

// WaitsAt is the wait of a process in the tree.
func (st *Story) WaitsAt(s *Scene, n *Node) (diagnose.Episode, bool) {
	for _, wait := range s.present.LiveWaits(st.State.Waits[n.PID]) {
		if wait.Process != nil && wait.Process.Start == n.Start {
			return wait.Episode, true
		}
	}
	return diagnose.Episode{}, false
}

// denies tells that a look later than the last message shows that this wait is over.
func (s *Scene) denies(w *diagnose.Episode, who Who) bool {
	const slack = 2 * time.Second // the look takes its time
	if !s.Whole() || who.PID == 0 || s.Report.Taken.Before(w.Last.Add(slack)) {
		return false
	}
	return !s.Lives(who) || s.Place(who.PID) == nil
}

// GivesUp says when a wait is given up; empty: the log does not tell.
func (s *Scene) GivesUp(w *diagnose.Episode, now time.Time) string {
	at := w.GivesUp()
	switch left := at.Sub(now); {
	case at.IsZero():
		return ""
	case left < time.Second:
		return "gives up now"
	default:
		return "gives up in " + seconds(left)
	}
}

// seconds are whole seconds, where it is any.
func seconds(d time.Duration) string {
	return strings.TrimSuffix(diagnose.Age(d.Truncate(time.Second).Seconds()), ".0s")
}

// Progress is a bar of n cells for how much of the time is over until a wait is given
// up; empty: the log does not tell.
func (s *Scene) Progress(w *diagnose.Episode, now time.Time, n int) string {
	at := w.GivesUp()
	if at.IsZero() || !at.After(w.Began) {
		return ""
	}
	done := float64(now.Sub(w.Began)) / float64(at.Sub(w.Began))
	full := int(max(0, min(1, done))*float64(n) + 0.5)
	levels := []rune(s.Levels)
	return strings.Repeat(string(levels[len(levels)-1]), full) + strings.Repeat(string(levels[0]), n-full)
}
