package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"cyrlock/evidence"
)

// mostTried is how many waits are compared by all that is behind them; of thousands
// in a row the first are those that matter.
const mostTried = 8

// cancel is the end of the one wait that gets the most others out; among equals of
// the oldest. None where Cyrus must not go on without the lock.
func (a advising) cancel() []Advice {
	var waits []edge
	seen := map[int]bool{}
	for _, pid := range a.candidates() {
		if !seen[pid] && a.cancelable(pid) {
			seen[pid] = true
			waits = append(waits, a.g.edges[pid][0])
		}
	}
	if len(waits) == 0 {
		return nil
	}
	slices.SortStableFunc(waits, func(x, y edge) int {
		return cmp.Or(cmp.Compare(len(a.g.into[y.wait.PID]), len(a.g.into[x.wait.PID])), cmp.Compare(y.wait.SinceS, x.wait.SinceS), cmp.Compare(x.wait.PID, y.wait.PID))
	})
	best, most := waits[0], -1
	for _, e := range waits[:min(len(waits), mostTried)] {
		if n := len(a.g.behind([]int{e.wait.PID})); n > most {
			best, most = e, n
		}
	}
	pid := best.wait.PID
	loss := LossOf(Kind(best.file.Kind), a.g.s.Host.Cyrus.Version)
	out := Advice{Action: "cancel", Effect: relieves, Risk: loss.Risk, Loses: loss.What,
		Command: fmt.Sprintf("cyrlock fix cancel %d", pid), PIDs: []int{pid}}
	switch name := a.g.name(pid); {
	case a.c.deadly && slices.Contains(a.c.members, pid):
		out.Effect = mayCure
		out.Why = fmt.Sprintf("its wait for %s fails; the circle breaks if %s then lets go of what it holds", FileName(*best.file), name)
	case most > 0:
		out.Why = fmt.Sprintf("gets %s out of the queue, and with it perhaps %s; the hang itself goes on", name, evidence.Plural(most, "process that waits for it", "processes that wait for it"))
	default:
		out.Why = fmt.Sprintf("gets %s out of the queue, and nobody else; the hang itself goes on", name)
	}
	return []Advice{out}
}

// candidates are those whose wait may be worth ending: of a circle its members, else
// who waits for the root, directly or not.
func (a advising) candidates() []int {
	if a.c.deadly {
		return a.c.members
	}
	return a.c.victims
}

// cancelable: what fix cancel does without being forced, on a Cyrus process, of
// which it is known what it does with the error.
func (a advising) cancelable(pid int) bool {
	p := a.g.people[pid]
	if !a.waitsOnce(pid) || !p.Cyrus || p.Tracer != 0 || stopState(*p) != "" {
		return false
	}
	e := a.g.edges[pid][0]
	return !e.wait.Polls && e.wait.FD >= 0 && !LossOf(Kind(e.file.Kind), "").Dangerous &&
		!slices.ContainsFunc(p.Threads, func(t evidence.Thread) bool { return t.TID == e.wait.TID && t.State == "D" })
}

// waitsOnce: it was looked at, and one thread of it waits for one lock, so that the
// pid says enough.
func (a advising) waitsOnce(pid int) bool {
	edges := a.g.edges[pid]
	return a.g.people[pid] != nil && len(edges) > 0 && !a.g.resting[pid] && !a.g.master(pid) &&
		!slices.ContainsFunc(edges, func(e edge) bool { return e.wait != edges[0].wait })
}
