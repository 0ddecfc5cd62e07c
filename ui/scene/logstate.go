package scene

import (
	"path"
	"strings"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// Reading says what of the log is read, and what came of it, in one line; bad: so that
// nothing can be concluded from what is not there.
func (s *Scene) LogReading(l LogState, now time.Time) (text string, bad bool) {
	read, trouble := l.Read(), l.Trouble()
	switch {
	case l.Err != nil:
		return "no log is read: " + s.Text(FirstLine(l.Err)), true
	case trouble != nil && len(read) == 0:
		return "no log is read: " + s.Text(path.Base(trouble.Source)+" "+trouble.Text+" ("+trouble.Source+")"), true
	case len(read) == 0:
		return "the log is being opened" + s.Dots, false
	}
	of := s.Text(path.Base(read[0]))
	switch n := len(read); {
	case n == 2:
		of += " and " + s.Text(path.Base(read[1]))
	case n > 2:
		of = evidence.Plural(n, "log", "logs")
	}
	parts := []string{of + ": "}
	switch {
	case l.Heard == 0:
		parts = append(parts, "no line since "+s.clock(l.Since))
	default:
		parts = append(parts, evidence.Plural(l.Heard, "line", "lines"))
		if silent := now.Sub(l.Last); silent > silence {
			parts = append(parts, ", the last "+diagnose.Age(silent.Truncate(time.Second).Seconds())+" ago")
		}
	}
	switch {
	case l.About > 0:
		parts = append(parts, ", "+evidence.Thousands(l.About)+" about locks, the last "+s.clock(l.Told))
	case l.Before > 0:
		parts = append(parts, ", none about locks since "+s.clock(l.Told))
	default:
		parts = append(parts, ", none about locks")
	}
	if trouble != nil {
		parts = append(parts, "; "+s.Text(path.Base(trouble.Source)+" "+trouble.Text))
	}
	return strings.Join(parts, ""), trouble != nil
}

// silence is how long a log of a mail server is silent when nothing is wrong with it.
const silence = time.Minute

// LogDoubt is what must be said where no message about locks came: that does not mean
// that nobody waits. Empty: one came.
func (s *Scene) LogDoubt(l LogState) string {
	if l.About+l.Before > 0 {
		return ""
	}
	return "Silence proves nothing: such messages may be dropped."
}

// Involved are the processes that wait, or for which somebody waits.
func (s *Scene) Involved() map[int]bool {
	out := make(map[int]bool, len(s.places))
	for pid := range s.places {
		out[pid] = true
	}
	return out
}

// NoLog says why no log is followed where nobody gave one.
func (s *Scene) NoLog(label string) string {
	switch label {
	case "recorded":
		return "no log is read: this is recorded"
	case "lab":
		return "no log is read: the demo writes none (--log FILE names one)"
	}
	return "no log is read: --log FILE names one"
}
