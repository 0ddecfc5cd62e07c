package ui

import (
	"cmp"
	"slices"
	"strings"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A bucket is all threads with the same stack and the same part in the story:
// twelve processes in one place are one fact, said once.
type bucket struct {
	key     string
	part    part
	members []member // the longest wait first
	files   []string // paths they wait for, or hold, each once
}

// A member is one thread of a bucket.
type member struct {
	proc   *evidence.Process
	thread *evidence.Thread
	sinceS float64
}

// part is what a thread has to do with the hang, in the order of the page.
type part int

const (
	holder part = iota
	waiter
	other // has to do with the file, and neither holds nor waits
	idle  // waits for its turn to take a connection, as it should
)

func (p part) String() string { return [...]string{"HOLDER", "WAIT", "OPEN", "IDLE"}[p] }

// buckets groups the threads of a report by function names and modules, holders
// apart from waiters: the same function may do either.
func buckets(r *diagnose.Report) []bucket {
	at := map[string]int{}
	var out []bucket
	add := func(m member, p part, file string) {
		key := p.String() + "\n" + stackKey(m.thread)
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, bucket{key: key, part: p})
		}
		b := &out[i]
		b.members = append(b.members, m)
		if file != "" && !slices.Contains(b.files, file) {
			b.files = append(b.files, file)
		}
	}
	parts := partsOf(r)
	for i := range r.Processes {
		p := &r.Processes[i]
		for j := range p.Threads {
			t := &p.Threads[j]
			if it, ok := parts[[2]int{p.PID, t.TID}]; ok {
				add(member{p, t, it.sinceS}, it.part, it.file)
				continue
			}
			if it, ok := parts[[2]int{p.PID, anyThread}]; ok {
				add(member{p, t, t.SinceS}, it.part, it.file)
			} else {
				add(member{p, t, t.SinceS}, other, "")
			}
		}
	}
	for i := range out {
		slices.SortStableFunc(out[i].members, func(a, b member) int { return cmp.Compare(b.sinceS, a.sinceS) })
	}
	slices.SortStableFunc(out, func(a, b bucket) int {
		return cmp.Or(cmp.Compare(a.part, b.part), cmp.Compare(rootOf(r, a), rootOf(r, b)), cmp.Compare(len(b.members), len(a.members)))
	})
	return out
}

// rootOf is the first root whose own file a bucket is about: the end of a chain
// is read first, what hangs behind it later.
func rootOf(r *diagnose.Report, b bucket) int {
	for i, root := range r.Roots {
		if slices.Contains(b.files, root.File) {
			return i
		}
	}
	return len(r.Roots)
}

// stackKey is the same for the same functions of the same modules. Addresses and
// arguments differ between processes that are in the same place.
func stackKey(t *evidence.Thread) string {
	if len(t.Frames) == 0 {
		return "no stack: " + t.Error
	}
	var b strings.Builder
	for _, f := range t.Frames {
		b.WriteString(cmp.Or(f.Func, f.Offset.String()))
		b.WriteByte('@')
		b.WriteString(f.Module)
		b.WriteByte('\n')
	}
	return b.String()
}

// A role is what one thread does with which file.
type role struct {
	part   part
	file   string
	sinceS float64
}

// anyThread stands for a whole process: a lock has a process, no thread.
const anyThread = -1

// partsOf names the part of every thread that waits, and of every process that
// holds a file that others wait for.
func partsOf(r *diagnose.Report) map[[2]int]role {
	out := map[[2]int]role{}
	for _, f := range r.Files {
		accept := f.Kind == string(diagnose.Accept)
		for _, w := range f.Waiters {
			p := waiter
			if accept {
				p = idle
			}
			out[[2]int{w.PID, w.TID}] = role{p, f.Path, w.SinceS}
		}
		if len(f.Waiters) == 0 {
			continue
		}
		for _, h := range f.Holders {
			who := [2]int{h.PID, anyThread}
			switch old, ok := out[who]; {
			case !accept:
				if !ok || old.part != holder {
					out[who] = role{part: holder, file: f.Path}
				}
			case !ok:
				out[who] = role{part: idle, file: f.Path}
			}
		}
	}
	return out
}
