package ui

import (
	"cmp"
	"fmt"
	"slices"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A node is one row of the tree under a root.
type node struct {
	id    string // stays the same from look to look: selection follows it
	kind  nodeKind
	root  int // index into Report.Roots
	pid   int
	place int               // among those that wait for the same process, from 1
	file  *evidence.File    // fileNode: the file; else what it waits for; nil for most holders
	wait  *evidence.Waiter  // nil: does not wait
	holds *evidence.File    // what others wait for because of it
	depth int               // 0 for holders
	lines [deepest + 1]bool // at which depths a line goes on downwards
	last  bool              // no sibling follows
	more  int               // moreNode: how many it stands for
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
	together = 3 // of more alike, the rest is counted
)

// A walk lists the rows of one root.
type walk struct {
	*scene
	root int
	key  string
	open map[string]bool // moreNodes that are unfolded
	all  bool            // nothing is counted
	out  []node
}

// nodes are the rows of every root, the first root first.
func nodes(s *scene, open map[string]bool, all bool) []node {
	var out []node
	for i := range s.report.Roots {
		root := &s.report.Roots[i]
		w := &walk{scene: s, root: i, key: rootKey(root), open: open, all: all}
		w.list(s.report.Tree(*root))
		out = append(out, w.out...)
	}
	return out
}

// rootKey names a root from look to look.
func rootKey(r *diagnose.Root) string { return fmt.Sprintf("%d %s", r.PID, r.File) }

// list is the file, who holds it, and who waits. Where several hold, those that
// wait stand below the last.
func (w *walk) list(tops []diagnose.Node) {
	root := w.report.Roots[w.root]
	w.out = append(w.out, node{id: w.key, kind: fileNode, root: w.root, file: w.file(root.File)})
	circle := root.Class == diagnose.Cycle || root.Class == diagnose.SelfDeadlock
	var behind []diagnose.Node
	for _, top := range tops {
		n := node{id: w.id(top.PID), kind: holderNode, root: w.root, pid: top.PID, holds: w.held(top)}
		if circle {
			n.file, n.wait = w.wanted(top.PID)
			n.holds = w.heldAgainst(top.PID, tops)
		}
		w.out = append(w.out, n)
		behind = append(behind, top.Behind...)
	}
	w.children(behind, 1, [deepest + 1]bool{})
}

// file is the one that others wait for under this path.
func (w *walk) file(path string) *evidence.File {
	for i := range w.report.Files {
		if f := &w.report.Files[i]; f.Path == path && contended(f) {
			return f
		}
	}
	return nil
}

// held is what others wait for because of n.
func (w *walk) held(n diagnose.Node) *evidence.File {
	if len(n.Behind) > 0 {
		return n.Behind[0].File
	}
	return nil
}

// wanted is what a member of a circle waits for.
func (w *walk) wanted(pid int) (*evidence.File, *evidence.Waiter) {
	for i := range w.report.Files {
		f := &w.report.Files[i]
		for j := range f.Waiters {
			if f.Waiters[j].PID == pid && contended(f) {
				return f, &f.Waiters[j]
			}
		}
	}
	return nil, nil
}

// heldAgainst is what a member of a circle holds that another member wants.
func (w *walk) heldAgainst(pid int, members []diagnose.Node) *evidence.File {
	for _, m := range members {
		if f, wait := w.wanted(m.PID); wait != nil && slices.Contains(wait.BlockedBy, pid) {
			return f
		}
	}
	return nil
}

// id names a process within a root: pid and start, for pids come back.
func (w *walk) id(pid int) string {
	start := uint64(0)
	if p := w.proc(pid); p != nil {
		start = p.Start
	}
	return fmt.Sprintf("%s/%d.%d", w.key, pid, start)
}

// few is how many alike are rows: with several chains, one stands for all.
func (w *walk) few() int {
	if len(w.report.Roots) > 1 {
		return 1
	}
	return together
}

// children lists those that wait: first those with nobody behind them, of whom
// many alike are counted, then the others, each with what waits behind it.
func (w *walk) children(behind []diagnose.Node, depth int, lines [deepest + 1]bool) {
	var rows, counts, only []node
	var deep []int // places in behind
	alike := map[string]int{}
	count := map[string]int{} // alike → its place in counts
	for i, b := range behind {
		if len(b.Behind) > 0 {
			deep = append(deep, i)
			continue
		}
		n := w.waiter(b, i+1, depth)
		n.alike = fmt.Sprintf("%s/%s/%s:%d/%s", w.key, program(w.proc(b.PID)), b.File.Dev, b.File.Ino, b.File.Lock)
		if alike[n.alike]++; alike[n.alike] <= w.few() || w.open[n.alike] || w.all {
			rows = append(rows, n)
			continue
		}
		at, ok := count[n.alike]
		if !ok {
			at = len(counts)
			count[n.alike] = at
			only = append(only, n)
			counts = append(counts, node{id: n.alike, kind: moreNode, root: w.root, pid: n.pid, file: n.file, depth: depth})
		}
		counts[at].more++
	}
	for i, n := range counts {
		if n.more == 1 { // counting it would take the row that it needs
			n = only[i]
		}
		rows = append(rows, n)
	}
	for i, n := range rows {
		n.lines, n.last = lines, i == len(rows)-1 && len(deep) == 0
		w.out = append(w.out, n)
	}
	for i, at := range deep {
		b := behind[at]
		n := w.waiter(b, at+1, depth)
		n.holds, n.lines, n.last = b.Behind[0].File, lines, i == len(deep)-1
		w.out = append(w.out, n)
		on := lines
		on[min(depth, deepest)] = !n.last
		w.children(b.Behind, depth+1, on)
	}
}

func (w *walk) waiter(b diagnose.Node, place, depth int) node {
	return node{id: w.id(b.PID), kind: waiterNode, root: w.root, pid: b.PID, file: b.File, wait: b.Wait, depth: depth, place: place}
}

// program is a process's program: "imapd".
func program(p *evidence.Process) string {
	if p == nil {
		return "process"
	}
	return cmp.Or(baseName(p.Exe), p.Comm, "process")
}
