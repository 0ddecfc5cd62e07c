package diagnose

import (
	"slices"

	"cyrlock/evidence"
)

// A graph is who waits for whom: an edge leads from a process to each process
// whose lock keeps one of its threads waiting. Waits on accept locks are not in
// it: idle workers queue there all day long.
type graph struct {
	s     *evidence.Snapshot
	edges map[int][]edge
	back  map[int][]int // the same edges, the other way
	pids  []int         // every process that waits or blocks, ascending
}

// An edge is one conflict: to holds what a waiter wants on file.
type edge struct {
	to   int
	file *evidence.File
	wait *evidence.Waiter
}

// nobody is the node that waits without a visible holder lead to.
const nobody = 0

// A cause is what everything behind it waits for in the end.
type cause struct {
	members []int // pids: one; several for a cycle or a crowd; nobody
	deadly  bool  // they wait for each other: it never ends
	blocked []edge
	victims []int // all that wait for it, directly or through others; no members
}

// eachWait calls with every wait that counts and each process that causes it;
// nobody, where none is visible. Idle workers do not count, nor does who waits in
// a PID namespace that is not ours and has no pid here.
func eachWait(s *evidence.Snapshot, call func(f *evidence.File, w *evidence.Waiter, by int)) {
	for i := range s.Files {
		f := &s.Files[i]
		if f.Kind == string(Accept) {
			continue
		}
		for j := range f.Waiters {
			w := &f.Waiters[j]
			if w.PID == nobody {
				continue
			}
			for _, by := range w.BlockedBy {
				call(f, w, by)
			}
			if len(w.BlockedBy) == 0 {
				call(f, w, nobody)
			}
		}
	}
}

func newGraph(s *evidence.Snapshot) *graph {
	g := &graph{s: s, edges: map[int][]edge{}, back: map[int][]int{}}
	eachWait(s, func(f *evidence.File, w *evidence.Waiter, by int) {
		g.edges[w.PID] = append(g.edges[w.PID], edge{by, f, w})
	})
	seen := map[int]bool{}
	for from, es := range g.edges {
		seen[from] = true
		for _, e := range es {
			seen[e.to] = true
			g.back[e.to] = append(g.back[e.to], from)
		}
	}
	for pid := range seen {
		if pid != nobody {
			g.pids = append(g.pids, pid)
		}
	}
	slices.Sort(g.pids)
	return g
}

// waiting lists the processes that wait, ascending.
func (g *graph) waiting() []int {
	var pids []int
	for pid := range g.edges {
		pids = append(pids, pid)
	}
	slices.Sort(pids)
	return pids
}

// waitedS is the longest wait of a process, in seconds.
func (g *graph) waitedS(pid int) (s float64) {
	for _, e := range g.edges[pid] {
		s = max(s, e.wait.SinceS)
	}
	return s
}

// causes finds the ends of all chains. Every process that waits needs all its
// blockers gone, so any set that waits for itself is a deadlock, even if it also
// waits for somebody else.
func (g *graph) causes() []cause {
	var out []cause
	for _, group := range g.components() {
		deadly := len(group) > 1 || g.waitsFor(group[0], group[0])
		if deadly || len(g.edges[group[0]]) == 0 {
			out = append(out, g.cause(group, deadly))
		}
	}
	out = mergeCrowds(g, out)
	return append(out, g.holderlessCauses()...)
}

func (g *graph) cause(members []int, deadly bool) cause {
	c := cause{members: members, deadly: deadly}
	for _, from := range g.waiting() {
		for _, e := range g.edges[from] {
			if slices.Contains(members, e.to) {
				c.blocked = append(c.blocked, e)
			}
		}
	}
	c.victims = g.behind(members)
	return c
}

// holderlessCauses: one for each file whose waiters have no visible blocker.
func (g *graph) holderlessCauses() []cause {
	byFile := map[*evidence.File]*cause{}
	var order []*evidence.File
	for _, from := range g.waiting() {
		for _, e := range g.edges[from] {
			if e.to != nobody {
				continue
			}
			if byFile[e.file] == nil {
				byFile[e.file] = &cause{members: []int{nobody}}
				order = append(order, e.file)
			}
			c := byFile[e.file]
			c.blocked = append(c.blocked, e)
		}
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

func (g *graph) waitsFor(from, to int) bool {
	return slices.ContainsFunc(g.edges[from], func(e edge) bool { return e.to == to })
}

// behind lists all that wait for one of the pids, directly or through others.
func (g *graph) behind(pids []int) []int {
	reached := map[int]bool{}
	todo := slices.Clone(pids)
	out := []int{}
	for _, pid := range pids {
		reached[pid] = true
	}
	for len(todo) > 0 {
		pid := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, from := range g.back[pid] {
			if !reached[from] {
				reached[from] = true
				todo, out = append(todo, from), append(out, from)
			}
		}
	}
	slices.Sort(out)
	return out
}

// mergeCrowds makes one cause of single holders that together keep one waiter
// out: ending one of them frees nobody.
func mergeCrowds(g *graph, causes []cause) []cause {
	var out []cause
	for _, c := range causes {
		at := slices.IndexFunc(out, func(o cause) bool { return !o.deadly && !c.deadly && shareWaiter(o, c) })
		if at < 0 {
			out = append(out, c)
			continue
		}
		out[at] = g.cause(append(out[at].members, c.members...), false)
	}
	return out
}

func shareWaiter(a, b cause) bool {
	for _, x := range a.blocked {
		for _, y := range b.blocked {
			if x.wait == y.wait {
				return true
			}
		}
	}
	return false
}
