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
	s.Processes = slices.Clone(s.Processes)
	for i := range s.Processes {
		p := &s.Processes[i]
		p.Threads = slices.Clone(p.Threads)
		for j := range p.Threads {
			p.Threads[j].Frames = slices.Clone(p.Threads[j].Frames)
			for k := range p.Threads[j].Frames {
				f := &p.Threads[j].Frames[k]
				f.Role = roleOf(*f)
			}
		}
	}
	s.Files = append(slices.Clone(s.Files), unlisted(s)...)
	for i := range s.Files {
		f := &s.Files[i]
		f.Holders = nonNil(f.Holders)
		f.Waiters = nonNil(slices.Clone(f.Waiters))
		f.Kind = string(kindOf(s, *f))
		f.User, f.Mailbox = userOf(s, *f), mailboxOf(s, *f)
		for j := range f.Waiters {
			f.Waiters[j].BlockedBy = blockers(f.Waiters[j], f.Holders)
		}
	}
	s.Files, s.Processes, s.Gaps = nonNil(s.Files), nonNil(s.Processes), nonNil(s.Gaps)
	return s
}

// nonNil makes an empty list [] in JSON: a reader need not expect null.
func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// kindOf: the path decides; where it says nothing, the stack of a waiter does.
func kindOf(s evidence.Snapshot, f evidence.File) Kind {
	if k := kindOfPath(f.Path, s.Host.Cyrus); k != Other {
		return k
	}
	for _, w := range f.Waiters {
		if p := s.Process(w.PID); p != nil {
			if k := kindOfStack(lockFrames(p, w.TID)); k != Other {
				return k
			}
		}
	}
	if f.Path == "" && allAtRest(s, f) {
		return Accept
	}
	return Other
}

// allAtRest: workers of one service, none of which serves anybody, queue for a
// file without a readable name. That is how an ordinary user sees an accept lock.
func allAtRest(s evidence.Snapshot, f evidence.File) bool {
	name := ""
	atRest := func(pid int) bool {
		p := s.Process(pid)
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
	for _, p := range s.Processes {
		for _, t := range p.Threads {
			name, fd, ok := fileArg(t.Frames)
			if !ok || listed[[2]int{p.PID, t.TID}] || t.Syscall != "" {
				continue // a system call that was read says more than the frames
			}
			w := evidence.Waiter{PID: p.PID, TID: t.TID, FD: fd, Mode: evidence.Write, Lock: lockOfCall(t.Frames), SinceS: t.SinceS, SinceHow: t.SinceHow}
			at := slices.IndexFunc(files, func(f evidence.File) bool { return f.Path == name && f.Lock == w.Lock })
			if at < 0 {
				at = len(files)
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
