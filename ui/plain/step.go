package plain

import (
	"fmt"
	"strings"

	"cyrlock/evidence"
)

// step is one of the five, in their order.
type step int

const (
	stepFind step = iota
	stepStacks
	stepVerdict
	stepFix
	stepWatch
	steps
)

// A page is what a step says and what may be answered there.
type page struct {
	name, about string
	tell        func(*session) error
	item        string             // what a number picks
	items       func(*session) int // how many there are; nil: a number is a step
	pick        func(*session, int) error
	choices     func(*session) string // what may be answered there besides what may be answered everywhere
	other       func(*session, string) (known bool, err error)
}

// page is a function, for pages know sessions and sessions know pages.
func (p step) page() page {
	switch p {
	case stepFind:
		return page{"Find", "Which files are fought over, by whom, and for how long; who has a file open, and what each of them does.",
			(*session).find, "that file or user", (*session).foundItems, (*session).pickFound, (*session).findChoices, (*session).findOther}
	case stepStacks:
		return page{"Stacks", "Where every process stands; those in the same place are one stack, counted. Nothing is stopped to read them.",
			(*session).stacks, "that stack", (*session).stackItems, (*session).pickStack, (*session).stackChoices, (*session).stackOther}
	case stepFix:
		return page{"Fix", "What can be done about it, the safest first, with what it cures and what it costs.",
			(*session).fix, "what it does and what to type", (*session).fixItems, (*session).pickFix, (*session).fixChoices, (*session).fixOther}
	case stepWatch:
		return page{"Watch", "How the waiting goes on: who came, who went, which hang ended.",
			(*session).watch, "", nil, nil, (*session).watchChoices, (*session).watchOther}
	}
	return page{"Verdict", "What everything waits for in the end, how that is known, and who suffers.",
		(*session).verdict, "", nil, nil, (*session).verdictChoices, (*session).verdictOther}
}

// enter goes to a step and says it.
func (s *session) enter(to step) error {
	s.step = to
	return s.tell(false)
}

// heading says where one is.
func (s *session) heading() {
	p := s.step.page()
	about := p.about
	if s.met[s.step] {
		about = "" // said once; the help says it again
	}
	s.met[s.step] = true
	s.say("Step %d of %d, %s.%s", s.step+1, steps, p.name, strings.Join(append([]string{""}, clean(s.age(), about)...), " "))
}

// tell says the step that the talk is at; said: the one sentence was said just now.
func (s *session) tell(said bool) error {
	p := s.step.page()
	s.blank()
	s.heading()
	s.asking = false
	if !s.Seen {
		s.nothingSeen()
		return nil
	}
	if s.step == stepVerdict && !said {
		s.sentence()
	}
	if err := p.tell(s); err != nil {
		return err
	}
	s.asking = p.items != nil && p.items(s) > 0
	return nil
}

// prompt is the question that comes next.
func (s *session) prompt() string {
	p, own := s.step.page(), ""
	if p.choices != nil && s.Seen {
		own = p.choices(s)
	}
	if s.asking {
		return strings.Join(clean(numbers(p.items(s))+": "+p.item, own, "enter: go on", "h: help"), ", ") + ". Your choice:"
	}
	save := "w: save"
	if s.options.Save == nil {
		save = ""
	}
	return strings.Join(clean("1 to 5: step", own, "l: look again", save, "c: commands", "h: help", "q: quit"), ", ") + ". Your choice:"
}

// numbers are those that a list can be answered with.
func numbers(n int) string {
	switch n {
	case 1:
		return "1"
	case 2:
		return "1 or 2"
	}
	return fmt.Sprintf("1 to %d", n)
}

// clean drops what is empty.
func clean(parts ...string) []string {
	out := parts[:0]
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return out
}

// atOnce is how many things of a list are said before it asks for leave to go on.
const atOnce = 10

// list says n things, some at a time. Any other answer than to go on is one to
// the question that comes after the list.
func (s *session) list(n int, each func(i int)) error {
	stop := atOnce
	for i := range n {
		if i == stop && n-i > 2 { // asking would take as long as saying them
			text, err := s.ask(fmt.Sprintf("%d of %s. Enter: the next %d, a: all, n: no more. Your choice:", i, evidence.Plural(n, "line", "lines"), min(atOnce, n-i)))
			if err != nil {
				return err
			}
			switch strings.ToLower(text) {
			case "", "y", "yes", "m", "more", "next":
				stop += atOnce
			case "a", "all":
				stop = n
			case "n", "no", "stop", "none":
				return nil
			default:
				s.kept = append([]string{text}, s.kept...)
				return nil
			}
		}
		each(i)
	}
	return nil
}
