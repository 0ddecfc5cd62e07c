package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"cyrlock/evidence"
)

// What can be done about this hang.

// end is the end of the holder, or of all of them where one alone frees nobody; none
// where it must not be ended. The kernel drops the locks with it.
func (a advising) end() []Advice {
	pids := a.r.members()
	if a.r.Class == Cycle {
		pids = []int{a.r.PID}
	}
	if slices.ContainsFunc(pids, func(pid int) bool { return !a.g.mayEnd(pid) }) {
		return nil
	}
	e := Advice{Action: "end", Effect: cures, Risk: "low", Command: "cyrlock fix end " + numbers(pids), PIDs: pids,
		Why: "frees " + evidence.Plural(len(a.c.victims), "process", "processes"), Loses: a.ended(pids)}
	p := a.g.people[pids[0]]
	switch {
	case a.c.deadly:
		e.Why = "breaks the circle"
		if n := len(a.c.victims) + len(a.c.members) - 1; n > 0 {
			e.Why += ": frees " + evidence.Plural(n, "process", "processes")
		}
		if a.g.circles(a.c.members, a.r.PID) {
			e.Effect, e.Why = mayCure, "breaks a circle, and there is another among them: look again afterwards"
		}
	case len(pids) > 1:
		all := fmt.Sprintf("all %d", len(pids))
		if len(pids) == 2 {
			all = "both"
		}
		e.Risk, e.Why = "some", all+" must go, one alone frees nobody: "+e.Why
	case a.r.Class == OutsideHolder:
		e.Risk, e.Why = "some", "ask who runs it before ending it: "+e.Why
	case a.r.Class == WorkingHolder:
		e.Risk, e.Why = "some", "only if it gets nowhere: "+e.Why
	case p == nil, a.r.Confidence == Guess:
		e.Risk, e.Why = "some", "find out first what it does: "+e.Why
	}
	if p != nil && len(pids) == 1 && sessionOf(*p) != "" {
		e.Why += ", disconnects " + sessionOf(*p)
	}
	if a.r.Class == UninterruptibleHolder {
		e.Effect, e.Why = mayCure, e.Why+"; it goes when the kernel lets it, which may be never"
	}
	for _, pid := range pids {
		if work := a.g.delicate(pid); work != "" {
			e.Risk, e.Command = "high", e.Command+" --force"
			e.Why = fmt.Sprintf("only if nothing else is left, for %s is in %s: %s", a.g.name(pid), work, e.Why)
			break
		}
	}
	return []Advice{e}
}

func numbers(pids []int) string { return strings.Trim(fmt.Sprint(pids), "[]") }

// circles says whether the members still wait for each other when one is gone: who
// waits for nobody among them is taken out, until none is left or none can go.
func (g *graph) circles(members []int, without int) bool {
	left, blockers := map[int]bool{}, map[int]int{}
	for _, pid := range members {
		left[pid] = pid != without
	}
	var free []int
	for _, pid := range members {
		if !left[pid] {
			continue
		}
		for _, e := range g.edges[pid] {
			if left[e.to] {
				blockers[pid]++
			}
		}
		if blockers[pid] == 0 {
			free = append(free, pid)
		}
	}
	gone := 0
	for ; len(free) > 0; gone++ {
		pid := free[len(free)-1]
		free = free[:len(free)-1]
		for _, e := range g.into[pid] {
			if from := e.wait.PID; left[from] {
				if blockers[from]--; blockers[from] == 0 {
					free = append(free, from)
				}
			}
		}
	}
	return gone < len(members)-1
}

// goOn lets a stopped holder run on; where a tracer has it, by ending that one. What
// the tracer has started would end with it, and is left alone: see fix/rescue.
func (a advising) goOn() []Advice {
	pid := a.r.PID
	p := a.g.people[pid]
	frees := "frees " + evidence.Plural(len(a.c.victims), "process", "processes")
	switch {
	case p == nil, pid <= 1:
		return nil
	case p.Tracer == 0 && stopState(*p) == "t":
		return []Advice{{Action: "look", Effect: findsOut, Risk: "none", Why: "its tracer cannot be seen from here: look from the host, and quit it there"}}
	case p.Tracer == 0:
		on := Advice{Action: "continue", Effect: cures, Risk: "low", Command: fmt.Sprintf("cyrlock fix continue %d", pid), PIDs: []int{pid},
			Why: "lets it run on and finish: " + frees, Loses: "nothing; ask who stopped it, and why"}
		return []Advice{on.ifItComes(p)}
	}
	tracer := who(p.TracerName, p.Tracer)
	quit := Advice{Action: "look", Effect: findsOut, Risk: "none", Command: fmt.Sprintf("ps -fp %d", p.Tracer),
		Why: fmt.Sprintf("find out who runs its tracer, %s, and have it quit there (gdb: detach)", tracer)}
	if p.Tracer < pid { // who has the lower number may have started it
		return []Advice{quit}
	}
	on := Advice{Action: "continue", Effect: cures, Risk: "low", Command: fmt.Sprintf("cyrlock fix continue %d", pid), PIDs: []int{pid},
		Why: fmt.Sprintf("ends its tracer, %s, and the kernel lets it run on: %s", tracer, frees), Loses: "the tracer's session; nothing of the mail server's"}
	if LetsGo(p.TracerName) {
		return []Advice{on.ifItComes(p)}
	}
	on.Effect, on.Risk, on.Command = mayCure, "some", on.Command+" --force"
	on.Loses = "the tracer's session; how it takes a SIGTERM was not tried, and the process may end with it"
	return []Advice{quit, on}
}

// ifItComes: who runs on may wait at once for something else, and keep the lock.
func (on Advice) ifItComes(p *evidence.Process) Advice {
	if sleepsIn(p, "", slices.Concat(readCalls, waitCalls)...) {
		on.Effect = mayCure
		on.Why += ", if what it then waits for comes"
	}
	return on
}

// rejoin makes a waiter ask again that the kernel may have forgotten.
func (a advising) rejoin() []Advice {
	for _, e := range a.c.blocked {
		pid := e.wait.PID
		if p := a.g.people[pid]; !a.waitsOnce(pid) || e.wait.Polls || e.wait.FD < 0 || p.Tracer != 0 || p.State == "T" {
			continue
		}
		return []Advice{{Action: "rejoin", Effect: mayCure, Risk: "low", Command: fmt.Sprintf("cyrlock fix rejoin %d", pid), PIDs: []int{pid},
			Why:   fmt.Sprintf("makes %s ask again; if it then gets the lock, the wake-up was lost", a.g.name(pid)),
			Loses: "its place in the queue, and the evidence: save that first (cyrlock check --json >hang.json)"}}
	}
	return nil
}

// look is what to find out before anything is done; none where all is known.
func (a advising) look() []Advice {
	l := Advice{Action: "look", Effect: findsOut, Risk: "none"}
	pid := a.r.PID
	p := a.g.people[pid]
	switch {
	case a.r.Class == ForeignHolder && a.g.s.Host.UID != 0:
		l.Why, l.Command = "who holds it could not be seen: run cyrlock as root", "sudo cyrlock check"
	case a.r.Class == ForeignHolder:
		l.Why = "the holder is not visible from here: run cyrlock on the host, or on the file server's other clients"
	case a.r.Class == OutsideHolder:
		l.Why = "see what it is, and ask who runs it"
		l.Command = fmt.Sprintf("ps -fp %d", pid)
	case a.r.Class == UninterruptibleHolder && p != nil && sleepsIn(p, "D", "vfork", "clone", "clone3"):
		l.Why = "it waits until the child it made runs another program or ends: see what keeps that child"
		l.Command = fmt.Sprintf("ps -lf --ppid %d", pid)
	case a.r.Class == UninterruptibleHolder:
		l.Why = "find the disk or file server that it waits for (dmesg, mount, iostat)"
		l.Command = fmt.Sprintf("cat /proc/%d/stack", pid)
	case a.r.Confidence == Guess && pid != nobody:
		l.Why, l.Command = "find out what it does, as root", fmt.Sprintf("cyrlock stack %d", pid)
	default:
		return nil
	}
	return []Advice{l}
}

// wait is to do nothing about it, and what that brings.
func (a advising) wait() Advice {
	w := Advice{Action: "wait", Effect: noCure, Risk: "none"}
	young := fmt.Sprintf("nobody has waited for longer than %s yet: look again first", Age(a.r.OldestS))
	switch {
	case a.r.Class == WorkingHolder:
		w.Effect, w.Why = mayPass, "it makes progress; look again in a minute"
	case a.r.Class == Cycle:
		w.Why = "they wait for each other, and that never ends by itself"
	case a.r.Class == SelfDeadlock:
		w.Why = "it waits for itself, and that never ends by itself"
	case a.r.Class == OrphanLock:
		w.Why = "who would let go of the lock is gone"
	case a.r.Class == StoppedHolder:
		w.Why = "what is stopped does not let go until somebody lets it run on"
	case a.r.Class == SignalReentry:
		w.Why = "it waits for a lock of its own, and that never ends by itself"
	case a.r.Class == UninterruptibleHolder:
		w.Effect, w.Why = mayPass, "it goes on by itself if what it waits for answers"
	case a.r.Class == SharedCrowd:
		w.Effect, w.Why = mayPass, "readers may finish by themselves: look again first"
	case a.young:
		w.Effect, w.Why = mayPass, young
	case a.r.SinceS > 0:
		w.Why = "nothing has moved for " + Age(a.r.SinceS)
	case a.r.OldestS > 0:
		w.Why = "the first has waited for " + Age(a.r.OldestS) + " already"
	default:
		w.Why = "nothing says that it will end by itself"
	}
	switch l := a.limit(); {
	case l.all() && w.Effect == noCure:
		w.Effect, w.Why = mayPass, "the timed lock ends each of these waits "+l.bound()+", with an error"
	case len(l.has) > 0:
		w.Why += fmt.Sprintf("; the timed lock ends the wait of %d of them %s", len(l.has), l.bound())
	}
	if w.Effect == mayPass {
		w.Command = "cyrlock check"
	}
	return w
}
