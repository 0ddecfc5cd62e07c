package probe

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
)

// A focus is what a look was asked about. It is a matter of names only: nothing
// on the mail store is ever asked whether it exists.
type focus struct {
	query evidence.Query
	paths []evidence.SeenPath
	names map[string]bool // last parts of the paths
	found map[inode]bool  // the files themselves, as far as processes have them open
}

// newFocus is nil for a look at everything.
func (l *look) newFocus() (*focus, error) {
	q := l.query
	f := &focus{query: q, names: make(map[string]bool), found: make(map[inode]bool)}
	switch {
	case q.File != "":
		file := q.File
		if !filepath.IsAbs(file) {
			here, err := unix.Getwd() // os.Getwd would stat it
			if err != nil {
				return nil, fmt.Errorf("%s: name it with its full path: %w", file, err)
			}
			file = filepath.Join(here, file)
		}
		f.add(path.Clean(file), "asked for")
	case q.User != "":
		for _, p := range l.server.SeenPaths(q.User) {
			f.add(p.Path, p.How)
		}
		f.names[q.User+".seen"] = true
		if at := strings.LastIndexByte(q.User, '@'); at > 0 {
			f.names[q.User[:at]+".seen"] = true
		}
		f.names["seen.db"] = true // 3.6 and later; whose it is, its processes tell
	default:
		return nil, nil
	}
	return f, nil
}

func (f *focus) add(file, how string) {
	for _, p := range f.paths {
		if p.Path == file {
			return
		}
	}
	f.paths = append(f.paths, evidence.SeenPath{Path: file, How: how})
	f.names[path.Base(file)] = true
}

// addFocus makes the files that the focus stands for wanted, as soon as a
// process was seen to have them open.
func (l *look) addFocus(ctx context.Context) {
	f := l.focus
	if f == nil {
		return
	}
	candidates := make(map[[2]int]opened)
	for at, h := range l.hits {
		if f.names[path.Base(h.path)] {
			candidates[at] = h.opened
		}
	}
	for _, queue := range l.waiters {
		for _, w := range queue {
			if w.file.path != "" && f.names[path.Base(w.file.path)] {
				candidates[[2]int{w.pid, w.fd}] = w.file
			}
		}
	}
	if f.query.File != "" {
		l.focusFile(candidates)
		return
	}
	var pids []int
	for at := range candidates {
		pids = append(pids, at[0])
	}
	l.facts(ctx, pids)
	for at, o := range candidates {
		p := l.people[at[0]]
		if p == nil {
			continue
		}
		if seen, ok := l.server.SeenOf(f.query.User, o.path, p); ok {
			l.want(o.inode)
			f.add(seen.Path, seen.How)
		}
	}
}

// focusFile: the path itself, else one with as many of its last parts as can be
// found. What was asked for may go through a symbolic link, which the kernel has
// resolved when it names the file, and which nobody here will follow. Once it was open
// by that very name there is no such link, and the like of it is another file.
func (l *look) focusFile(candidates map[[2]int]opened) {
	asked := l.focus.paths[0].Path
	best, parts := 0, strings.Count(asked, "/")
	for _, o := range candidates {
		best = max(best, commonTail(asked, o.path))
	}
	if known := l.machine.known(asked, best == parts); best < parts && (known || best < min(2, parts)) {
		return
	}
	for at, o := range candidates {
		if commonTail(asked, o.path) != best {
			continue
		}
		l.want(o.inode)
		if o.path != asked {
			l.focus.add(o.path, fmt.Sprintf("observed: process %d has a file open with the same last %d parts", at[0], best))
		}
	}
}

// commonTail counts the last parts that two paths share.
func commonTail(a, b string) (n int) {
	x, y := strings.Split(strings.Trim(a, "/"), "/"), strings.Split(strings.Trim(b, "/"), "/")
	for n < len(x) && n < len(y) && x[len(x)-1-n] == y[len(y)-1-n] && x[len(x)-1-n] != "" {
		n++
	}
	return n
}

// want makes an inode, and all locks on it, part of what is looked for.
func (l *look) want(id inode) {
	l.inodes[id], l.focus.found[id] = true, true
	for _, flock := range []bool{false, true} {
		if key := (lockKey{id, flock}); l.table.files[key] != nil {
			l.keys[key] = true
		}
	}
	for _, h := range l.hits {
		for _, line := range h.info.locks {
			if line.inode == id {
				l.keys[line.key()] = true
			}
		}
	}
}
