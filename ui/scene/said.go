package scene

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

func Sure(c diagnose.Confidence) string {
	if c == diagnose.Guess {
		return "a guess"
	}
	return string(c)
}

func (s *Scene) Advice(a diagnose.Advice, pid int) string {
	what := a.Action
	if a.Action == "end" && pid != 0 {
		what += " " + s.Name(pid)
	}
	return fmt.Sprintf("%s: %s (risk: %s)", what, a.Why, cmp.Or(a.Risk, "unknown"))
}

func (s *Scene) Cyrus(c evidence.Cyrus) string {
	out := fmt.Sprintf("master %d is running", c.Master)
	if c.Version != "" {
		out += ", version " + s.Text(c.Version)
	}
	if c.Lock != "" {
		out += ", locks with " + s.Text(c.Lock)
	}
	return out
}

func (s *Scene) Gap(g evidence.Gap) string {
	out := s.Text(g.What)
	if g.PID != 0 {
		out += " of " + s.Name(g.PID)
	}
	return out + ": " + s.Text(g.Why)
}

// Impact says what the waiting means for people.
func (s *Scene) Impact(i diagnose.Impact) string {
	var parts []string
	if n := len(i.Users); n > 0 {
		parts = append(parts, Plural(n, "user: ", "users: ")+s.some(i.Users))
	}
	if n := len(i.Mailboxes); n > 0 {
		parts = append(parts, Plural(n, "mailbox: ", "mailboxes: ")+s.some(i.Mailboxes))
	}
	var waiting []string
	for _, name := range slices.Sorted(maps.Keys(i.Services)) {
		waiting = append(waiting, fmt.Sprintf("%d %s", i.Services[name], name))
	}
	if len(waiting) > 0 {
		parts = append(parts, "waiting: "+s.some(waiting))
	}
	if len(i.Full) > 0 {
		parts = append(parts, "FULL, nobody new is served: "+s.some(i.Full))
	}
	return strings.Join(parts, "; ")
}

// some lists the first few.
func (s *Scene) some(names []string) string {
	const few = 6
	out := make([]string, 0, few)
	for i, name := range names {
		if i == few {
			return strings.Join(out, ", ") + fmt.Sprintf(" and %d more", len(names)-few)
		}
		out = append(out, s.Text(name))
	}
	return strings.Join(out, ", ")
}
