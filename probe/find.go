package probe

import (
	"context"
	"slices"

	"golang.org/x/sys/unix"
)

// find looks for descriptors in some processes and adds them to what is known.
func (l *look) find(ctx context.Context, pids []int, want wanted) {
	type answer struct {
		hits []hit
		err  error
	}
	silent := ask(ctx, l.crew, pids, func(r *reader, pid int) answer {
		hits, err := l.scan(r, pid, want)
		return answer{hits, err}
	}, func(pid int, a answer) {
		for _, h := range a.hits {
			l.hits[[2]int{h.pid, h.fd}] = h
		}
		if a.err != nil {
			l.refused[pid] = l.refused[pid] || denied(a.err)
			l.gaps.failed(pid, "descriptors", a.err)
		}
	})
	for _, pid := range silent {
		l.refused[pid] = true
	}
	l.gaps.silent("descriptors", silent, l.crew.limit)
}

// findHolders looks for the descriptors that hold the wanted locks, in the
// processes that the lock table names and in their children, which may have
// inherited them; and where that does not account for every lock, in all.
func (l *look) findHolders(ctx context.Context) {
	names := l.names()
	var pids []int
	for key, f := range l.table.files {
		if l.keys[key] || l.focus != nil {
			pids = append(pids, f.owners()...)
		}
		if l.keys[key] && key.flock {
			pids = append(pids, l.descendants(f.owners())...)
		}
	}
	for _, pid := range pids {
		if l.processes[pid] == nil && !l.dead(pid) {
			l.gaps.failed(pid, "descriptors", unix.EACCES) // hidepid: it is there, but not in /proc
		}
	}
	l.find(ctx, l.living(pids), wanted{names: names})
	l.addFocus(ctx)

	var unnamed []int // their file has another name, or none that could be read
	for key := range l.keys {
		for line := range l.held(key) {
			if line.pid > 0 && !l.accounted(line) {
				unnamed = append(unnamed, line.pid)
			}
		}
	}
	if unnamed = l.living(unnamed); len(unnamed) > 0 {
		l.find(ctx, unnamed, wanted{all: true})
	}
	if !l.query.Openers && !l.unaccounted() {
		return
	}
	want := wanted{names: l.names()}
	l.linkCounts(ctx)
	want.inodes = l.linked()
	l.find(ctx, l.everyone, want)
	l.addFocus(ctx)
	if first := want.inodes; first == nil {
		// The scan itself may have found the file that has other names.
		l.linkCounts(ctx)
		if want.inodes = l.linked(); want.inodes != nil {
			l.find(ctx, l.everyone, want)
		}
	}
}

// held are the lines of the table that say who has the lock.
func (l *look) held(key lockKey) map[lockLine]bool {
	if f := l.table.files[key]; f != nil {
		return f.held
	}
	return nil
}

// accounted says that a descriptor was found for a lock of the table, or that
// it cannot be found because its process may not be read.
func (l *look) accounted(line lockLine) bool {
	if line.pid > 0 && l.refused[line.pid] {
		return true
	}
	return l.holding(line)
}

func (l *look) holding(line lockLine) bool {
	for _, h := range l.hits {
		if slices.Contains(h.info.locks, line) {
			return true
		}
	}
	return false
}

// brief is how long a wait may be for nobody to look for its holder in every
// process of the machine: on a busy server there is always one.
const brief = 0.1 // seconds

// unaccounted says that somebody has waited for a while, and that who holds the
// lock is not certain: the table names nobody, or a process that is gone or does
// not have it.
func (l *look) unaccounted() bool {
	for key := range l.keys {
		if !l.waitsLong(key) {
			continue
		}
		found := false
		for line := range l.held(key) {
			found = true
			// A lock that changes hands all the time leaves many owners behind.
			if line.pid != 0 && !l.accounted(line) && l.still(line) {
				return true
			}
		}
		if !found && !l.anyHolder(key) {
			return true
		}
	}
	return false
}

func (l *look) waitsLong(key lockKey) bool {
	for _, w := range l.waiters[key] {
		if w.sinceS >= brief || !w.timed {
			return true
		}
	}
	return false
}

func (l *look) anyHolder(key lockKey) bool {
	for _, h := range l.hits {
		for _, line := range h.info.locks {
			if line.key() == key {
				return true
			}
		}
	}
	return false
}

// names are the last parts of the paths of all wanted files.
func (l *look) names() map[string]bool {
	names := make(map[string]bool)
	for _, queue := range l.waiters {
		for _, w := range queue {
			if w.file.path != "" {
				names[string(base([]byte(w.file.path)))] = true
			}
		}
	}
	for _, h := range l.hits {
		if l.inodes[h.inode] {
			names[string(base([]byte(h.path)))] = true
		}
	}
	if l.focus != nil {
		for name := range l.focus.names {
			names[name] = true
		}
	}
	return names
}

// descendants are the children of processes, and theirs.
func (l *look) descendants(pids []int) []int {
	if l.children == nil {
		l.children = make(map[int][]int)
		for pid, p := range l.processes {
			l.children[p.ppid] = append(l.children[p.ppid], pid)
		}
	}
	var all []int
	seen := make(map[int]bool)
	for todo := slices.Clone(pids); len(todo) > 0; {
		pid := todo[0]
		todo = todo[1:]
		for _, child := range l.children[pid] {
			if !seen[child] {
				seen[child] = true
				all, todo = append(all, child), append(todo, child)
			}
		}
	}
	return all
}

// living sorts pids, each once, without those that are gone.
func (l *look) living(pids []int) []int {
	slices.Sort(pids)
	return slices.DeleteFunc(slices.Compact(pids), func(pid int) bool { return l.processes[pid] == nil })
}

// linkCounts asks, once for each wanted inode, how many names it has.
func (l *look) linkCounts(ctx context.Context) {
	at := make(map[int]inode)
	fds := make(map[int]int)
	var pids []int
	for _, h := range l.hits {
		_, asked := l.links[h.inode]
		if asked || !l.inodes[h.inode] || h.mount.Remote() || fds[h.pid] != 0 {
			continue
		}
		at[h.pid], fds[h.pid] = h.inode, h.fd
		l.links[h.inode] = -1
		pids = append(pids, h.pid)
	}
	ask(ctx, l.crew, pids, func(r *reader, pid int) int {
		st, err := r.statx(pid, entry("fd", fds[pid]), unix.STATX_NLINK)
		if err != nil {
			return -1
		}
		return int(st.Nlink)
	}, func(pid, n int) { l.links[at[pid]] = n })
}

// linked are the wanted inodes that have other names as well; nil: none.
func (l *look) linked() map[inode]bool {
	var found map[inode]bool
	for id, n := range l.links {
		if n > 1 {
			if found == nil {
				found = make(map[inode]bool)
			}
			found[id] = true
		}
	}
	return found
}
