package probe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
	"cyrlock/probe/tally"
)

// files puts together what is known of every file that somebody waits for, and
// of those of the focus.
func (l *look) files(ctx context.Context) []evidence.File {
	l.linkCounts(ctx)
	byInode := make(map[inode][]hit)
	for _, h := range l.hits {
		if l.inodes[h.inode] {
			byInode[h.inode] = append(byInode[h.inode], h)
		}
	}
	for _, hits := range byInode {
		slices.SortFunc(hits, func(a, b hit) int { return cmp.Or(cmp.Compare(a.pid, b.pid), cmp.Compare(a.fd, b.fd)) })
	}
	var files []evidence.File
	locked := make(map[inode]bool)
	for key := range l.keys {
		files = append(files, l.file(key, byInode[key.inode]))
		locked[key.inode] = true
	}
	for id := range l.inodes {
		if !locked[id] {
			f := l.file(lockKey{inode: id}, byInode[id])
			f.Lock = "" // nobody has or wants one
			files = append(files, f)
		}
	}
	slices.SortFunc(files, func(a, b evidence.File) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Dev, b.Dev), cmp.Compare(a.Ino, b.Ino), cmp.Compare(a.Lock, b.Lock))
	})
	replaced(files)
	if l.query.Openers {
		l.openers(files, byInode)
	}
	return files
}

func (l *look) file(key lockKey, hits []hit) evidence.File {
	f := evidence.File{Dev: key.dev(), Ino: key.ino, Reads: l.table.reads, Holders: []evidence.Holder{}, Waiters: []evidence.Waiter{}}
	if t := l.table.files[key]; t != nil {
		f.HolderSeen = t.present
	}
	kinds := make(map[string]bool)
	gone := true // every name that was seen is
	name := func(o opened) {
		if o.path == "" {
			return
		}
		if f.Path == "" || gone && !o.deleted {
			f.Path = o.path
		}
		f.FS = cmp.Or(f.FS, o.mount.FS)
		gone = gone && o.deleted
	}
	for _, h := range hits {
		name(h.opened)
	}
	for _, w := range l.waiters[key] {
		name(w.file)
		kinds[w.line.kind] = true
		f.Waiters = append(f.Waiters, w.evidence())
	}
	f.Deleted = f.Path != "" && gone && l.links[key.inode] <= 0
	f.Holders = l.holders(key, hits)
	for _, h := range f.Holders {
		kinds[h.Lock] = true
	}
	descriptions(f.Holders, l.sheet, l.crew.limit)
	f.Lock = key.lockName(kinds)
	return f
}

// holders are the descriptors whose fdinfo shows the lock, then what only the
// table knows.
func (l *look) holders(key lockKey, hits []hit) []evidence.Holder {
	out := []evidence.Holder{}
	shown := make(map[lockLine]bool)
	for _, h := range hits {
		for _, line := range h.info.locks {
			if line.key() != key {
				continue
			}
			shown[line] = true
			holder := evidence.Holder{PID: h.pid, FD: h.fd, Mode: line.mode, Lock: line.kind, Start: line.start, End: line.end, How: "fdinfo"}
			if line.pid > 0 {
				holder.Locker, holder.LockerDead = line.pid, l.dead(line.pid)
			}
			out = append(out, holder)
		}
	}
	for line := range l.held(key) {
		if shown[line] {
			continue
		}
		holder := evidence.Holder{PID: max(line.pid, 0), FD: -1, Mode: line.mode, Lock: line.kind, Start: line.start, End: line.end, How: "lock table"}
		if line.pid > 0 {
			holder.Locker, holder.LockerDead = line.pid, l.dead(line.pid)
			if holder.LockerDead {
				holder.PID = 0 // whoever has it now is out of sight
			} else if !l.refused[line.pid] && !l.still(line) {
				continue // it let go while the look went on
			}
		} else if !l.still(line) {
			continue
		}
		out = append(out, holder)
	}
	slices.SortStableFunc(out, func(a, b evidence.Holder) int { return cmp.Or(cmp.Compare(a.PID, b.PID), cmp.Compare(a.FD, b.FD)) })
	return out
}

// dead says that a process is gone. Signal 0 is none (kill(2)), and it is told
// of processes, too, that /proc hides from this user (hidepid).
func (l *look) dead(pid int) bool {
	if l.processes[pid] != nil || l.crew.mute[pid] {
		return false
	}
	line := l.sheet.Count(tally.Call, []byte("kill(2) with no signal"), 1)
	return errors.Is(line.Check(unix.Kill(pid, 0)), unix.ESRCH)
}

// still says that a lock is in the table now, or that this cannot be told.
func (l *look) still(line lockLine) bool {
	if l.later == nil {
		t, err := readTable(l.reader())
		if err != nil {
			return true
		}
		l.later = t
	}
	f := l.later.files[line.key()]
	return f != nil && f.held[line]
}

// replaced marks the files whose name leads to another inode by now.
func replaced(files []evidence.File) {
	for i := range files {
		for j := range files {
			a, b := &files[i], &files[j]
			if a.Path != "" && a.Path == b.Path && a.Dev == b.Dev && a.Ino != b.Ino && a.Deleted && !b.Deleted {
				a.Replaced = true
			}
		}
	}
}

// openers adds who else has a file open, once for each inode: those of the focus,
// if there is one.
func (l *look) openers(files []evidence.File, byInode map[inode][]hit) {
	done := make(map[inode]bool)
	for i := range files {
		f := &files[i]
		id, _ := parseInode(f.Dev + ":" + strconv.FormatUint(f.Ino, 10))
		if done[id] || l.focus != nil && !l.focus.found[id] {
			continue
		}
		done[id] = true
		involved := make(map[[2]int]bool)
		for _, other := range files {
			if other.Dev != f.Dev || other.Ino != f.Ino {
				continue
			}
			for _, h := range other.Holders {
				involved[[2]int{h.PID, h.FD}] = true
			}
			for _, w := range other.Waiters {
				involved[[2]int{w.PID, w.FD}] = true
			}
		}
		for _, h := range byInode[id] {
			if !involved[[2]int{h.pid, h.fd}] {
				f.Open = append(f.Open, evidence.Opener{PID: h.pid, FD: h.fd, Deleted: h.deleted, Ino: h.ino})
			}
		}
	}
}

// involved are the processes that belong in the snapshot, ascending, and the
// holders that most wait for.
func (l *look) involved(files []evidence.File) (pids, first []int) {
	behind := make(map[int]int)
	for _, f := range files {
		for _, h := range f.Holders {
			pids = append(pids, h.PID)
			behind[h.PID] += len(f.Waiters)
		}
		for _, w := range f.Waiters {
			pids = append(pids, w.PID)
		}
		for _, o := range f.Open {
			pids = append(pids, o.PID)
		}
	}
	for pid := range behind {
		if pid > 0 {
			first = append(first, pid)
		}
	}
	slices.SortFunc(first, func(a, b int) int { return cmp.Or(cmp.Compare(behind[b], behind[a]), cmp.Compare(a, b)) })
	return l.living(pids), first
}

// mostOpeners bounds of how many processes that merely have a file open the
// stacks are taken.
const mostOpeners = 100

// traceable are the processes whose stacks are taken.
func (l *look) traceable(files []evidence.File, pids []int) []int {
	merely := make(map[int]bool, len(pids))
	for _, pid := range pids {
		merely[pid] = true
	}
	for _, f := range files {
		for _, h := range f.Holders {
			merely[h.PID] = false
		}
		for _, w := range f.Waiters {
			merely[w.PID] = false
		}
	}
	openers := 0
	kept := slices.DeleteFunc(slices.Clone(pids), func(pid int) bool {
		if merely[pid] {
			openers++
		}
		return merely[pid] && openers > mostOpeners
	})
	if openers > mostOpeners && l.tracer != nil {
		l.gaps.add(0, "stacks", fmt.Sprintf("%s processes that merely have the file open were left out: cyrlock stack PID", evidence.Thousands(openers-mostOpeners)))
	}
	return kept
}
