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

// Sure is how sure a verdict is, in words.
func Sure(c diagnose.Confidence) string {
	if c == diagnose.Guess {
		return "a guess"
	}
	return string(c)
}

// Advice is one thing that can be done, in one line.
func (s *Scene) Advice(a diagnose.Advice) string {
	return fmt.Sprintf("%s (risk %s): %s", s.Action(a), cmp.Or(a.Risk, "unknown"), s.Text(a.Why))
}

// Action is what to do, in a few words: "end imapd 24870".
func (s *Scene) Action(a diagnose.Advice) string { return s.Text(s.Report.Title(a)) }

// Cyrus is what is known of the mail server, in one line.
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

// Why are the pieces of evidence for a root, each with where it was read; in short,
// with paths as the tree calls them.
func (s *Scene) Why(r *diagnose.Root, short bool) []string {
	out := make([]string, len(r.Why))
	dir := strings.TrimSuffix(s.Report.Host.Cyrus.ConfigDir, "/")
	for i, why := range r.Why {
		if short && dir != "" {
			why = strings.ReplaceAll(why, " "+dir+"/", " ")
		}
		out[i] = s.Text(why)
	}
	return out
}

// Gap is one thing that was not seen, why, and what to do.
func (s *Scene) Gap(g evidence.Gap) string {
	out := s.Text(g.What)
	if g.PID != 0 {
		out += " of " + s.Name(g.PID)
	}
	return out + ": " + s.Text(g.Why)
}

// Gaps are all things that were not seen; the same of many processes is one.
func (s *Scene) Gaps() []string {
	type reason struct{ what, why string }
	pids := map[reason][]int{}
	var order []reason
	for _, g := range s.Report.Gaps {
		k := reason{g.What, g.Why}
		if _, ok := pids[k]; !ok {
			order, pids[k] = append(order, k), nil
		}
		if g.PID != 0 {
			pids[k] = append(pids[k], g.PID)
		}
	}
	out := make([]string, 0, len(order))
	for _, k := range order {
		what := s.Text(k.what)
		if len(pids[k]) > 0 {
			what += " of " + s.names(pids[k])
		}
		out = append(out, what+": "+s.Text(k.why))
	}
	return out
}

// Impact says what the waiting means for people.
func (s *Scene) Impact(i diagnose.Impact) string {
	lines := i.Words()
	for n := range lines {
		lines[n] = s.Text(lines[n])
	}
	return strings.Join(lines, "; ")
}

// ImpactInShort is the same in one row: the names of few users, the number of many.
func (s *Scene) ImpactInShort(i diagnose.Impact) string {
	var parts []string
	switch n := len(i.Users); {
	case n > 3:
		parts = append(parts, evidence.Plural(n, "user", "users"))
	case n > 0:
		parts = append(parts, s.some(i.Users))
	}
	if n := len(i.Mailboxes); n > 0 {
		parts = append(parts, evidence.Plural(n, "mailbox", "mailboxes"))
	}
	if waiting := s.some(services(i)); waiting != "" {
		parts = append(parts, waiting)
	}
	if len(i.Slots) > 0 {
		parts = append(parts, s.Text(i.Slots[0].String()))
	}
	return strings.Join(parts, "; ")
}

// services are those that wait: "3 imap".
func services(i diagnose.Impact) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(i.Services)) {
		out = append(out, fmt.Sprintf("%s %s", evidence.Thousands(i.Services[name]), name))
	}
	return out
}

// few is how many of a list are named.
const few = 6

// some lists the first few.
func (s *Scene) some(names []string) string {
	shown := names
	if len(names) > few+1 { // one more takes no more room than to say so
		shown = names[:few]
	}
	out := make([]string, len(shown))
	for i, name := range shown {
		out[i] = s.Text(name)
	}
	return andMore(out, len(names))
}

// names lists the first few processes.
func (s *Scene) names(pids []int) string {
	shown := pids
	if len(pids) > few+1 {
		shown = pids[:few]
	}
	out := make([]string, len(shown))
	for i, pid := range shown {
		out[i] = s.Name(pid)
	}
	return andMore(out, len(pids))
}

func andMore(shown []string, n int) string {
	list := strings.Join(shown, ", ")
	if more := n - len(shown); more > 0 {
		list += fmt.Sprintf(" and %s more", evidence.Thousands(more))
	}
	return list
}
