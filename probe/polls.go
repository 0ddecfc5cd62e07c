package probe

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"cyrlock/evidence"
)

// pollers finds the processes that wait for a lock without being in a lock call:
// patched as the seed does it, lock_reopen tries, sleeps, and tries again. Such
// a process has a file open that somebody else has locked, sleeps on the clock,
// and only its stack tells why. So it needs a tracer.
func (l *look) pollers(ctx context.Context) {
	if l.tracer == nil {
		return
	}
	var naps, workers []int
	master := l.server.Evidence().Master
	for pid, p := range l.processes {
		if len(p.naps) == 0 || p.err != nil {
			continue
		}
		naps = append(naps, pid)
		if master != 0 && p.ppid == master {
			workers = append(workers, pid)
		}
	}
	slices.Sort(naps)
	if names := l.names(); len(names) > 0 {
		l.find(ctx, naps, wanted{names: names})
	}
	if locked := l.locked(); len(workers) > 0 && len(locked) > 0 {
		// Theirs may be a file that nobody waits for in a lock call.
		l.find(ctx, workers, wanted{inodes: locked})
	}
	wants := make(map[int][]hit)
	for _, h := range l.hits {
		if p := l.processes[h.pid]; p != nil && slices.Contains(naps, h.pid) {
			if _, ok := l.contested(h); ok {
				wants[h.pid] = append(wants[h.pid], h)
			}
		}
	}
	var pids []int
	for pid := range wants {
		pids = append(pids, pid)
	}
	pids = l.known(ctx, pids)
	l.threads(ctx, pids)
	l.stacks(ctx, pids)
	for _, pid := range pids {
		l.poller(pid, wants[pid])
	}
}

// locked are the inodes of all locks held on the machine.
func (l *look) locked() map[inode]bool {
	all := make(map[inode]bool)
	for key, f := range l.table.files {
		if len(f.held) > 0 {
			all[key.inode] = true
		}
	}
	return all
}

// contested is the lock that another process holds on a file which this one has
// open and has not locked itself.
func (l *look) contested(h hit) (lockKey, bool) {
	for _, flock := range []bool{true, false} {
		key := lockKey{h.inode, flock}
		for line := range l.held(key) {
			if line.pid == h.pid || slices.Contains(h.info.locks, line) {
				return lockKey{}, false
			}
		}
		if len(l.held(key)) > 0 {
			return key, true
		}
	}
	return lockKey{}, false
}

// poller adds the sleeping threads whose stacks are in Cyrus's lock functions.
func (l *look) poller(pid int, hits []hit) {
	for _, t := range l.people[pid].Threads {
		if !slices.Contains(l.processes[pid].naps, t.TID) {
			continue
		}
		at := slices.IndexFunc(t.Frames, func(f evidence.Frame) bool {
			return strings.HasPrefix(f.Func, "lock_reopen") || f.Func == "lock_setlock" || f.Func == "lock_blocking" || f.Func == "lock_shared"
		})
		if at < 0 {
			continue
		}
		h, ok := theOne(hits, t.Frames[at].Args)
		if !ok {
			continue
		}
		key, _ := l.contested(h)
		w := &waiter{pid: pid, tid: t.TID, fd: h.fd, file: h.opened, sinceS: t.SinceS, watched: true, polls: true}
		w.line = lockLine{inode: h.inode, kind: evidence.Posix, mode: evidence.Write, pid: pid}
		if key.flock {
			w.line.kind = evidence.Flock
		}
		l.waiters[key] = append(l.waiters[key], w)
		l.keys[key], l.inodes[key.inode] = true, true
	}
}

// theOne picks the file that a lock function was called for: by its argument,
// else there must be only one.
func theOne(hits []hit, args []evidence.Arg) (hit, bool) {
	for _, a := range args {
		if a.Name != "fd" {
			continue
		}
		if fd, err := strconv.Atoi(a.Value); err == nil {
			if i := slices.IndexFunc(hits, func(h hit) bool { return h.fd == fd }); i >= 0 {
				return hits[i], true
			}
		}
	}
	if len(hits) == 1 {
		return hits[0], true
	}
	return hit{}, false
}
