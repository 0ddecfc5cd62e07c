package scene

import (
	"cmp"
	"fmt"
	"strings"

	"cyrlock/diagnose"
)

// A Choice is one answer to a hang, with all that it does.
type Choice struct {
	Title   string // "end imapd 24870"
	Effect  string // on those that wait: "cures"
	Risk    string // "low"
	Why     string // in one line
	Command string // what to type; empty: nothing
	Then    string // what to type if that did not end it
	Preview []Said
}

// A Said is a line with its heading.
type Said struct{ Title, Text string }

// Choices are the answers to the hang of one root, the best first. To do nothing
// is always one of them.
func (s *Scene) Choices(r *diagnose.Root) []Choice {
	var out []Choice
	waits := false
	for _, a := range r.Advice {
		waits = waits || a.Action == "wait"
		out = append(out, Choice{Title: s.Action(a), Effect: effect(a, r), Risk: cmp.Or(s.Text(a.Risk), "unknown"), Why: s.Text(a.Why),
			Command: a.Command, Then: a.Then, Preview: s.preview(a, r)})
	}
	if !waits {
		why := s.inVain(r)
		out = append(out, Choice{Title: "wait", Effect: "no cure", Risk: "none", Why: why, Preview: s.passive(why, r)})
	}
	return out
}

// passive is the preview of what changes nothing.
func (s *Scene) passive(why string, r *diagnose.Root) []Said {
	return []Said{{"Why", why + "."}, {"Who waits on", s.Impact(r.Impact)}}
}

// effect is what an action does for those that wait.
func effect(a diagnose.Advice, r *diagnose.Root) string {
	switch a.Action {
	case "wait":
		return "may pass"
	case "look":
		return "finds out"
	case "rejoin":
		return "may cure"
	case "end":
		if r.Class == diagnose.UninterruptibleHolder {
			return "may cure"
		}
	}
	return "cures"
}

// inVain says what waiting brings.
func (s *Scene) inVain(r *diagnose.Root) string {
	switch {
	case r.Class == diagnose.Cycle:
		return "they wait for each other, and that never ends by itself"
	case r.Class == diagnose.SelfDeadlock:
		return "it waits for itself, and that never ends by itself"
	case r.Class == diagnose.OrphanLock:
		return "who would let go of the lock is gone"
	case r.SinceS > 0:
		return "nothing has moved for " + diagnose.Age(r.SinceS)
	case r.OldestS > 0:
		return "the first has waited for " + diagnose.Age(r.OldestS) + " already"
	}
	return "nothing says that it will end by itself"
}

// preview is what an advice does, to whom, and what it costs.
func (s *Scene) preview(a diagnose.Advice, r *diagnose.Root) []Said {
	if a.Action == "wait" || a.Action == "look" {
		return s.passive(s.Text(a.Why), r)
	}
	out := []Said{{"What it does", s.does(a, r)}, {"To whom", s.people(a.PIDs)}, {"Frees", s.frees(a, r)}}
	if a.Action == "end" {
		out = append(out, Said{"Disconnects", s.disconnects(a.PIDs)})
	}
	return append(out, Said{"What is lost", s.lost(a)})
}

// does says what the command brings about. Signals: signal(7); what a stop does to
// a waiter: the kernel takes it out of the queue, and it asks again.
func (s *Scene) does(a diagnose.Advice, r *diagnose.Root) string {
	kill := strings.HasPrefix(a.Command, "kill -KILL ")
	next := "Its locks go with it, and the next in the queue goes on."
	switch a.Action {
	case "end":
		switch {
		case kill && r.Class == diagnose.UninterruptibleHolder:
			return "KILL ends it as soon as the kernel lets it, which may be never. Its locks go with it."
		case kill && len(a.PIDs) > 1:
			return fmt.Sprintf("KILL ends all %d at once; they cannot tidy up. The lock goes with the last of them.", len(a.PIDs))
		case kill:
			return "KILL ends it at once; it cannot tidy up. " + next
		case len(a.PIDs) > 1:
			return fmt.Sprintf("TERM asks all %d to end; KILL ends those still there after 5 s. The lock goes with the last of them.", len(a.PIDs))
		}
		return "TERM asks it to end; KILL, if it is still there after 5 s, ends it. " + next
	case "continue":
		return "CONT lets it run on from where it was stopped. It finishes what it was doing and lets go of the lock by itself."
	case "detach":
		return "TERM ends the debugger; the kernel then lets " + s.Name(r.PID) + " run on, and that lets go of the lock by itself."
	case "rejoin":
		return "STOP and CONT break off its lock call, and it asks again, as the last in the queue. " + s.Text(a.Why) + "."
	}
	return s.Text(a.Why) + "."
}
