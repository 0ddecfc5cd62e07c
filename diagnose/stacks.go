package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"cyrlock/evidence"
)

// A Bucket is a set of threads with the same stack: the same functions of the
// same modules, whatever their arguments.
type Bucket struct {
	Holder  bool             // they hold a lock that others wait for
	File    string           // what they wait for; empty: no lock
	Threads []ThreadID       // ascending
	Frames  []evidence.Frame // of the first thread
	Error   string           // why the stack is missing or short
}

// A ThreadID names a thread.
type ThreadID struct{ PID, TID int }

// Buckets groups the stacks of those that hold what others wait for, and of those
// that wait: holders first, then the commonest. Idle workers have no part in it.
func (r *Report) Buckets() []Bucket {
	holds, waits := r.parts()
	at := map[string]int{}
	var out []Bucket
	var key []byte // of one thread, then of the next
	for _, p := range r.Processes {
		for _, t := range p.Threads {
			id := ThreadID{p.PID, t.TID}
			file, waiting := waits[id]
			if !waiting && !holds[p.PID] || len(t.Frames) == 0 && t.Error == "" {
				continue
			}
			b := Bucket{Holder: !waiting, File: file, Threads: []ThreadID{id}, Frames: t.Frames, Error: t.Error}
			key = b.key(key[:0])
			if i, ok := at[string(key)]; ok {
				out[i].Threads = append(out[i].Threads, id)
				continue
			}
			at[string(key)] = len(out)
			out = append(out, b)
		}
	}
	slices.SortStableFunc(out, func(a, b Bucket) int {
		if a.Holder != b.Holder {
			if a.Holder {
				return -1
			}
			return 1
		}
		return cmp.Compare(len(b.Threads), len(a.Threads))
	})
	return out
}

// parts tells which processes hold what others wait for, and which threads wait
// for which file.
func (r *Report) parts() (holds map[int]bool, waits map[ThreadID]string) {
	holds, waits = map[int]bool{}, map[ThreadID]string{}
	eachWait(&r.Snapshot, func(f *evidence.File, w *evidence.Waiter, by int) {
		waits[ThreadID{w.PID, w.TID}] = f.Path
		holds[by] = true
	})
	return holds, waits
}

// key appends what makes a bucket.
func (b *Bucket) key(k []byte) []byte {
	if b.Holder {
		k = append(k, "holder\n"...)
	}
	k = append(append(k, b.File...), '\n')
	k = append(append(k, b.Error...), '\n')
	for i := range b.Frames {
		f := &b.Frames[i]
		if f.Func != "" {
			k = append(k, f.Func...)
		} else {
			k = append(k, f.Offset.String()...)
		}
		k = append(append(append(k, 0), f.Module...), '\n')
	}
	return k
}

// Remark says in words why a frame matters; "" for most.
func Remark(f evidence.Frame) string {
	switch f.Role {
	case RoleLockCall:
		return "waits here"
	case RoleLockReopen:
		return "the frame to look for"
	case RoleLock:
		return "asks for the lock"
	case RoleClientWrite:
		return "writes to its client"
	case RoleClientRead:
		return "waits for its client"
	case RoleAccept:
		return "idle: waits for its turn to take a connection"
	case RoleDelicate:
		return "work that should not be cut short"
	case "", RoleAllocator:
		return ""
	}
	return "works on: " + f.Role
}

// Location is where a frame is, as gdb writes it: "lock_flock.c:84", or the
// module where no source is known.
func Location(f evidence.Frame) string {
	if f.File != "" {
		return fmt.Sprintf("%s:%d", evidence.Clean(f.File), f.Line)
	}
	return evidence.Clean(f.Module)
}
