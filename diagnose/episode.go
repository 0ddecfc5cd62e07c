package diagnose

import (
	"cmp"
	"math"
	"time"
)

// An Episode is one wait for a lock, as the log tells it: from its first message to the
// lock, an error, a death, or silence. Its strings stand as they were logged.
type Episode struct {
	Host    string `json:"host,omitempty"`
	Ident   string `json:"ident,omitempty"`
	PID     int    `json:"pid"`
	File    string `json:"file,omitempty"` // empty: the log does not tell
	Mailbox string `json:"mailbox,omitempty"`

	Began    time.Time `json:"began,omitzero"` // about: the first message, less what by the schedule came before it
	Last     time.Time `json:"last,omitzero"`  // the last message
	Next     time.Time `json:"next,omitzero"`  // the next try, by that message
	Messages int       `json:"messages"`
	Attempt  int       `json:"attempt,omitempty"` // tries so far; 0: not known
	Of       int       `json:"of,omitempty"`      // tries of a wait that is given up; 0: not known
	Bound    float64   `json:"bound_s,omitempty"` // when it is given up, in seconds; 0: not known

	End EpisodeEnd `json:"end,omitempty"` // empty: it still waits, as far as is known
	// The wait took from Least to Most seconds: John Wade's patch, and the timed lock in
	// the source, log nothing when they get the lock. Most is 0 where nobody knows how
	// long it would have taken: it gave up, died, or still waits.
	Least  float64 `json:"least_s"`
	Most   float64 `json:"most_s,omitempty"`
	Detail string  `json:"detail,omitempty"` // of its end: an errno's text, a signal

	before, sleep float64 // of the last message: seconds waited until then, and until the next
	step          int     // which sleep that is, from 1
	source        string
}

// An EpisodeEnd is how a wait ended.
type EpisodeEnd string

const (
	EndGot    EpisodeEnd = "got"     // the log says so, and how long it took
	EndSilent EpisodeEnd = "silent"  // no message followed when it should have: it got the lock before
	EndGaveUp EpisodeEnd = "gave-up" // its time was over
	EndError  EpisodeEnd = "error"   // another error
	EndDied   EpisodeEnd = "died"    // by a signal
	EndLost   EpisodeEnd = "lost"    // not known: the clock jumped, or there were too many waits
)

// Got reports whether it is known to have got its lock.
func (e Episode) Got() bool { return e.End == EndGot || e.End == EndSilent }

// GivesUp is when the wait is given up; the zero time if the log does not tell.
func (e Episode) GivesUp() time.Time {
	if e.Bound == 0 || e.Began.IsZero() {
		return time.Time{}
	}
	return e.Began.Add(seconds(e.Bound))
}

// The schedule of John Wade's patch, which the timed lock keeps: a try, another at once,
// then one after each sleep of 1, 4, 9 … n² seconds while n² is not above MAXTIME.

// sleptBefore is how long a wait has taken, in seconds, when it goes to its n-th sleep.
func sleptBefore(n int) float64 {
	k := float64(n)
	return (k - 1) * k * (2*k - 1) / 6
}

// Bound is how long a wait with this MAXTIME takes until it is given up, in seconds:
// 285 for 82 to 99, 30 for 17.
func Bound(maxtime int) float64 { return sleptBefore(sleeps(maxtime) + 1) }

// sleeps is how many there are until a wait is given up.
func sleeps(maxtime int) int {
	n := 0
	for (n+1)*(n+1) <= maxtime {
		n++
	}
	return n
}

// stepOf is the n of a sleep of n² seconds; 0: it is none of that schedule.
func stepOf(sleep float64) int {
	n := math.Round(math.Sqrt(sleep))
	if n < 1 || n > mostSteps || n*n != sleep {
		return 0
	}
	return int(n)
}

// mostSteps is how many sleeps there can be: MAXTIME is 3600 at most.
const mostSteps = 60

// slack is how late a message may be that ends a sleep, in seconds: the times of a log
// may be whole seconds, and a loaded machine is late.
func slack(sleep float64) float64 { return 2 + sleep/10 }

func seconds(s float64) time.Duration {
	return time.Duration(math.Min(s, 1e9) * float64(time.Second))
}

// byBegin orders waits.
func byBegin(a, b Episode) int {
	return cmp.Or(a.Began.Compare(b.Began), cmp.Compare(a.Host, b.Host), cmp.Compare(a.PID, b.PID), cmp.Compare(a.File, b.File))
}
