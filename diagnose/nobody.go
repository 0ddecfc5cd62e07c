package diagnose

import (
	"fmt"
	"slices"

	"cyrlock/evidence"
)

// explainNobody: somebody waits and no holder is visible. Another machine or
// container is far likelier than a kernel that forgot to wake a waiter.
func explainNobody(g *graph, c cause) Root {
	file := c.blocked[0].file
	r := Root{PID: nobody, Class: ForeignHolder, Confidence: Guess}
	r.on(file)
	waits := waitFor(g, c, file)
	at := slices.IndexFunc(file.Holders, func(h evidence.Holder) bool { return h.PID == nobody })
	switch {
	case at >= 0:
		s := unseenHolder(file.Holders[at], g.s.Host.UID == 0 && !hidesHolders(g.s.Gaps))
		r.Confidence, r.Doubt, r.Sentence = s.confidence, s.doubt, waits+" "+s.sentence
		r.Why = append(r.Why, s.why)
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

// An unseen is what can be said of a holder that is in the lock table alone, without a
// process that could be named.
type unseen struct {
	confidence           Confidence
	sentence, doubt, why string
}

// unseenHolder reads the table's line. The kernel writes pid 0 for a process
// that is not in our PID namespace, and within a container also for one that has ended;
// of an OFD lock it has no pid (fs/locks.c, locks_translate_pid). Where not all
// descriptors could be read, a process that inherited the lock may be right here.
func unseenHolder(h evidence.Holder, allRead bool) (u unseen) {
	u.confidence, u.doubt = Guess, "look as root: what may not be read here could be the holder"
	switch {
	case h.Locker > 0:
		u.why = fmt.Sprintf("/proc/locks: process %d took it, and has ended", h.Locker)
		u.sentence = fmt.Sprintf("Process %d took the lock and has ended: another one inherited it, which could not be seen.", h.Locker)
	case h.Lock == evidence.OFD:
		u.why = "/proc/locks: held; of an OFD lock the kernel does not record whose it is"
		u.sentence = "Who holds it the kernel does not record, and nobody who has it could be seen."
	default:
		u.why = "/proc/locks: held by pid 0, which is how the kernel shows a process of another PID namespace, or in a container one that has ended"
		u.sentence = "Its holder lives in another PID namespace, or inherited the lock and could not be seen."
	}
	switch {
	case !allRead:
	case h.Locker > 0 || h.Lock == evidence.OFD:
		u.confidence, u.doubt = Likely, "no descriptor of any process here has it: it may be in another PID namespace, or on its way through a socket (unix(7))"
	default:
		u.confidence, u.doubt = Certain, ""
		u.sentence = "Its holder lives in another PID namespace: look from the host."
	}
	return u
}

// hidesHolders says whether a process went unread that could be the holder.
func hidesHolders(gaps []evidence.Gap) bool {
	return slices.ContainsFunc(gaps, func(g evidence.Gap) bool { return g.What == "descriptors" || g.What == "process" })
}
