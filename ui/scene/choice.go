package scene

import (
	"cmp"
	"fmt"

	"cyrlock/diagnose"
)

// A Choice is one answer to a hang, with all that it does. Its words are safe to show.
type Choice struct {
	diagnose.Advice
	Title   string // "end imapd 24870"
	Preview []Said
}

// A Said is a line with its heading.
type Said struct{ Title, Text string }

// Choices are the answers to the hang of one root, the best first: those to this
// hang, then those to the next. Without a root they are what to do where nothing hangs.
func (s *Scene) Choices(r *diagnose.Root) []Choice {
	var out []Choice
	advice := s.Report.Advice
	if r != nil {
		advice = r.Advice
	}
	for _, a := range advice {
		c := Choice{Advice: a, Title: s.Action(a), Preview: s.preview(a, r)}
		c.Risk, c.Why, c.Loses = cmp.Or(s.Text(a.Risk), "unknown"), s.Text(a.Why), s.Text(a.Loses)
		out = append(out, c)
	}
	return out
}

// preview is what an advice does, to whom, and what it costs.
func (s *Scene) preview(a diagnose.Advice, r *diagnose.Root) []Said {
	lost := Said{"What is lost", cmp.Or(s.Text(a.Loses), "nothing") + "."}
	switch a.Action {
	case "end", "continue", "rejoin", "cancel":
		return []Said{{"What it does", s.does(a, r)}, {"To whom", s.people(a.PIDs)}, {"Frees", s.frees(a, r)}, lost}
	case "shim", "source":
		return []Said{{"What it does", s.does(a, r)}, {"Next time", s.Text(a.Why) + "."}, lost}
	}
	said := []Said{{"Why", s.Text(a.Why) + "."}}
	switch {
	case r == nil && a.When == diagnose.Now:
		said = nil // it is said above
		for i, habit := range s.NextTime() {
			said = append(said, Said{title(i, "For next time"), "- " + habit})
		}
	case a.When == diagnose.Now:
		said = append(said, Said{"Who waits on", s.Impact(r.Impact)})
	}
	return said
}

// does says what the command brings about. Signals: signal(7); what a stop does to
// a waiter: the kernel takes it out of the queue, and it asks again.
func (s *Scene) does(a diagnose.Advice, r *diagnose.Root) string {
	switch a.Action {
	case "end":
		goes := "Its locks go with it, and the next in the queue goes on."
		whom := "it"
		if n := len(a.PIDs); n > 1 {
			goes, whom = "The lock goes with the last of them.", fmt.Sprintf("all %d", n)
		}
		switch {
		case r.Class == diagnose.UninterruptibleHolder:
			return "SIGKILL ends " + whom + " as soon as the kernel lets it, which may be never. " + goes
		case r.Deaf():
			return "SIGKILL ends " + whom + " at once, for SIGTERM does not get through. " + goes
		}
		return "SIGTERM asks " + whom + " to end; SIGKILL, after 5 s, ends who is still in the way. " + goes
	case "continue":
		if p := s.Proc(r.PID); p != nil && p.Tracer != 0 {
			return "Its tracer is ended; the kernel then lets " + s.Name(r.PID) + " run on, and that lets go of the lock by itself."
		}
		return "SIGCONT lets it run on from where it was stopped. It finishes what it was doing and lets go of the lock by itself."
	case "rejoin":
		return "Its lock call is broken off, and it asks again, as the last in the queue. " + s.Text(a.Why) + "."
	case "cancel":
		return "Its lock call fails, as if a time limit had passed, and Cyrus goes on from there. " + s.Text(a.Why) + "."
	case "shim":
		return "A small library is loaded before libc in Cyrus's programs, from its next start on: then a lock is waited for with a limit."
	case "source":
		return "The one call that waits for the lock is replaced by one with a limit; cyrlock prints the diff."
	}
	return s.Text(a.Why) + "."
}
