package plain

import (
	"cmp"
	"fmt"
	"strings"

	"cyrlock/evidence"
	"cyrlock/ui/scene"
)

// process says what is known of one.
func (s *session) process(p *evidence.Process) {
	s.hears(p.PID, nil)
	s.say("Process: %s%s.", s.Name(p.PID), s.about(p))
	if p.Exe != "" {
		s.say("Program: %s", s.Text(p.Exe))
	}
	if p.Service != "" {
		s.say("Service: %s.", s.Text(p.Service))
	}
	for i := range s.Report.Files {
		f := &s.Report.Files[i]
		for _, h := range f.Holders {
			if h.PID == p.PID {
				s.hears(p.PID, f)
				s.say("Holds: %s, for which %s.", s.FileName(f), cmp.Or(countWords(len(f.Waiters), "waits", "wait"), "nobody waits"))
			}
		}
		for _, w := range f.Waiters {
			if w.PID == p.PID {
				s.say("Waits for: %s%s.", s.FileName(f), forWords(scene.Since(w.SinceS, w.SinceHow)))
			}
		}
	}
	for i := range p.Threads {
		t := &p.Threads[i]
		if len(p.Threads) > 1 {
			s.say("Thread %d: %s.", t.TID, s.Doing(p, t))
		} else {
			s.say("Doing: %s%s.", s.Doing(p, t), forWords(scene.Since(t.SinceS, t.SinceHow)))
		}
		s.frames(t)
	}
}

// forWords is a span behind what it is the span of.
func forWords(since string) string {
	if since == "" {
		return ""
	}
	return ", for " + since
}

// frames says a stack, the innermost function first; what matters in it comes
// before the function's name.
func (s *session) frames(t *evidence.Thread) {
	for i := range t.Frames {
		s.say("%s", s.frame(t, i))
	}
	switch {
	case len(t.Frames) == 0:
		s.say("No stack: %s.", s.Text(cmp.Or(t.Error, "it was not asked for")))
	case t.Error != "":
		s.say("The stack ends early: %s.", s.Text(t.Error))
	}
	if t.StopUS > 0 {
		s.say("It was stopped for %s microseconds, and let go.", evidence.Thousands(int(t.StopUS)))
	}
}

func (s *session) frame(t *evidence.Thread, i int) string {
	f := &t.Frames[i]
	out := fmt.Sprintf("Frame %d", i)
	if words := scene.Mark(f); words != "" && (i == 0 || f.Signal || t.Frames[i-1].Role != f.Role) {
		out += ", " + strings.Replace(words, ": ", " ", 1)
	}
	if f.How == "guess" {
		out += ", a guess"
	}
	out += ": " + s.function(f)
	if where := s.source(f); where != "" {
		out += ", " + where
	}
	for j, a := range f.Args {
		if j == 0 {
			out += ", with "
		} else {
			out += ", "
		}
		out += s.Text(a.Name + "=" + a.Value)
	}
	return out
}
