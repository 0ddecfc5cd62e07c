package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"cyrlock/evidence"
)

// An Advice is one thing that can be done, with what it costs.
type Advice struct {
	Action  string `json:"action"` // "end", "continue", "detach", "rejoin", "cancel", "wait", "look", "shim", "source"
	When    string `json:"when"`   // "now": against this hang; "next": against the next one
	Effect  string `json:"effect"` // "cures", "may cure", "relieves" (one process, not the hang), "contains", "may pass", "finds out", "no cure"
	Risk    string `json:"risk"`   // "none", "low", "some", "high"
	Why     string `json:"why"`
	Loses   string `json:"loses,omitempty"` // what it costs whom, in a sentence
	Command string `json:"command"`         // what to type; may be empty
	Then    string `json:"then,omitempty"`  // what to type if that did not end it within five seconds
	PIDs    []int  `json:"pids,omitempty"`  // whom the command is about
}

// advise says what is safe to do, best first.
func advise(g *graph, c cause, r Root) []Advice {
	switch r.Class {
	case WorkingHolder:
		return []Advice{{Action: "wait", Risk: "none", Why: "it makes progress; look again in a minute", Command: "cyrlock check"}, end(g, c, r)}
	case StoppedHolder:
		return stoppedAdvice(g, c, r)
	case UninterruptibleHolder:
		return uninterruptibleAdvice(g, c, r)
	case ForeignHolder:
		return []Advice{{Action: "look", Risk: "none", Why: "the holder is not visible from here: run cyrlock on the host, or on the file server's other clients"}}
	case LostWakeup:
		pid := c.blocked[0].wait.PID
		return []Advice{{Action: "rejoin", Risk: "low", Command: fmt.Sprintf("kill -STOP %d && kill -CONT %d", pid, pid), PIDs: []int{pid},
			Why: fmt.Sprintf("makes %s ask again; it loses its place in the queue, and if it then gets the lock the wake-up was lost. Save the evidence first: this destroys it", g.name(pid))}}
	case SharedCrowd:
		return []Advice{{Action: "wait", Risk: "none", Why: "readers may finish by themselves: look again first", Command: "cyrlock check"}, end(g, c, r)}
	case SignalReentry:
		a := endAtOnce(g, c, r)
		a.Why += "; no TERM first: it cannot handle one any more"
		return []Advice{a}
	case OutsideHolder:
		a := end(g, c, r)
		a.Risk = "some"
		a.Why = "ask who runs it before ending it: " + a.Why
		return []Advice{a}
	}
	a := end(g, c, r)
	if r.Confidence == Guess && len(a.PIDs) == 1 {
		a.Risk, a.Why = "some", "find out first what it does (run cyrlock as root): "+a.Why
	}
	return []Advice{a}
}

// stoppedAdvice: continue it, or take the tracer away; ending it comes last, and
// with KILL: what is stopped gets no other signal until it is continued (signal(7)).
func stoppedAdvice(g *graph, c cause, r Root) []Advice {
	pid, frees := r.PID, "frees "+count(len(c.victims), "process", "processes")
	kill := endAtOnce(g, c, r)
	kill.Why += "; no TERM first: it gets none while it is stopped"
	if p := g.people[pid]; p != nil && p.Tracer != 0 {
		return []Advice{
			{Action: "detach", Risk: "low", Why: fmt.Sprintf("the kernel then lets %s run on: %s", g.name(pid), frees), Command: fmt.Sprintf("kill -TERM %d", p.Tracer), PIDs: []int{p.Tracer}},
			kill,
		}
	}
	return []Advice{
		{Action: "continue", Risk: "low", Why: "lets it run on and finish: " + frees, Command: fmt.Sprintf("kill -CONT %d", pid), PIDs: []int{pid}},
		kill,
	}
}

// uninterruptibleAdvice: find what it waits for; a KILL does no harm to try.
func uninterruptibleAdvice(g *graph, c cause, r Root) []Advice {
	pid := r.PID
	look := Advice{Action: "look", Risk: "none", Why: "find the disk or file server that it waits for (dmesg, mount, iostat)", Command: fmt.Sprintf("cat /proc/%d/stack", pid)}
	if p := g.people[pid]; p != nil && slices.ContainsFunc(p.Threads, func(t evidence.Thread) bool {
		return t.State == "D" && slices.Contains([]string{"vfork", "clone", "clone3"}, t.Syscall)
	}) {
		look = Advice{Action: "look", Risk: "none", Why: "it waits until the child it made runs another program or ends: see what keeps that child", Command: fmt.Sprintf("ps -o pid,stat,wchan,args --ppid %d", pid)}
	}
	kill := endAtOnce(g, c, r)
	kill.Why += "; it goes only if the kernel lets it"
	return []Advice{look, kill}
}

// end is the remedy for a holder: TERM first, KILL if it is still there. The
// kernel drops its locks with it.
func end(g *graph, c cause, r Root) Advice {
	a := endAtOnce(g, c, r)
	a.Command, a.Then = strings.Replace(a.Command, "-KILL", "-TERM", 1), a.Command
	return a
}

// endAtOnce is KILL, for those that cannot answer a TERM.
func endAtOnce(g *graph, c cause, r Root) Advice {
	if len(r.Members) > 1 && r.Class != Cycle {
		return endAll(g, c, r.Members)
	}
	pid := r.PID
	a := Advice{Action: "end", Risk: "low", Why: "frees " + count(len(c.victims), "process", "processes"), Command: fmt.Sprintf("kill -KILL %d", pid), PIDs: []int{pid}}
	if c.deadly {
		a.Why = "breaks the circle"
		if n := len(c.victims) + len(c.members) - 1; n > 0 {
			a.Why += ": frees " + count(n, "process", "processes")
		}
	}
	p := g.people[pid]
	if p == nil {
		return a
	}
	switch {
	case p.User != "" && p.Client != "":
		a.Why += fmt.Sprintf(", disconnects %s's session from %s", p.User, p.Client)
	case p.User != "":
		a.Why += fmt.Sprintf(", disconnects one session of %s", p.User)
	}
	if f, ok := delicateFrame(*p); ok {
		a.Risk = "high"
		a.Why += fmt.Sprintf("; it is in %s: work may be left half done", f.Func)
	}
	return a
}

func delicateFrame(p evidence.Process) (evidence.Frame, bool) {
	for _, t := range p.Threads {
		if f, ok := hasRole(t.Frames, RoleDelicate); ok {
			return f, true
		}
	}
	return evidence.Frame{}, false
}

// endAll: of several that hold one lock together, one would free nobody.
func endAll(g *graph, c cause, pids []int) Advice {
	var names []string
	for _, pid := range pids {
		names = append(names, fmt.Sprint(pid))
	}
	risk := "some"
	if slices.ContainsFunc(pids, func(pid int) bool { p := g.people[pid]; return p != nil && isDelicate(*p) }) {
		risk = "high"
	}
	return Advice{Action: "end", Risk: risk, Command: "kill -KILL " + strings.Join(names, " "), PIDs: pids,
		Why: fmt.Sprintf("all %d must go, one alone frees nobody: frees %s", len(pids), count(len(c.victims), "process", "processes"))}
}
