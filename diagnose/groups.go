package diagnose

import (
	"fmt"
	"strings"

	"cyrlock/evidence"
)

// Causes that are not one holder: several, each other, nobody.

// explainDeadlock: they wait for each other. The kernel refuses such a wait only
// between POSIX locks (EDEADLK, fcntl(2)); flock and OFD cycles hang silently.
func explainDeadlock(g *graph, c cause) Root {
	first := c.members[0]
	r := Root{Class: Cycle, PID: cheapest(g, c.members), Members: c.members, Confidence: Certain}
	isMember := map[int]bool{}
	for _, pid := range c.members {
		isMember[pid] = true
	}
	var inside []edge // those of the circle, not of who waits behind it
	for _, e := range c.blocked {
		if isMember[e.wait.PID] {
			inside = append(inside, e)
		}
	}
	for i, e := range inside {
		if i == mostShown {
			r.Why = append(r.Why, fmt.Sprintf("%s more waits like these", evidence.Thousands(len(inside)-i)))
			break
		}
		r.Why = append(r.Why, fmt.Sprintf("/proc/%d/task/%d/syscall: wants %s through descriptor %d; %s", e.wait.PID, e.wait.TID,
			FileName(*e.file), e.wait.FD, heldBy(suspect{g: g, pid: e.to, file: e.file, holder: holderOf(e.file, e.to)})))
	}
	file := inside[0].file
	r.on(file)
	if p := g.people[r.PID]; p != nil {
		r.Start = p.Start
	}
	for _, pid := range c.members {
		if p := g.people[pid]; p != nil && len(p.Threads) > 1 {
			r.Confidence, r.Doubt = Likely, g.name(pid)+" has several threads: another of them might still let go"
		}
	}
	behind := ""
	if n := len(c.victims); n > 0 {
		behind = fmt.Sprintf(" %s behind them.", evidence.Plural(n, "process waits", "processes wait"))
	}
	if len(c.members) == 1 {
		r.Class, r.Members = SelfDeadlock, nil
		r.Sentence = fmt.Sprintf("%s waits for itself: it holds %s through one open and wants it through another. It will never go on.%s",
			g.name(first), FileName(*file), strings.Replace(behind, "them", "it", 1))
		return r
	}
	var steps []string
	for i, e := range inside {
		if i > 0 && e.wait.PID == inside[i-1].wait.PID {
			continue
		}
		if len(steps) == mostTold {
			steps = append(steps, "and so on")
			break
		}
		steps = append(steps, fmt.Sprintf("%s wants %s, which %s holds", g.name(e.wait.PID), FileName(*e.file), g.name(e.to)))
	}
	r.Sentence = fmt.Sprintf("%d processes wait for each other and will never go on: %s.%s", len(c.members), strings.Join(steps, "; "), behind)
	return r
}

// What is listed of circles and crowds of hundreds: in a sentence, as evidence.
const (
	mostTold  = 5
	mostShown = 30
)

func holderOf(f *evidence.File, pid int) evidence.Holder {
	for _, h := range f.Holders {
		if h.PID == pid {
			return h
		}
	}
	return evidence.Holder{PID: pid, FD: -1}
}

// cheapest is the member whose end costs least: not delicate nor the master, then
// the youngest.
func cheapest(g *graph, pids []int) int {
	best := pids[0]
	cost := func(pid int) (delicate bool, start uint64) {
		p := g.people[pid]
		if p == nil {
			return true, 0
		}
		return Delicate(*p) != "" || !g.mayEnd(pid), p.Start
	}
	for _, pid := range pids[1:] {
		bd, bs := cost(best)
		d, s := cost(pid)
		if bd && !d || bd == d && s > bs {
			best = pid
		}
	}
	return best
}

// explainCrowd: several readers together keep a writer out, and everybody who
// comes after the writer waits as well.
func explainCrowd(g *graph, c cause) Root {
	s := newSuspect(g, c, c.members[0])
	r := s.root(finding{class: SharedCrowd, confidence: Certain})
	r.Members, r.Why = c.members, nil
	var doing []string
	for i, pid := range c.members {
		one := newSuspect(g, c, pid)
		f := one.judge()
		if i < mostShown {
			r.Why = append(append(r.Why, heldBy(one)), f.why...)
		}
		if f.class == WorkingHolder {
			r.Confidence, r.Doubt = Likely, "some of the holders are at work and may let go by themselves"
		}
		if len(doing) < 3 {
			doing = append(doing, fmt.Sprintf("%s %s", g.name(pid), f.doing))
		}
	}
	if more := len(c.members) - len(doing); more > 0 {
		doing = append(doing, fmt.Sprintf("%d more hold it", more))
	}
	r.Sentence = fmt.Sprintf("%s %d processes share it, and ending one of them frees nobody: %s.",
		waitFor(g, c, s.file), len(c.members), strings.Join(doing, "; "))
	return r
}

var networkFS = []string{"nfs", "nfs4", "cifs", "smb3", "ceph", "gfs2", "ocfs2", "glusterfs", "fuse.glusterfs", "lustre", "afs", "9p"}

// sleptThrough is the age, in seconds, from which a wait without a holder may be a
// lost wake-up: a lock that changed hands between the readings is far younger.
const sleptThrough = 1

func oldest(c cause) (s float64) {
	for _, e := range c.blocked {
		s = max(s, e.wait.SinceS)
	}
	return s
}
