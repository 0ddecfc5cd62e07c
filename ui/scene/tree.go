package scene

import (
	"cmp"
	"fmt"
	"slices"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A Node is one row of the tree under a root.
type Node struct {
	ID     string // stays the same from look to look: selection follows it
	Kind   nodeKind
	Root   int // index into Report.Roots
	PID    int
	Place  int               // among those that wait for the same process, from 1
	File   *evidence.File    // fileNode: the file; else what it waits for; nil for most holders
	Wait   *evidence.Waiter  // nil: does not wait
	Holds  *evidence.File    // what others wait for because of it
	Depth  int               // 0 for holders
	Lines  [Deepest + 1]bool // at which depths a line goes on downwards
	Last   bool              // no sibling follows
	More   int               // moreNode: how many it stands for
	behind []diagnose.Node   // who waits behind it
	Alike  string            // the id of the moreNode that counts its like
}

type nodeKind int

const (
	FileNode nodeKind = iota
	HolderNode
	waiterNode
	MoreNode
)

const (
	Deepest  = 6 // indentation ends there; chains do not
	together = 3 // of more alike, the rest is counted
)

// A walk lists the rows of one root.
type walk struct {
	*Scene
	root int
	key  string
	open map[string]bool // moreNodes that are unfolded
	all  bool            // nothing is counted
	out  []Node
}

// Nodes are the rows of every root, the first root first.
func Nodes(s *Scene, open map[string]bool, all bool) []Node {
	var out []Node
	for i := range s.Report.Roots {
		root := &s.Report.Roots[i]
		w := &walk{Scene: s, root: i, key: rootKey(root), open: open, all: all}
		w.list(s.Report.Tree(*root))
		out = append(out, w.out...)
	}
	return out
}

// rootKey names a root from look to look.
func rootKey(r *diagnose.Root) string { return fmt.Sprintf("%d %s", r.PID, r.File) }

// list is the file, who holds it, and who waits. Where several hold, those that
// wait stand below the last.
func (w *walk) list(tops []diagnose.Node) {
	root := w.Report.Roots[w.root]
	w.out = append(w.out, Node{ID: w.key, Kind: FileNode, Root: w.root, File: w.file(root.File)})
	circle := root.Class == diagnose.Cycle || root.Class == diagnose.SelfDeadlock
	var behind []diagnose.Node
	for _, top := range tops {
		n := Node{ID: w.id(top.PID), Kind: HolderNode, Root: w.root, PID: top.PID, Holds: w.held(top)}
		if circle {
			n.File, n.Wait = w.wanted(top.PID)
			n.Holds = w.heldAgainst(top.PID, tops)
		}
		w.out = append(w.out, n)
		behind = append(behind, top.Behind...)
	}
	w.children(behind, 1, [Deepest + 1]bool{})
}

// file is the one that others wait for under this path.
func (w *walk) file(path string) *evidence.File {
	for i := range w.Report.Files {
		if f := &w.Report.Files[i]; f.Path == path && Contended(f) {
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
	for i := range w.Report.Files {
		f := &w.Report.Files[i]
		for j := range f.Waiters {
			if f.Waiters[j].PID == pid && Contended(f) {
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
	if p := w.Proc(pid); p != nil {
		start = p.Start
	}
	return fmt.Sprintf("%s/%d.%d", w.key, pid, start)
}

// few is how many alike are rows: with several chains, one stands for all.
func (w *walk) few() int {
	if len(w.Report.Roots) > 1 {
		return 1
	}
	return together
}

// children lists those that wait, in their queue, and below each what waits
// behind it. Of many alike with nobody behind them, most are only counted; the
// count then comes before those that have somebody behind them, lest it be lost.
func (w *walk) children(behind []diagnose.Node, depth int, lines [Deepest + 1]bool) {
	rows, counts := w.count(behind, depth)
	if len(counts) > 0 {
		chained := func(n Node) bool { return len(n.behind) > 0 }
		slices.SortStableFunc(rows, func(a, b Node) int { return cmp.Compare(min(1, len(a.behind)), min(1, len(b.behind))) })
		at := slices.IndexFunc(rows, chained)
		if at < 0 {
			at = len(rows)
		}
		rows = slices.Insert(rows, at, counts...)
	}
	for i, n := range rows {
		n.Lines, n.Last = lines, i == len(rows)-1
		w.out = append(w.out, n)
		if len(n.behind) > 0 {
			on := lines
			on[min(depth, Deepest)] = !n.Last
			w.children(n.behind, depth+1, on)
		}
	}
}

// count makes rows of those that wait, and of what is too much alike a number.
func (w *walk) count(behind []diagnose.Node, depth int) (rows, counts []Node) {
	alike, place := map[string]int{}, map[string]int{}
	var only []Node // of each count, the first
	for i, b := range behind {
		n := Node{ID: w.id(b.PID), Kind: waiterNode, Root: w.root, PID: b.PID, File: b.File, Wait: b.Wait, Depth: depth, Place: i + 1, behind: b.Behind}
		if len(b.Behind) > 0 {
			n.Holds = b.Behind[0].File
			rows = append(rows, n)
			continue
		}
		n.Alike = fmt.Sprintf("%s/%s/%s:%d/%s", w.key, Program(w.Proc(b.PID)), b.File.Dev, b.File.Ino, b.File.Lock)
		if alike[n.Alike]++; alike[n.Alike] <= w.few() || w.open[n.Alike] || w.all {
			rows = append(rows, n)
			continue
		}
		at, ok := place[n.Alike]
		if !ok {
			at = len(counts)
			place[n.Alike] = at
			only = append(only, n)
			counts = append(counts, Node{ID: n.Alike, Kind: MoreNode, Root: w.root, PID: n.PID, File: n.File, Depth: depth})
		}
		counts[at].More++
	}
	for i := range counts {
		if counts[i].More == 1 { // the number would take the row that it saves
			counts[i] = only[i]
		}
	}
	return rows, counts
}

// Program is a process's program: "imapd".
func Program(p *evidence.Process) string {
	if p == nil {
		return "process"
	}
	return cmp.Or(baseName(p.Exe), p.Comm, "process")
}
