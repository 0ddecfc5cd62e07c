package diagnose

import (
	"cmp"
	"fmt"
	"strings"

	"cyrlock/evidence"
)

// LogName is how to call who a line is about: "imapd 24876", or by the name under which
// it logs, "imap 24876".
func LogName(l evidence.LogLine, p *evidence.Process) string {
	switch {
	case p != nil:
		return Name(*p)
	case l.Message != nil && l.Message.Kind == evidence.LogDied:
		return who(l.Message.Service, l.About())
	}
	name := l.Ident[strings.LastIndexByte(l.Ident, '/')+1:]
	if pid := l.About(); pid != 0 {
		return who(name, pid)
	}
	return cmp.Or(evidence.Clean(name), "somebody")
}

// LogSentence says what a line tells, after the name of who logged it. The file is nil
// where it is not known; e is the wait that a sleeping message is of, nil if it is of
// none.
func LogSentence(l evidence.LogLine, f *evidence.File, e *Episode) string {
	m := l.Message
	if m == nil {
		return "said: " + evidence.Clean(l.Text)
	}
	what := "a lock"
	switch {
	case f != nil:
		what = FileName(*f)
	case m.Mailbox != "":
		what = "mailbox " + evidence.Clean(m.Mailbox)
	}
	detail := evidence.Clean(m.Detail)
	switch m.Kind {
	case evidence.LogSleeping:
		return sleepsFor(what, *m, e)
	case evidence.LogGaveUp:
		return fmt.Sprintf("gave up on %s after %s", what, Span(m.Waited))
	case evidence.LogGot, evidence.LogTimer:
		return fmt.Sprintf("got %s after %s", what, Span(m.Waited))
	case evidence.LogRefused:
		return "was refused " + what + ": its session could not read it before"
	case evidence.LogLockError:
		return fmt.Sprintf("could not lock %s: %s", what, cmp.Or(detail, "no reason given"))
	case evidence.LogLong:
		return fmt.Sprintf("held %s for %s", what, Span(m.Waited))
	case evidence.LogDied:
		return "was ended by " + detail
	}
	return evidence.Clean(l.Text)
}

func sleepsFor(what string, m evidence.LogMessage, e *Episode) string {
	s := "waits for " + what
	sleep, bound := m.Sleep, m.Bound
	if e != nil {
		sleep = e.Next.Sub(e.Last).Seconds()
		if e.Least > 0 {
			s = fmt.Sprintf("has waited %s for %s", Span(e.Least), what)
		}
		bound -= e.Least
	}
	if sleep > 0 {
		s += ", tries again in " + Span(sleep)
	}
	if m.Bound > 0 {
		s += ", gives up in " + Span(bound)
	}
	if m.Attempt > 0 && m.Of > 0 {
		s += fmt.Sprintf(" (%d of %d)", m.Attempt, m.Of)
	}
	return s
}

// EpisodeSentence says how a wait ended, after the name of who waited.
func EpisodeSentence(e Episode, f *evidence.File) string {
	what := "its lock"
	if f != nil {
		what = FileName(*f)
	}
	switch e.End {
	case EndGot, EndSilent:
		return fmt.Sprintf("must have %s by now: it waited %s", what, e.Took())
	case EndGaveUp:
		return fmt.Sprintf("gave up on %s after %s", what, Span(e.Least))
	case EndError:
		return fmt.Sprintf("could not lock %s: %s", what, evidence.Clean(e.Detail))
	case EndDied:
		return fmt.Sprintf("ended while it waited for %s, by %s", what, evidence.Clean(e.Detail))
	case EndLost:
		return "waited for " + what + "; how that ended is not known"
	}
	return fmt.Sprintf("still waits for %s, for %s or longer", what, Span(e.Least))
}

// Took is how long a wait took that got its lock: "5 to 14 s", "12 s".
func (e Episode) Took() string {
	if least, most := Span(e.Least), Span(e.Most); least != most {
		return strings.TrimSuffix(least, " s") + " to " + most
	}
	return Span(e.Most)
}

// Span writes a time as the log does, "9 s", and longer ones as [Age]: "4m45s".
func Span(s float64) string {
	switch {
	case s != s || s < 0:
		return "0 s"
	case s >= 60:
		return Age(s)
	case s < 10 && s != float64(int(s)):
		return fmt.Sprintf("%.1f s", s)
	}
	return fmt.Sprintf("%.0f s", s)
}
