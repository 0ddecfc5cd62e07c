package diagnose

import (
	"slices"
	"strings"

	"cyrlock/evidence"
)

// An Advice is one thing that can be done, with what it costs.
type Advice struct {
	// Action is "end", "continue", "rejoin", "cancel", "wait", "look" or "nothing" for
	// this hang; "shim", "source", "verify", "avoid" or "nothing" for the next.
	Action  string `json:"action"`
	When    string `json:"when"`   // "now": against this hang; "next": against the next one
	Effect  string `json:"effect"` // "cures", "may cure", "relieves" (one process, not the hang), "contains", "may pass", "finds out", "no cure"
	Risk    string `json:"risk"`   // "none", "low", "some", "high"
	Why     string `json:"why"`
	Loses   string `json:"loses,omitempty"` // what it costs whom, in a clause
	Command string `json:"command"`         // what to type; may be empty
	PIDs    []int  `json:"pids,omitempty"`  // whom the command is about
}

// Acts tells whether the command changes something and is cyrlock's own, so that the
// screens can do it too.
func (a Advice) Acts() bool {
	return a.Action != "verify" && strings.HasPrefix(a.Command, "cyrlock fix ")
}

// Now and Next are the values of When.
const (
	Now  = "now"
	Next = "next"
)

// An advising is the root that advice is wanted on.
type advising struct {
	g *graph
	c cause
	r Root
	// young: nobody has waited long, and it is none of those that never end.
	young bool
}

// advise ranks the answers to a hang, then what contains the next one. What it names
// is never refused by the command: package fix/rescue asks the same functions.
func advise(g *graph, c cause, r Root) []Advice {
	a := advising{g: g, c: c, r: r, young: r.OldestS < g.thresholdS && !r.hung(g.thresholdS)}
	now, next := a.now(), a.next()
	for i := range now {
		now[i].When = Now
	}
	for i := range next {
		next[i].When = Next
	}
	return append(now, next...)
}

// now are the answers to this hang, best first. To wait is always one of them, and
// to end somebody in the middle of delicate work always the last.
func (a advising) now() (all []Advice) {
	add := func(more ...[]Advice) { all = slices.Concat(append([][]Advice{all}, more...)...) }
	look, end, cancel, wait := a.look(), a.end(), a.cancel(), []Advice{a.wait()}
	switch a.r.Class {
	case WorkingHolder:
		add(wait, cancel, end)
	case StoppedHolder:
		add(a.goOn(), end, cancel, wait)
	case SharedCrowd:
		add(wait, end, cancel)
	case UninterruptibleHolder, OutsideHolder, ForeignHolder:
		add(look, end, cancel, wait)
	case LostWakeup:
		add(a.rejoin(), wait)
	default:
		add(look, end, cancel, wait)
	}
	if a.young && a.wait().Effect == mayPass {
		slices.SortStableFunc(all, func(x, y Advice) int { return last(x.Action != "wait") - last(y.Action != "wait") })
	}
	slices.SortStableFunc(all, func(x, y Advice) int { return last(x.Risk == "high") - last(y.Risk == "high") })
	return all
}

func last(is bool) int {
	if is {
		return 1
	}
	return 0
}

// shared notes of roots that the same processes wait for: the end of one alone does
// not free those.
func shared(roots []Root) {
	waits := map[int]int{} // for how many roots
	for _, r := range roots {
		for _, pid := range r.waiting() {
			waits[pid]++
		}
	}
	for i := range roots {
		r := &roots[i]
		if !slices.ContainsFunc(r.waiting(), func(pid int) bool { return waits[pid] > 1 }) {
			continue
		}
		for j := range r.Advice {
			if a := &r.Advice[j]; a.Effect == cures {
				a.Effect, a.Why = mayCure, a.Why+"; some of them wait for another holder as well"
			}
		}
	}
}

// Effects, as in [Advice].
const (
	cures    = "cures"
	mayCure  = "may cure"
	relieves = "relieves"
	contains = "contains"
	mayPass  = "may pass"
	findsOut = "finds out"
	noCure   = "no cure"
)

func (g *graph) master(pid int) bool { return isMaster(g.s, pid, g.people[pid]) }

// mayEnd: neither the master nor process 1, which nothing may end.
func (g *graph) mayEnd(pid int) bool { return pid > 1 && !g.master(pid) }

// delicate is the work of a process that must not be cut short.
func (g *graph) delicate(pid int) string {
	if p := g.people[pid]; p != nil {
		return Delicate(*p)
	}
	return ""
}

// sleepsIn says whether a thread of a process sleeps in one of these calls.
func sleepsIn(p *evidence.Process, state string, calls ...string) bool {
	return slices.ContainsFunc(p.Threads, func(t evidence.Thread) bool {
		return (state == "" || t.State == state) && slices.Contains(calls, t.Syscall)
	})
}
