package diagnose

import "cyrlock/evidence"

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
}

func newIndex(s *evidence.Snapshot) *index {
	all := peopleOf(s)
	return &index{all, waitsByBlocker(s), servicesOf(s.Host.Cyrus, all)}
}

// indexed is the report's index; a report that came out of JSON has none yet.
func (r *Report) indexed() *index {
	if r.index == nil {
		return newIndex(&r.Snapshot)
	}
	return r.index
}

// Process finds the process with this pid; nil: the report has none.
func (r *Report) Process(pid int) *evidence.Process {
	if r.index == nil {
		return r.Snapshot.Process(pid)
	}
	return r.index.people[pid]
}
