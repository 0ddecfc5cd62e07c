package diagnose

import (
	"slices"

	"cyrlock/evidence"
)

// A suspect is one holder that others wait for, with the evidence about it.
type suspect struct {
	g      *graph
	cause  cause
	pid    int
	proc   *evidence.Process // nil: it could not be read
	thread evidence.Thread   // the one that tells what the process does
	file   *evidence.File    // of the locks it holds, the one that the most wait for
	holder evidence.Holder
}

// A finding is what a rule makes of a suspect.
type finding struct {
	class      Class
	confidence Confidence
	doing      string   // goes on "imapd 24870 holds it and …"
	meaning    string   // "that client stopped reading"; may be empty
	why        []string // each with where it was read
	doubt      string
}

// rules are asked in this order; the first that answers is believed. What makes
// every other explanation idle comes first (a stopped process cannot write), the
// weakest last. To add one: docs/adding-a-rule.md.
var rules = []func(suspect) (finding, bool){
	stopped,
	orphan,
	reentry,
	uninterruptible,
	outside,
	stalledClient,
	working,
	stale,
	idle,
}

// explain names the class of a cause and says what rests on what.
func explain(g *graph, c cause) Root {
	var r Root
	switch {
	case c.members[0] == nobody:
		r = explainNobody(g, c)
	case c.deadly:
		r = explainDeadlock(g, c)
	case len(c.members) > 1 && len(descriptions(c)) > 1:
		r = explainCrowd(g, c)
	default:
		r = explainHolder(g, c)
	}
	r.Victims = c.victims
	r.Impact = impact(g, c)
	for _, pid := range c.victims {
		r.OldestS = max(r.OldestS, g.waitedS(pid))
	}
	if c.deadly {
		for _, pid := range c.members {
			r.OldestS = max(r.OldestS, g.waitedS(pid))
		}
	}
	r.Advice = advise(g, c, r)
	return clean(r)
}

// clean makes the words safe to show, wherever their parts came from.
func clean(r Root) Root {
	r.Sentence, r.Doubt = evidence.Clean(r.Sentence), evidence.Clean(r.Doubt)
	for i := range r.Why {
		r.Why[i] = evidence.Clean(r.Why[i])
	}
	for i := range r.Advice {
		a := &r.Advice[i]
		a.Why, a.Loses = evidence.Clean(a.Why), evidence.Clean(a.Loses)
	}
	return r
}

func explainHolder(g *graph, c cause) Root {
	s := newSuspect(g, c, mainMember(g, c))
	f := s.judge()
	r := s.root(f)
	if len(c.members) > 1 {
		r.Members = c.members
	}
	r.Sentence = sentence(s, f)
	return r
}

// judge asks the rules.
func (s suspect) judge() finding {
	for _, rule := range rules {
		if f, ok := rule(s); ok {
			return f
		}
	}
	return finding{} // idle answers always
}

func (s suspect) root(f finding) Root {
	r := Root{Class: f.class, PID: s.pid, Confidence: f.confidence, SinceS: s.thread.SinceS, Why: append([]string{heldBy(s)}, f.why...), Doubt: f.doubt}
	r.on(s.file)
	if s.proc != nil {
		r.Start = s.proc.Start
	}
	return r
}

func newSuspect(g *graph, c cause, pid int) suspect {
	s := suspect{g: g, cause: c, pid: pid, proc: g.people[pid]}
	s.file = c.busiest[pid]
	for _, h := range s.file.Holders {
		if h.PID == pid {
			s.holder = h
			break
		}
	}
	if s.proc != nil {
		s.thread = telling(s.proc)
	}
	return s
}

// telling is the thread that says what the process does: one that runs, else the
// first, which in Cyrus is the only one.
func telling(p *evidence.Process) evidence.Thread {
	for _, t := range p.Threads {
		if t.Moved || t.State == "R" {
			return t
		}
	}
	if i := slices.IndexFunc(p.Threads, func(t evidence.Thread) bool { return t.TID == p.PID }); i >= 0 {
		return p.Threads[i]
	}
	if len(p.Threads) > 0 {
		return p.Threads[0]
	}
	return evidence.Thread{}
}

// descriptions are the distinct locks among what the members hold: sharers of
// one open file description count once, for they hold one lock together.
func descriptions(c cause) map[[2]int]bool {
	out := map[[2]int]bool{}
	for _, pid := range c.members {
		f := c.busiest[pid]
		for _, h := range f.Holders {
			switch {
			case h.PID != pid:
			case h.Description != 0:
				out[[2]int{0, h.Description}] = true
			default:
				out[[2]int{pid, h.FD}] = true
			}
		}
	}
	return out
}

// mainMember of sharers of one description is the one to name: a process that
// lives on after the locker, else the first.
func mainMember(g *graph, c cause) int {
	for _, pid := range c.members {
		f := c.busiest[pid]
		if slices.ContainsFunc(f.Holders, func(h evidence.Holder) bool { return h.PID == pid && h.Locker == pid }) {
			return pid
		}
	}
	return c.members[0]
}
