package scene

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

// below lists what is below n. Where some are only counted, those with nobody
// behind them come first, then the counts, then the rest: a count below a long
// branch would be lost.
func (l *lister) below(n *Node, depth int, lines [Deepest + 1]bool) {
	counted := l.counted(n)
	level := make([]Row, 0, min(len(n.Below), 64))
	shown := make([]int, len(n.kinds))
	first := make([]*Node, len(n.kinds))
	for i := range n.Below {
		b := &n.Below[i]
		switch {
		case b.kind < 0 && counted != nil:
			continue
		case b.kind >= 0 && counted != nil && counted[b.kind] > 0:
			if shown[b.kind]++; shown[b.kind] > n.kinds[b.kind].n-counted[b.kind] {
				if first[b.kind] == nil {
					first[b.kind] = b
				}
				continue
			}
		}
		level = append(level, Row{Node: b, ID: b.ID})
	}
	for k, n := range counted {
		if n > 0 {
			level = append(level, Row{Node: first[k], ID: first[k].Count(), More: n})
		}
	}
	for i := range n.Below {
		if b := &n.Below[i]; counted != nil && b.kind < 0 {
			level = append(level, Row{Node: b, ID: b.ID})
		}
	}
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
