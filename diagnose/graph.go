package diagnose

import (
	"slices"

	"cyrlock/evidence"
)

// A graph is who waits for whom: an edge leads from a process to each process
// whose lock keeps one of its threads waiting. Waits on accept locks are not in
// it: idle workers queue there all day long.
type graph struct {
	s        *evidence.Snapshot
	people   people
	services services
	edges    map[int][]edge // by who waits
	into     map[int][]edge // the same, by whom they wait for; the lower waiter first
	waiting  []int          // every process that waits, ascending
	pids     []int          // every process that waits or blocks, ascending
	resting  map[int]bool   // idle workers that queue for their next connection
	// thresholdS is the age, in seconds, from which a wait counts as hung.
	thresholdS float64
}

// An edge is one conflict: to holds what a waiter wants on file.
type edge struct {
	to   int
	file *evidence.File
	wait *evidence.Waiter
}

// nobody is the node that waits without a visible holder lead to.
const nobody = 0

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
	g := &graph{s: s, people: peopleOf(s), edges: map[int][]edge{}, into: map[int][]edge{}, resting: map[int]bool{}}
	g.services = servicesOf(s.Host.Cyrus, g.people)
	eachWait(s, func(f *evidence.File, w *evidence.Waiter, by int) {
		if g.edges[w.PID] == nil {
			g.waiting = append(g.waiting, w.PID)
		}
		g.edges[w.PID] = append(g.edges[w.PID], edge{by, f, w})
	})
	slices.Sort(g.waiting)
	g.pids = slices.Clone(g.waiting)
	for _, from := range g.waiting {
		for _, e := range g.edges[from] {
			if g.into[e.to] == nil && e.to != nobody && g.edges[e.to] == nil {
				g.pids = append(g.pids, e.to)
			}
			g.into[e.to] = append(g.into[e.to], e)
		}
	}
	slices.Sort(g.pids)
	for _, f := range s.Files {
		if f.Kind == string(Accept) {
			for _, w := range f.Waiters {
				g.resting[w.PID] = true
			}
		}
	}
	return g
}

// waitedS is the longest wait of a process, in seconds.
func (g *graph) waitedS(pid int) (s float64) {
	for _, e := range g.edges[pid] {
		s = max(s, e.wait.SinceS)
	}
	return s
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
		for _, e := range g.into[pid] {
			if from := e.wait.PID; !reached[from] {
				reached[from] = true
				todo, out = append(todo, from), append(out, from)
			}
		}
	}
	slices.Sort(out)
	return out
}
