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
	id     string // stays the same from look to look: selection follows it
	kind   nodeKind
	root   int // index into Report.Roots
	pid    int
	place  int               // among those that wait for the same process, from 1
	file   *evidence.File    // fileNode: the file; else what it waits for; nil for most holders
	wait   *evidence.Waiter  // nil: does not wait
	holds  *evidence.File    // what others wait for because of it
	depth  int               // 0 for holders
	lines  [deepest + 1]bool // at which depths a line goes on downwards
	last   bool              // no sibling follows
	more   int               // moreNode: how many it stands for
	behind []diagnose.Node   // who waits behind it
	alike  string            // the id of the moreNode that counts its like
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

// children lists those that wait, in their queue, and below each what waits
// behind it. Of many alike with nobody behind them, most are only counted; the
// count then comes before those that have somebody behind them, lest it be lost.
func (w *walk) children(behind []diagnose.Node, depth int, lines [deepest + 1]bool) {
	rows, counts := w.count(behind, depth)
	if len(counts) > 0 {
		chained := func(n node) bool { return len(n.behind) > 0 }
		slices.SortStableFunc(rows, func(a, b node) int { return cmp.Compare(min(1, len(a.behind)), min(1, len(b.behind))) })
		at := slices.IndexFunc(rows, chained)
		if at < 0 {
			at = len(rows)
		}
		rows = slices.Insert(rows, at, counts...)
	}
	for i, n := range rows {
		n.lines, n.last = lines, i == len(rows)-1
		w.out = append(w.out, n)
		if len(n.behind) > 0 {
			on := lines
			on[min(depth, deepest)] = !n.last
			w.children(n.behind, depth+1, on)
		}
	}
}

// count makes rows of those that wait, and of what is too much alike a number.
func (w *walk) count(behind []diagnose.Node, depth int) (rows, counts []node) {
	alike, place := map[string]int{}, map[string]int{}
	var only []node // of each count, the first
	for i, b := range behind {
		n := node{id: w.id(b.PID), kind: waiterNode, root: w.root, pid: b.PID, file: b.File, wait: b.Wait, depth: depth, place: i + 1, behind: b.Behind}
		if len(b.Behind) > 0 {
			n.holds = b.Behind[0].File
			rows = append(rows, n)
			continue
		}
		n.alike = fmt.Sprintf("%s/%s/%s:%d/%s", w.key, program(w.proc(b.PID)), b.File.Dev, b.File.Ino, b.File.Lock)
		if alike[n.alike]++; alike[n.alike] <= w.few() || w.open[n.alike] || w.all {
			rows = append(rows, n)
			continue
		}
		at, ok := place[n.alike]
		if !ok {
			at = len(counts)
			place[n.alike] = at
			only = append(only, n)
			counts = append(counts, node{id: n.alike, kind: moreNode, root: w.root, pid: n.pid, file: n.file, depth: depth})
		}
		counts[at].more++
	}
	for i := range counts {
		if counts[i].more == 1 { // the number would take the row that it saves
			counts[i] = only[i]
		}
	}
	return rows, counts
}

// program is a process's program: "imapd".
func program(p *evidence.Process) string {
	if p == nil {
		return "process"
	}
	return cmp.Or(baseName(p.Exe), p.Comm, "process")
}
