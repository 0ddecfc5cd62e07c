package plain

import (
	"cmp"
	"strings"

	"cyrlock/diagnose"
	"cyrlock/ui/scene"
)

// A choice is one thing that can be done, about one chain; against the next hang, where
// nothing hangs.
type choice struct {
	root *diagnose.Root // nil: nothing hangs
	scene.Choice
}

// choicesOf are those of all chains, the chain with the most victims first.
func choicesOf(s *scene.Scene) []choice {
	var out []choice
	for i := range s.Report.Roots {
		r := &s.Report.Roots[i]
		for _, c := range s.Choices(r) {
			out = append(out, choice{r, c})
		}
	}
	if len(s.Report.Roots) == 0 {
		for _, c := range s.Choices(nil) {
			if c.When == diagnose.Next {
				out = append(out, choice{nil, c})
			}
		}
	}
	return out
}

// fix lists what can be done, of each chain the best first.
func (s *session) fix() error {
	s.can = choicesOf(s.Scene)
	if len(s.Report.Roots) == 0 {
		s.say("Nothing to fix: nobody is known to wait behind anybody.")
		for _, advice := range s.NextTime() {
			s.say("For next time: %s", advice)
		}
	}
	return s.list(len(s.can), func(i int) {
		c, chain := s.can[i], ""
		if len(s.Report.Roots) > 1 {
			chain = "for " + s.Short(c.root.File) + ", "
		}
		next := ""
		if c.When == diagnose.Next {
			next = "against the next hang, "
		}
		s.say("%d: %s%s%s; %s, risk %s: %s.", i+1, chain, next, c.Title, c.Effect, c.Risk, strings.TrimSuffix(c.Why, "."))
	})
}

func (s *session) fixItems() int { return len(s.can) }

// pickFix is the preview: what it does, to whom, what it costs, what to type.
func (s *session) pickFix(n int) error {
	c := s.can[n-1]
	if r := c.root; r != nil {
		s.hears(max(0, r.PID), s.Holds(r.PID))
		s.say("About: %s", r.Sentence)
		s.say("How sure that is: %s.", scene.Sure(r.Confidence))
	}
	s.say("Choice %d: %s; %s, risk %s.", n, c.Title, c.Effect, c.Risk)
	title := ""
	for _, said := range c.Preview {
		title = cmp.Or(said.Title, title)
		if s.does(c) && (title == "What it does" || title == "To whom") {
			continue // the plan says it in full
		}
		s.say("%s: %s.", title, strings.TrimSuffix(said.Text, "."))
	}
	if s.does(c) {
		s.say("The command for that:")
		s.sayWhole(c.Command)
		return s.carry(c)
	}
	if c.Command == "" {
		s.say("There is nothing to type for this.")
		return nil
	}
	s.toType(c.Advice)
	if c.When == diagnose.Now {
		s.say("Then l looks again and says what became of it.")
	}
	return nil
}

// toType says a command, alone, to be copied.
func (s *session) toType(a diagnose.Advice) {
	if a.Command == "" {
		return
	}
	if s.fixer() != nil && a.Acts() {
		s.say("The command for that, and step 4, Fix, does it if you say so:")
	} else {
		s.say("The command for that, which cyrlock does not run by itself:")
	}
	s.sayWhole(a.Command)
}
