package scene

import "slices"

// A Row is one row of the trees as they are shown: folded here, counted there.
type Row struct {
	*Node // of a row that counts: the first of those it stands for
	ID    ID
	Depth int               // 0 for files and holders
	Lines [Deepest + 1]bool // at which depths a line goes on downwards
	Last  bool              // no sibling follows
	More  int               // how many it stands for; 0: itself
	Shut  bool              // what is below is not shown
}

// Folds are what somebody has folded or unfolded.
type Folds struct {
	Open map[ID]bool // rows that count, of which each is shown now
	Shut map[ID]bool // rows whose rows below are hidden
	All  bool        // nothing is only counted: there is room
}

const (
	Deepest  = 6 // indentation ends there; chains do not
	together = 3 // of more alike, the rest is counted
)

// Rows are those of all trees, the first root's first.
func (s *Scene) Rows(f Folds) []Row {
	l := lister{Folds: f, few: together}
	if len(s.Trees) > 1 { // with several chains, one stands for all
		l.few = 1
	}
	for _, tree := range s.Trees {
		row := Row{Node: tree, ID: tree.ID, Shut: f.Shut[tree.ID]}
		l.rows = append(l.rows, row)
		if !row.Shut {
			l.below(tree, 0, row.Lines)
		}
	}
	return l.rows
}

// Everyone counts the rows of all trees where nothing is folded or counted.
func (s *Scene) Everyone() (n int) {
	for _, tree := range s.Trees {
		n += 1 + len(tree.Below) + tree.Behind
	}
	return n
}

// A lister walks the trees.
type lister struct {
	Folds
	few  int
	rows []Row
}

// below lists what is below n.
func (l *lister) below(n *Node, depth int, lines [Deepest + 1]bool) {
	level := l.level(n)
	for i, row := range level {
		row.Depth, row.Lines, row.Last = depth, lines, i == len(level)-1
		row.Shut = row.More == 0 && len(row.Below) > 0 && l.Shut[row.ID]
		l.rows = append(l.rows, row)
		if row.More > 0 || row.Shut {
			continue
		}
		on := lines
		on[min(depth, Deepest)] = depth > 0 && !row.Last
		l.below(row.Node, depth+1, on)
	}
}

// level is the rows right below n, in their order. Where some are only counted,
// those with nobody behind them come first, then the counts, then the rest: a count
// below a long branch would be lost.
func (l *lister) level(n *Node) []Row {
	alone, chained := make([]Row, 0, min(len(n.Below), 64)), []Row(nil)
	counted := l.counted(n)
	if counted == nil {
		for i := range n.Below {
			alone = append(alone, Row{Node: &n.Below[i], ID: n.Below[i].ID})
		}
		return alone
	}
	shown, counts := make([]int, len(n.kinds)), make([]Row, len(n.kinds))
	for i := range n.Below {
		b := &n.Below[i]
		switch k := b.kind; {
		case k < 0:
			chained = append(chained, Row{Node: b, ID: b.ID})
		case shown[k] < n.kinds[k].n-counted[k]:
			shown[k]++
			alone = append(alone, Row{Node: b, ID: b.ID})
		case counts[k].Node == nil: // the first of those that it stands for
			counts[k] = Row{Node: b, ID: b.Count(), More: counted[k]}
		}
	}
	counts = slices.DeleteFunc(counts, func(r Row) bool { return r.Node == nil })
	return slices.Concat(alone, counts, chained)
}

// counted is how many of each kind below n are only counted; nil: none is.
func (l *lister) counted(n *Node) []int {
	if l.All {
		return nil
	}
	var out []int
	for k, kind := range n.kinds {
		// To count only one would take the row that it saves.
		if kind.n-l.few > 1 && !l.Open[n.countID(k)] {
			if out == nil {
				out = make([]int, len(n.kinds))
			}
			out[k] = kind.n - l.few
		}
	}
	return out
}

// countID names the row that counts the k-th kind below n.
func (n *Node) countID(k int) ID {
	return ID{Chain: n.Chain, Kind: MoreNode, PID: n.PID, Start: n.Start, Alike: n.kinds[k].name}
}

// Count names the row that counts n and its like, shown or not; zero: none would.
func (n *Node) Count() ID {
	if n.Up == nil || n.kind < 0 {
		return ID{}
	}
	return n.Up.countID(n.kind)
}
