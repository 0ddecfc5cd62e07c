package diagnose

import (
	"slices"

	"cyrlock/evidence"
)

// A cause is what everything behind it waits for in the end.
type cause struct {
	members []int // pids: one; several for a cycle or a crowd; nobody
	deadly  bool  // they wait for each other: it never ends
	blocked []edge
	victims []int // all that wait for it, directly or through others; no members
	// busiest is, of what each member holds, the file that the most wait for.
	busiest map[int]*evidence.File
}

// causes finds the ends of all chains. Every process that waits needs all its
// blockers gone, so any set that waits for itself is a deadlock, even if it also
// waits for somebody else.
func (g *graph) causes() []cause {
	var out []cause
	var ends []int
	for _, group := range g.components() {
		if len(group) > 1 || g.waitsFor(group[0], group[0]) {
			out = append(out, g.cause(group, true))
		} else if len(g.edges[group[0]]) == 0 {
			ends = append(ends, group[0])
		}
	}
	for _, members := range g.crowds(ends) {
		out = append(out, g.cause(members, false))
	}
	return append(out, g.holderlessCauses()...)
}

// crowds puts those together of ends that keep one waiter out between them:
// ending one of them frees nobody. Most are alone.
func (g *graph) crowds(ends []int) [][]int {
	at := map[int]int{} // place in ends
	for i, pid := range ends {
		at[pid] = i
	}
	first := make([]int, len(ends)) // one of the same crowd that comes before, or itself
	for i := range first {
		first[i] = i
	}
	find := func(i int) int {
		for first[i] != i {
			first[i] = first[first[i]]
			i = first[i]
		}
		return i
	}
	for _, end := range ends {
		for _, e := range g.into[end] {
			for _, pid := range e.wait.BlockedBy { // the first end among them is met by all
				if other, ok := at[pid]; ok {
					a, b := find(at[end]), find(other)
					first[max(a, b)] = min(a, b)
					break
				}
			}
		}
	}
	members := map[int][]int{}
	var order []int
	for i, pid := range ends {
		f := find(i)
		if members[f] == nil {
			order = append(order, f)
		}
		members[f] = append(members[f], pid)
	}
	out := make([][]int, 0, len(order))
	for _, f := range order {
		out = append(out, members[f])
	}
	return out
}

func (g *graph) cause(members []int, deadly bool) cause {
	c := cause{members: members, deadly: deadly, blocked: g.into[members[0]], victims: g.behind(members)}
	if len(members) > 1 {
		c.blocked = g.intoAny(members)
	}
	c.busiest = busiest(c.blocked)
	return c
}

// intoAny are the edges that lead to one of several, the lower waiter first.
func (g *graph) intoAny(pids []int) (edges []edge) {
	wanted := map[int]bool{}
	var from []int
	for _, pid := range pids {
		wanted[pid] = true
		for _, e := range g.into[pid] {
			from = append(from, e.wait.PID)
		}
	}
	slices.Sort(from)
	for _, pid := range slices.Compact(from) {
		for _, e := range g.edges[pid] {
			if wanted[e.to] {
				edges = append(edges, e)
			}
		}
	}
	return edges
}

// busiest finds, for each process that is waited for, the file that the most want;
// the first of equals.
func busiest(blocked []edge) map[int]*evidence.File {
	type lock struct {
		pid  int
		file *evidence.File
	}
	count := map[lock]int{}
	best := map[int]*evidence.File{}
	for _, e := range blocked {
		count[lock{e.to, e.file}]++
		if b := best[e.to]; b == nil || count[lock{e.to, e.file}] > count[lock{e.to, b}] {
			best[e.to] = e.file
		}
	}
	return best
}

// holderlessCauses: one for each file whose waiters have no visible blocker.
func (g *graph) holderlessCauses() []cause {
	byFile := map[*evidence.File]*cause{}
	var order []*evidence.File
	for _, e := range g.into[nobody] {
		if byFile[e.file] == nil {
			byFile[e.file] = &cause{members: []int{nobody}}
			order = append(order, e.file)
		}
		c := byFile[e.file]
		c.blocked = append(c.blocked, e)
	}
	var out []cause
	for _, f := range order {
		c := byFile[f]
		var direct []int
		for _, e := range c.blocked {
			direct = append(direct, e.wait.PID)
		}
		c.victims = append(direct, g.behind(direct)...)
		slices.Sort(c.victims)
		c.victims = slices.Compact(c.victims)
		out = append(out, *c)
	}
	return out
}
