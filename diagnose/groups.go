package diagnose

import (
	"fmt"
	"slices"
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
		behind = fmt.Sprintf(" %s behind them.", count(n, "process waits", "processes wait"))
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

// explainNobody: somebody waits and no holder is visible. Another machine or
// container is far likelier than a kernel that forgot to wake a waiter.
func explainNobody(g *graph, c cause) Root {
	file := c.blocked[0].file
	r := Root{PID: nobody, Class: ForeignHolder, Confidence: Guess}
	r.on(file)
	waits := waitFor(g, c, file)
	outside := slices.ContainsFunc(file.Holders, func(h evidence.Holder) bool { return h.PID == nobody })
	switch {
	case outside:
		r.Confidence = Certain
		r.Sentence = waits + " Its holder lives in another PID namespace: look from the host."
		r.Why = append(r.Why, "/proc/locks: held by pid 0, which is how the kernel shows a process of another namespace")
	case slices.Contains(networkFS, file.FS):
		r.Confidence = Likely
		r.Sentence = waits + " Nobody on this machine holds it: it lies on " + file.FS + ", so another host may."
		r.Why = append(r.Why, "mountinfo: the file is on "+file.FS)
	case g.s.Host.Container:
		r.Confidence = Likely
		r.Sentence = waits + " No holder is visible from inside this container: look from the host."
		r.Why = append(r.Why, "/proc/self/ns/pid: not the machine's first PID namespace")
	case g.s.Host.UID != 0 || hidesHolders(g.s.Gaps):
		r.Doubt = "look as root: what this user may not read could be the holder"
		r.Sentence = waits + " Who holds it could not be seen."
	case file.Reads > 1 && file.HolderSeen == 0 && oldest(c) >= sleptThrough:
		r.Class = LostWakeup
		r.Doubt = "rule out the rest first: a holder on another host, a lock taken and dropped between the readings"
		r.Sentence = waits + " Nobody holds it. If that stays so, the kernel failed to wake them."
		r.Why = append(r.Why, fmt.Sprintf("/proc/locks and the fdinfo of all who have it open: no holder in %d readings", file.Reads))
	default:
		r.Doubt = "a stack alone does not show who holds it: run cyrlock check on that machine"
		r.Sentence = waits + " The evidence does not show who holds it."
	}
	for _, e := range c.blocked {
		r.Why = append(r.Why, fmt.Sprintf("%s: in its lock call for %s", g.name(e.wait.PID), Age(e.wait.SinceS)))
		if len(r.Why) > 4 {
			break
		}
	}
	return r
}

// hidesHolders says whether a process went unread that could be the holder.
func hidesHolders(gaps []evidence.Gap) bool {
	return slices.ContainsFunc(gaps, func(g evidence.Gap) bool { return g.What == "descriptors" || g.What == "process" })
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return evidence.Thousands(n) + " " + many
}
