package diagnose

import (
	"slices"

	"cyrlock/evidence"
)

// A people finds a process by its pid. What is done once for each of thousands
// of waiters must not walk all processes.
type people map[int]*evidence.Process

// peopleOf indexes the processes of s, in place; the first of a pid counts, as in
// [evidence.Snapshot.Process].
func peopleOf(s *evidence.Snapshot) people {
	all := make(people, len(s.Processes))
	for i := range s.Processes {
		if p := &s.Processes[i]; all[p.PID] == nil {
			all[p.PID] = p
		}
	}
	return all
}

// An index is what [Diagnose] lays beside a report, so that pages need not search.
type index struct {
	people   people
	waits    waitsBy
	services services

	// Everything that the look saw, also what its focus leaves out of the report;
	// nil where the report came out of JSON and had a focus.
	whole    *evidence.Snapshot
	everyone people
	roots    []Root
}

func newIndex(s *evidence.Snapshot) *index {
	all := peopleOf(s)
	return &index{people: all, waits: waitsByBlocker(s), services: servicesOf(s.Host.Cyrus, all)}
}

// indexed is the report's index; a report that came out of JSON has none yet.
func (r *Report) indexed() *index {
	if r.index != nil {
		return r.index
	}
	i := newIndex(&r.Snapshot)
	if r.Focus == nil {
		i.whole, i.everyone, i.roots = &r.Snapshot, i.people, slices.Concat(r.Roots, r.Aside)
	}
	return i
}

// Process finds the process with this pid; nil: the report has none.
func (r *Report) Process(pid int) *evidence.Process {
	if r.index == nil {
		return r.Snapshot.Process(pid)
	}
	return r.index.people[pid]
}
