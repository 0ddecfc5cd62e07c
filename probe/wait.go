package probe

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"cyrlock/evidence"
)

// A waiter is a thread known to wait for a certain lock.
type waiter struct {
	pid, tid int
	fd       int // -1: not known
	line     lockLine
	file     opened
	sinceS   float64
	timed    bool // the scheduler told sinceS
	watched  bool // sinceS is a lower bound
	place    int
	depth    int  // in the table's tree of waiters; 0: not there
	polls    bool // it is not in a lock call but sleeps between tries
}

// queue brings together what the sieve and the lock table know of waiters.
func (l *look) queue(ctx context.Context) {
	// Who began to wait since is in the queue now.
	if l.table.reads > 0 { // else it cannot be read, which is told already
		if _, err := l.table.read(l.reader()); err != nil {
			l.gaps.add(0, evidence.LockTable, err.Error())
		}
	}
	l.waiters = make(map[lockKey][]*waiter)
	still := make(map[watch]bool)
	for pid, p := range l.processes {
		for _, b := range p.blocked {
			l.enqueue(pid, b, still)
		}
	}
	l.tableOnly(ctx, still)
	l.machine.forget(still)
	l.dropStrangers()
	for key, queue := range l.waiters {
		l.keys[key], l.inodes[key.inode] = true, true
		for _, w := range queue {
			if w.place > 0 {
				w.depth = l.table.files[key].queue[w.place-1].depth
			}
		}
		slices.SortFunc(queue, func(a, b *waiter) int {
			if (a.place == 0) != (b.place == 0) { // those the table does not show come last
				return cmp.Compare(b.place, a.place)
			}
			return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(b.sinceS, a.sinceS), cmp.Compare(a.tid, b.tid))
		})
	}
}

// dropStrangers leaves out files that only processes wait for which cannot be
// seen from here: the table names neither them nor the file.
func (l *look) dropStrangers() {
	files, all := 0, 0
	for key, queue := range l.waiters {
		if !slices.ContainsFunc(queue, func(w *waiter) bool { return w.pid != 0 }) {
			files, all = files+1, all+len(queue)
			delete(l.waiters, key)
		}
	}
	if files > 0 {
		l.gaps.add(0, "waiters", fmt.Sprintf("%d that wait for locks on %d files are out of sight: run as root, outside of any container", all, files))
	}
}

// enqueue adds a thread that was seen in its lock call.
func (l *look) enqueue(pid int, b blocked, still map[watch]bool) {
	w := &waiter{pid: pid, tid: b.tid, fd: b.want.fd, file: b.file}
	w.line = lockLine{inode: b.file.inode, kind: b.want.kind, mode: b.want.mode, start: b.want.start, end: b.want.end, pid: pid}
	if !b.file.known {
		// Its descriptor could not be read; the table may know what it waits for.
		line, ok := l.table.waitOf(pid, b.want.kind)
		if !ok {
			if !vanished(b.err) {
				l.gaps.add(pid, "lock", fmt.Sprintf("thread %d waits for a lock on a file that could not be read: %v", b.tid, b.err))
			}
			return
		}
		w.line = line
	}
	key := w.line.key()
	f := l.table.files[key]
	owner := w.owner()
	w.place = f.place(owner, l.queued(key, owner))
	if !b.exact {
		if w.place > 0 {
			line := f.queue[w.place-1]
			w.line.mode, w.line.start, w.line.end = line.mode, line.start, line.end
		} else if w.line.mode == "" {
			w.line.mode = evidence.Write // the likelier, and the safer to assume
		}
	}
	if w.sinceS, w.timed = l.clock.since(b.last); !w.timed {
		mark := watch{pid, b.tid, b.begin, key}
		still[mark] = true
		w.sinceS, w.watched = l.machine.remember(mark, b.ran, time.Now()).Seconds(), true
	}
	l.waiters[key] = append(l.waiters[key], w)
}

// tableOnly adds the waiters that only the lock table shows: their system calls
// may not be read, or they are kernel threads. A line that matches no thread and
// is gone from the next reading was a wait that ended.
func (l *look) tableOnly(ctx context.Context, still map[watch]bool) {
	missing := l.missing()
	if len(missing) == 0 {
		return
	}
	var again []int
	for _, line := range missing {
		if p := l.processes[line.pid]; p != nil && p.err == nil {
			again = append(again, line.pid)
		}
	}
	if again = l.living(again); len(again) > 0 {
		// They may have begun to wait after they were looked at.
		for pid, p := range l.sieve(ctx, again) {
			old := l.processes[pid]
			for _, b := range p.blocked {
				if !slices.ContainsFunc(old.blocked, func(o blocked) bool { return o.tid == b.tid }) {
					old.blocked = append(old.blocked, b)
					l.enqueue(pid, b, still)
				}
			}
		}
		missing = l.missing()
		if t, err := readTable(l.reader()); err == nil {
			now := make(map[lockLine]bool)
			for _, f := range t.files {
				for _, line := range f.queue {
					line.depth = 0
					now[line] = true
				}
			}
			missing = slices.DeleteFunc(missing, func(line lockLine) bool {
				line.depth = 0
				return !now[line]
			})
		}
	}
	for _, line := range missing {
		key := line.key()
		pid := max(line.pid, 0) // a process that nobody can name
		w := &waiter{pid: pid, tid: pid, fd: -1, line: line, place: l.table.files[key].place(line.pid, l.queued(key, line.pid))}
		l.clockOf(w, key, still)
		l.waiters[key] = append(l.waiters[key], w)
	}
}

// owner is the pid that the lock table shows for a waiter.
func (w *waiter) owner() int {
	if w.line.kind == evidence.OFD {
		return -1
	}
	return w.line.pid
}

// queued counts the waiters found so far that the table shows under one pid.
func (l *look) queued(key lockKey, owner int) (n int) {
	for _, w := range l.waiters[key] {
		if w.owner() == owner {
			n++
		}
	}
	return n
}

// clockOf finds the wait time of a process that may not be read otherwise: sched,
// stat and status are open to everybody.
func (l *look) clockOf(w *waiter, key lockKey, still map[watch]bool) {
	r := l.reader()
	p := l.processes[w.pid]
	if p != nil && p.threads == 1 {
		last := r.lastRun(w.pid, w.pid)
		last.cpu = p.cpu
		if w.sinceS, w.timed = l.clock.since(last); w.timed {
			return
		}
	}
	mark := watch{pid: w.pid, tid: w.pid, key: key}
	var ran uint64
	if p != nil {
		mark.begin = p.start
		if b, err := r.read(w.pid, 0, "status"); err == nil {
			s, _ := parseStatus(b)
			ran = s.ran
		}
	}
	still[mark] = true
	w.sinceS, w.watched = l.machine.remember(mark, ran, time.Now()).Seconds(), true
}

// missing are the waiters of the table that no thread was found for.
func (l *look) missing() []lockLine {
	var lines []lockLine
	for key, f := range l.table.files {
		if len(f.queue) == 0 {
			continue
		}
		found := make(map[int]int)
		for _, w := range l.waiters[key] {
			found[w.owner()]++
		}
		for _, line := range f.queue {
			if found[line.pid]--; found[line.pid] < 0 {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// waitOf is the only lock of a kind that the table shows a process waiting for.
func (t *table) waitOf(pid int, kind string) (found lockLine, ok bool) {
	for _, f := range t.files {
		for _, line := range f.queue {
			if line.pid == pid && line.kind == kind {
				if ok {
					return lockLine{}, false
				}
				found, ok = line, true
			}
		}
	}
	return found, ok
}

func (w *waiter) evidence() evidence.Waiter {
	out := evidence.Waiter{PID: w.pid, TID: w.tid, FD: w.fd, Mode: w.line.mode, Lock: w.line.kind,
		Start: w.line.start, End: w.line.end, SinceS: w.sinceS, SinceHow: "sched", Queue: w.place, Depth: w.depth, Polls: w.polls, BlockedBy: []int{}}
	if w.watched {
		out.SinceHow = "at least"
	}
	return out
}
