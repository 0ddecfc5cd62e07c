package ui

import (
	"fmt"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A node is one row of the tree under a root.
type node struct {
	id    string // stays the same from look to look: selection follows it
	kind  nodeKind
	root  int // index into Report.Roots
	pid   int
	place int               // among those that wait for the same thing, from 1
	file  *evidence.File    // fileNode: the file; else what it waits for; nil for most holders
	wait  *evidence.Waiter  // nil: does not wait
	holds *evidence.File    // another file that others wait for because of it
	depth int               // 0 for holders
	lines [deepest + 1]bool // at which depths a line goes on downwards
	last  bool              // no sibling follows
	more  int               // moreNode: how many it stands for
	of    string            // moreNode: program
	alike string            // the id of the moreNode that counts its like
}

type nodeKind int

const (
	fileNode nodeKind = iota
	holderNode
	waiterNode
	moreNode
)

const (
	deepest  = 6 // indentation ends there; chains do not
	together = 3 // of so many alike, the rest is counted
)

// A blocked is one thread that waits for one file.
type blocked struct {
	file *evidence.File
	wait *evidence.Waiter
}

// A forest knows who waits behind whom.
type forest struct {
	r      *diagnose.Report
	behind map[int][]blocked // by the pid that blocks; 0: nobody visible
	procs  map[int]*evidence.Process
	open   map[string]bool // moreNodes that are unfolded
}

func newForest(r *diagnose.Report, open map[string]bool) *forest {
	f := &forest{r: r, behind: map[int][]blocked{}, procs: map[int]*evidence.Process{}, open: open}
	for i := range r.Processes {
		f.procs[r.Processes[i].PID] = &r.Processes[i]
	}
	for i := range r.Files {
		file := &r.Files[i]
		if file.Kind == string(diagnose.Accept) {
			continue
		}
		for j := range file.Waiters {
			b := blocked{file, &file.Waiters[j]}
			for _, pid := range b.wait.BlockedBy {
				f.behind[pid] = append(f.behind[pid], b)
			}
			if len(b.wait.BlockedBy) == 0 {
				f.behind[0] = append(f.behind[0], b)
			}
		}
	}
	return f
}

// nodes are the rows of every root, the first root first.
func (f *forest) nodes() []node {
	var out []node
	for i := range f.r.Roots {
		out = append(out, f.root(i)...)
	}
	return out
}

func (f *forest) root(i int) []node {
	root := &f.r.Roots[i]
	members := root.Members
	if len(members) == 0 {
		members = []int{root.PID}
	}
	key := rootKey(root)
	w := &walk{forest: f, root: i, key: key, done: map[int]bool{}}
	w.out = append(w.out, node{id: key, kind: fileNode, root: i, file: f.file(root.File)})
	for _, pid := range members {
		w.done[pid] = true
	}
	var behind []blocked
	for _, pid := range members {
		n := node{id: w.id(pid), kind: holderNode, root: i, pid: pid}
		for _, b := range f.behind[pid] {
			if pid == 0 && b.file.Path != root.File {
				continue // nobody is many: each file without a holder has its own root
			}
			behind = append(behind, b)
			if n.holds == nil || b.file.Path == root.File {
				n.holds = b.file
			}
		}
		n.file, n.wait = f.waitsFor(pid, members)
		w.out = append(w.out, n)
	}
	w.children(behind, 1, [deepest + 1]bool{})
	return w.out
}

// rootKey names a root from look to look.
func rootKey(r *diagnose.Root) string { return fmt.Sprintf("%d %s", r.PID, r.File) }

func (f *forest) file(path string) *evidence.File {
	for i := range f.r.Files {
		if f.r.Files[i].Path == path && len(f.r.Files[i].Waiters) > 0 {
			return &f.r.Files[i]
		}
	}
	return nil
}

// waitsFor finds what a member of a circle wants of the others.
func (f *forest) waitsFor(pid int, members []int) (*evidence.File, *evidence.Waiter) {
	for _, m := range members {
		for _, b := range f.behind[m] {
			if b.wait.PID == pid {
				return b.file, b.wait
			}
		}
	}
	return nil, nil
}

// A walk lists what is under one root, each process once.
type walk struct {
	*forest
	root int
	key  string
	done map[int]bool
	out  []node
}

// id names a process within a root: pid and start, for pids come back.
func (w *walk) id(pid int) string {
	start := uint64(0)
	if p := w.procs[pid]; p != nil {
		start = p.Start
	}
	return fmt.Sprintf("%s/%d.%d", w.key, pid, start)
}

// children lists those that wait, and below each those that wait for it. Of many
// alike with nobody behind them, only the first few are rows.
func (w *walk) children(behind []blocked, depth int, lines [deepest + 1]bool) {
	var rows []node
	counted := map[string]int{} // alike → how many are rows already
	rest := map[string]int{}    // alike → index of its moreNode
	var more []node
	for _, b := range behind {
		pid := b.wait.PID
		if w.done[pid] {
			continue
		}
		w.done[pid] = true
		n := node{id: w.id(pid), kind: waiterNode, root: w.root, pid: pid, file: b.file, wait: b.wait, depth: depth}
		n.place = len(rows) + 1
		if next := w.behind[pid]; len(next) > 0 {
			n.holds = next[0].file
			rows = append(rows, n)
			continue
		}
		alike := fmt.Sprintf("%s/%s/%s:%d/%s", w.key, program(w.procs[pid]), b.file.Dev, b.file.Ino, b.file.Lock)
		if counted[alike]++; counted[alike] <= together || w.open[alike] {
			n.alike = alike
			rows = append(rows, n)
			continue
		}
		i, ok := rest[alike]
		if !ok {
			i = len(more)
			rest[alike] = i
			more = append(more, node{id: alike, kind: moreNode, root: w.root, pid: pid, file: b.file, depth: depth, of: program(w.procs[pid])})
		}
		more[i].more++
	}
	rows = append(rows, more...)
	for i := range rows {
		n := &rows[i]
		n.lines, n.last = lines, i == len(rows)-1
		w.out = append(w.out, *n)
		if n.kind == waiterNode && n.holds != nil {
			below := lines
			below[min(depth, deepest)] = !n.last
			w.children(w.behind[n.pid], depth+1, below)
		}
	}
}
