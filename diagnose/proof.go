package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"cyrlock/evidence"
)

// An Outcome is what became of those who waited behind a root.
type Outcome string

const (
	Drained   Outcome = "drained"   // none of them waits for that lock any more, and all could be looked for
	Fewer     Outcome = "fewer"     // some of them do not, and the root is still there
	Unchanged Outcome = "unchanged" // all of them still wait behind it
	NextRoot  Outcome = "next root" // it is no longer in the way, and they wait for somebody else
	NotSeen   Outcome = "not seen"  // the later look cannot tell
)

// A Proof says whether a hang is over: which of those very threads that waited
// behind its root still wait for that very lock. It counts their processes.
type Proof struct {
	Outcome  Outcome
	Waited   int    // behind the root, at the earlier look
	Freed    int    // of these, those whose waits are over
	Left     int    // of these, those who still wait
	Unsure   int    // of these, those who could not be seen
	Others   int    // who wait behind it now and did not then
	Next     *Root  // whom somebody waits for now, if it is another; those who waited before anybody else
	Sentence string // all of it in plain words
}

// Proof says what became of a root of the earlier look.
func (c Comparison) Proof(root Root) Proof {
	p := Proof{Outcome: NotSeen, Waited: len(root.waiting())}
	if c.Doubt != "" {
		p.Unsure = p.Waited
		p.Sentence = fmt.Sprintf("Whether the %s still %s cannot be told: %s.", evidence.Plural(p.Waited, "waiter", "waiters"), verb(p.Waited, "waits", "wait"), c.Doubt)
		return p
	}
	now := newHangs(c.after).find(c.before, &root)
	left := c.fates(root, now, &p)
	switch {
	case now != nil:
		c.provesStill(root, now, &p)
	case p.Left > 0:
		c.provesNext(root, &p, left)
	case p.Unsure == p.Waited:
		p.Sentence = fmt.Sprintf("Whether the %s still %s could not be seen: look again.", evidence.Plural(p.Waited, "waiter", "waiters"), verb(p.Waited, "waits", "wait"))
	case p.Unsure > 0:
		p.Sentence = fmt.Sprintf("%s of %s no longer %s; the rest could not be seen: look again.",
			evidence.Thousands(p.Freed), evidence.Plural(p.Waited, "waiter", "waiters"), verb(p.Freed, "waits", "wait"))
	default:
		c.provesDrained(root, &p)
	}
	return p
}

// fates counts what became of the waiters, and returns those that still wait.
func (c Comparison) fates(root Root, now *Root, p *Proof) (left map[int]bool) {
	left = map[int]bool{}
	waited := map[int]bool{}
	for _, pid := range root.waiting() {
		waited[pid] = true
	}
	if now != nil {
		for _, pid := range now.waiting() {
			switch {
			case !waited[pid] || !c.before.id(pid).same(c.after.id(pid)):
				p.Others++
			default: // behind the same root, if perhaps for another of its locks
				left[pid] = true
			}
		}
	}
	for _, pid := range root.waiting() {
		then, over, unsure := c.before.locks(pid), len(ofPID(c.Went, pid)), len(ofPID(c.Unsure, pid))
		switch {
		case left[pid] || over+unsure < then:
			left[pid] = true
			p.Left++
		case unsure > 0 || then == 0:
			p.Unsure++
		default:
			p.Freed++
		}
	}
	return left
}

// ofPID is the part of an ordered list that is of one process.
func ofPID(waits []Wait, pid int) []Wait {
	from, _ := slices.BinarySearchFunc(waits, pid, func(w Wait, pid int) int { return cmp.Compare(w.PID, pid) })
	to := from
	for to < len(waits) && waits[to].PID == pid {
		to++
	}
	return waits[from:to]
}

// locks is for how many locks a process waited.
func (v *view) locks(pid int) (n int) {
	for _, w := range ofPID(v.waits, pid) {
		if v.counts(&w) {
			n++
		}
	}
	return n
}

func (c Comparison) provesStill(root Root, now *Root, p *Proof) {
	p.Outcome = Fewer
	behind, missed := " behind "+c.before.called(root), now.PID == nobody && root.PID != nobody
	if missed {
		behind = ""
	}
	switch {
	case p.Left == p.Waited && p.Waited == 1:
		p.Outcome, p.Sentence = Unchanged, "It still waits"+behind
	case p.Left == p.Waited:
		p.Outcome, p.Sentence = Unchanged, fmt.Sprintf("All %s still wait%s", evidence.Thousands(p.Waited), behind)
	case p.Left == 0 && p.Unsure == 0:
		p.Sentence = fmt.Sprintf("None of the %s still waits%s", evidence.Thousands(p.Waited), behind)
	default:
		p.Sentence = fmt.Sprintf("%s of %s no longer %s%s, %s still %s", evidence.Thousands(p.Freed), evidence.Thousands(p.Waited),
			verb(p.Freed, "waits", "wait"), behind, evidence.Thousands(p.Left), verb(p.Left, "does", "do"))
	}
	p.Sentence += c.elapsed(", after ") + p.unseen()
	if p.Others > 0 {
		p.Sentence += fmt.Sprintf("; %s now", evidence.Plural(p.Others, "other does", "others do"))
	}
	if missed {
		p.Sentence += "; who holds it now was not seen"
	}
	p.Sentence += "."
}

func (c Comparison) provesNext(root Root, p *Proof, left map[int]bool) {
	p.Outcome, p.Next = NextRoot, c.inTheWay(left)
	p.Sentence = fmt.Sprintf("%s of %s still %s, but no longer behind %s%s%s", evidence.Thousands(p.Left), evidence.Thousands(p.Waited),
		verb(p.Left, "waits", "wait"), c.before.called(root), c.elapsed(", after "), p.unseen())
	if p.Next != nil {
		p.Sentence += ": " + p.Next.Sentence
	} else {
		p.Sentence += "."
	}
}

func (c Comparison) provesDrained(root Root, p *Proof) {
	again := map[int]bool{} // they wait for something else
	for _, pid := range root.waiting() {
		if c.before.id(pid).same(c.after.id(pid)) {
			again[pid] = true
		}
	}
	drained := evidence.Plural(p.Waited, "waiter", "waiters") + " drained" + c.elapsed(" within ")
	if p.Next = c.inTheWay(again); p.Next != nil {
		p.Outcome = NextRoot
		p.Sentence = drained + ", but not all of them go on: " + p.Next.Sentence
		return
	}
	p.Outcome, p.Sentence = Drained, drained+"."
	if len(c.after.report.Roots) > 0 {
		p.Next = &c.after.report.Roots[0]
		p.Sentence += " Others wait: " + p.Next.Sentence
	}
}

// inTheWay is the root of the later look that most of these processes wait for.
func (c Comparison) inTheWay(pids map[int]bool) (most *Root) {
	best := 0
	for i := range c.after.roots {
		n := 0
		for _, pid := range c.after.roots[i].waiting() {
			if pids[pid] {
				n++
			}
		}
		if n > best {
			best, most = n, &c.after.roots[i]
		}
	}
	return most
}

// elapsed is the time between the looks, in words.
func (c Comparison) elapsed(word string) string {
	if c.ElapsedS <= 0 {
		return ""
	}
	if c.ElapsedS < 1 {
		return fmt.Sprintf("%s%.0f ms", word, max(1, 1000*c.ElapsedS))
	}
	return word + Age(c.ElapsedS)
}

func (p *Proof) unseen() string {
	if p.Unsure == 0 {
		return ""
	}
	return fmt.Sprintf(", %s could not be seen", evidence.Thousands(p.Unsure))
}

// called is how a root is called in a sentence.
func (v *view) called(r Root) string {
	switch {
	case r.PID == nobody:
		return "whoever holds " + evidence.Clean(cmp.Or(r.File, "it"))
	case r.Class == Cycle:
		return fmt.Sprintf("the circle of %s", evidence.Thousands(len(r.Members)))
	case r.Class == SharedCrowd:
		return fmt.Sprintf("the %s that share it", evidence.Thousands(len(r.Members)))
	}
	return nameOf(v.people[r.PID], r.PID)
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
