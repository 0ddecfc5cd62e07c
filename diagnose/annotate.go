package diagnose

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"cyrlock/evidence"
)

// Annotate returns a copy of s with what follows from each part on its own: the
// kind of every file, the role of every frame, who blocks each waiter. A thread
// that its stack shows in a lock call, and that no file lists, becomes a waiter:
// a pasted backtrace has no lock table.
func Annotate(s evidence.Snapshot) evidence.Snapshot {
	s.Processes = withRoles(s.Processes)
	all := peopleOf(&s)
	s.Files = append(slices.Clone(s.Files), unlisted(s)...)
	for i := range s.Files {
		f := &s.Files[i]
		f.Holders = nonNil(f.Holders)
		f.Waiters = nonNil(slices.Clone(f.Waiters))
		f.Kind = string(kindOf(all, s.Host.Cyrus, *f))
		f.User, f.Mailbox = userOf(all, *f), mailboxOf(all, *f)
		block(f)
	}
	s.Files, s.Processes, s.Gaps = nonNil(s.Files), nonNil(s.Processes), nonNil(s.Gaps)
	return s
}

// withRoles copies processes and fills in the roles of their frames.
func withRoles(processes []evidence.Process) []evidence.Process {
	threads, frames := 0, 0
	for _, p := range processes {
		threads += len(p.Threads)
		for _, t := range p.Threads {
			frames += len(t.Frames)
		}
	}
	// One piece of memory for all: thousands of small ones take longer to get.
	allThreads, allFrames := make([]evidence.Thread, 0, threads), make([]evidence.Frame, 0, frames)
	processes = slices.Clone(processes)
	for i := range processes {
		p := &processes[i]
		begin := len(allThreads)
		allThreads = append(allThreads, p.Threads...)
		if p.Threads != nil {
			p.Threads = slices.Clip(allThreads[begin:])
		}
		for j := range p.Threads {
			t := &p.Threads[j]
			begin := len(allFrames)
			allFrames = append(allFrames, t.Frames...)
			if t.Frames != nil {
				t.Frames = slices.Clip(allFrames[begin:])
			}
			for k := range t.Frames {
				t.Frames[k].Role = roleOf(t.Frames[k])
			}
		}
	}
	return processes
}

// nonNil makes an empty list [] in JSON: a reader need not expect null.
func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// kindOf: the path decides; where it says nothing, the stack of a waiter does.
func kindOf(all people, c evidence.Cyrus, f evidence.File) Kind {
	if k := kindOfPath(f.Path, c); k != Other {
		return k
	}
	for _, w := range f.Waiters {
		if p := all[w.PID]; p != nil {
			if k := kindOfStack(lockFrames(p, w.TID)); k != Other {
				return k
			}
		}
	}
	if f.Path == "" && allAtRest(all, f) {
		return Accept
	}
	return Other
}

// allAtRest: workers of one service, none of which serves anybody, queue for a
// file without a readable name. That is how an ordinary user sees an accept lock.
func allAtRest(all people, f evidence.File) bool {
	name := ""
	atRest := func(pid int) bool {
		p := all[pid]
		if p == nil || !p.Cyrus || p.User != "" || p.Mailbox != "" || p.Client != "" || name != "" && program(*p) != name {
			return false
		}
		name = program(*p)
		return true
	}
	return len(f.Waiters) > 0 &&
		!slices.ContainsFunc(f.Holders, func(h evidence.Holder) bool { return !atRest(h.PID) }) &&
		!slices.ContainsFunc(f.Waiters, func(w evidence.Waiter) bool { return !atRest(w.PID) })
}

// lockFrames are the thread's frames if its stack shows a lock call.
func lockFrames(p *evidence.Process, tid int) []evidence.Frame {
	for _, t := range p.Threads {
		if t.TID == tid {
			if _, ok := hasRole(t.Frames, RoleLockCall, RoleLockReopen, RoleLock); ok {
				return t.Frames
			}
		}
	}
	return nil
}

// block finds out who keeps each waiter of a file waiting. Those who want the same
// and hold nothing of it wait for the same: they share one list.
func block(f *evidence.File) {
	type want struct {
		mode, lock string
		start, end uint64
	}
	holds := map[int]bool{}
	for _, h := range f.Holders {
		holds[h.PID] = true
	}
	known := map[want][]int{}
	for i := range f.Waiters {
		w := &f.Waiters[i]
		k := want{w.Mode, w.Lock, w.Start, w.End}
		if holds[w.PID] {
			w.BlockedBy = blockers(*w, f.Holders)
			continue
		}
		by, ok := known[k]
		if !ok {
			by = slices.Clip(blockers(*w, f.Holders))
			known[k] = by
		}
		w.BlockedBy = by
	}
}

// blockers lists whose lock keeps w waiting, each pid once. Whether two locks
// conflict is the kernel's rule (fs/locks.c, flock_locks_conflict and
// posix_locks_conflict): not the same owner, at least one exclusive, and for
// fcntl overlapping ranges. The owner of a flock or OFD lock is the open file
// description, that of a POSIX lock is the process.
func blockers(w evidence.Waiter, holders []evidence.Holder) []int {
	own := map[int]bool{} // descriptions that the waiter itself holds
	for _, h := range holders {
		if h.PID == w.PID && h.FD == w.FD && h.Description != 0 {
			own[h.Description] = true
		}
	}
	pids := []int{}
	for _, h := range holders {
		switch {
		case h.Mode == evidence.Read && w.Mode == evidence.Read:
		case w.Lock != evidence.Flock && !overlap(w, h):
		case sameOwner(w, h) || own[h.Description]:
		case !slices.Contains(pids, h.PID):
			pids = append(pids, h.PID)
		}
	}
	return pids
}

func sameOwner(w evidence.Waiter, h evidence.Holder) bool {
	if w.PID != h.PID {
		return false
	}
	if w.Lock == evidence.Posix && h.Lock == evidence.Posix {
		return true
	}
	return w.FD == h.FD && w.Lock == h.Lock
}

func overlap(w evidence.Waiter, h evidence.Holder) bool {
	end := func(e uint64) uint64 {
		if e == 0 {
			return 1<<64 - 1
		}
		return e
	}
	return w.Start <= end(h.End) && h.Start <= end(w.End)
}

// unlisted makes waiters of threads that only their stack shows in a lock call.
// The file is known by what lock_reopen was given, as a person reads it.
func unlisted(s evidence.Snapshot) []evidence.File {
	listed := map[[2]int]bool{}
	for _, f := range s.Files {
		for _, w := range f.Waiters {
			listed[[2]int{w.PID, w.TID}] = true
		}
	}
	var files []evidence.File
	place := map[[2]string]int{} // in files, by path and kind of lock
	for _, p := range s.Processes {
		for _, t := range p.Threads {
			if t.Syscall != "" {
				continue // a system call that was read says more than the frames
			}
			name, fd, ok := fileArg(t.Frames)
			if !ok || listed[[2]int{p.PID, t.TID}] {
				continue
			}
			w := evidence.Waiter{PID: p.PID, TID: t.TID, FD: fd, Mode: evidence.Write, Lock: lockOfCall(t.Frames), SinceS: t.SinceS, SinceHow: t.SinceHow}
			at, ok := place[[2]string{name, w.Lock}]
			if !ok {
				at = len(files)
				place[[2]string{name, w.Lock}] = at
				files = append(files, evidence.File{Path: name, Lock: w.Lock})
			}
			files[at].Waiters = append(files[at].Waiters, w)
		}
	}
	return files
}

var quoted = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)

// fileArg reads the file and the descriptor off the innermost Cyrus lock frame,
// provided that the thread sleeps in a lock call above it.
func fileArg(frames []evidence.Frame) (name string, fd int, ok bool) {
	for i, f := range frames {
		if f.Role != RoleLockReopen && f.Role != RoleLock {
			continue
		}
		if _, in := hasRole(frames[:i], RoleLockCall); !in {
			return "", -1, false
		}
		fd = -1
		for _, a := range f.Args {
			switch a.Name {
			case "fd":
				fd = number(a.Value)
			case "filename":
				if m := quoted.FindStringSubmatch(a.Value); m != nil {
					name = path.Clean(m[1])
				}
			}
		}
		return name, fd, name != ""
	}
	return "", -1, false
}

func lockOfCall(frames []evidence.Frame) string {
	f, _ := hasRole(frames, RoleLockCall)
	if strings.Contains(f.Func, "flock") {
		return evidence.Flock
	}
	return evidence.Posix
}

// number reads a small decimal; -1 for anything else, such as <optimized out>.
func number(s string) int {
	if s == "" || len(s) > 9 {
		return -1
	}
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}
