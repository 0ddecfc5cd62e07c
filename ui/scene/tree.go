package scene

import (
	"cmp"
	"fmt"
	"slices"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A Node is one place in the tree of a chain: the file, below it who holds it,
// below those who waits.
type Node struct {
	ID
	Root   int              // index into Report.Roots
	Place  int              // among those that wait for the same process, from 1
	File   *evidence.File   // of a file its own; else what it waits for; nil for most holders
	Wait   *evidence.Waiter // nil: it does not wait
	Holds  *evidence.File   // what others wait for because of it
	Up     *Node            // nil for a file
	Below  []Node
	Behind int // how many wait behind it, however far

	kinds []alike // what those below are that have nobody behind them
	kind  int     // which of them this is; -1: it has somebody behind it
}

// An ID names a row of the tree from look to look: selection and folds follow it.
type ID struct {
	Chain string // pid and file of the root
	Kind  NodeKind
	PID   int
	Start uint64 // of the process: pids come back
	Alike string // of a row that counts: what the counted have in common
}

// NodeKind is what a row of the tree is about.
type NodeKind int

const (
	FileNode NodeKind = iota
	HolderNode
	WaiterNode
	MoreNode // counts those that are alike
)

// alike are those below one node that do the same, with nobody behind them.
type alike struct {
	name string
	n    int
}

// First is the first process at n or below: of a lock that nobody visible holds,
// who waits first; nil: there is none.
func First(n *Node) *Node {
	for n.PID == 0 {
		if len(n.Below) == 0 {
			return nil
		}
		n = &n.Below[0]
	}
	return n
}

// A grower makes the tree of one root.
type grower struct {
	*Scene
	root  int
	chain string
	files map[string]*evidence.File // by path, those that are fought over
	wants map[int]want
}

// A want is what a process waits for.
type want struct {
	file *evidence.File
	wait *evidence.Waiter
}

// grow makes the trees of all roots, and notes where each process stands.
func (s *Scene) grow() {
	g := grower{Scene: s, files: map[string]*evidence.File{}, wants: map[int]want{}}
	for i := range s.Report.Files {
		f := &s.Report.Files[i]
		if !Contended(f) {
			continue
		}
		if g.files[f.Path] == nil {
			g.files[f.Path] = f
		}
		for j := range f.Waiters {
			if w := &f.Waiters[j]; g.wants[w.PID].wait == nil {
				g.wants[w.PID] = want{f, w}
			}
		}
	}
	s.places = make(map[int]*Node, len(s.Report.Processes))
	same := map[string]int{}
	for i := range s.Report.Roots {
		r := &s.Report.Roots[i]
		g.root, g.chain = i, fmt.Sprintf("%d %s", r.PID, r.File)
		if same[g.chain]++; same[g.chain] > 1 { // two files without a name, say
			g.chain += fmt.Sprintf(" %d", same[g.chain])
		}
		s.Trees = append(s.Trees, g.tree(r, s.Report.Tree(*r)))
	}
}

// tree is the file, who holds it, and who waits. Where several hold, those that
// wait stand below the last.
func (g *grower) tree(r *diagnose.Root, tops []diagnose.Node) *Node {
	file := &Node{ID: ID{Chain: g.chain, Kind: FileNode}, Root: g.root, File: g.files[r.File], Below: make([]Node, len(tops))}
	circle := r.Class == diagnose.Cycle || r.Class == diagnose.SelfDeadlock
	var behind []diagnose.Node
	for i, top := range tops {
		n := Node{ID: g.id(HolderNode, top.PID), Root: g.root, Up: file}
		if len(top.Behind) > 0 {
			n.Holds = top.Behind[0].File
		}
		if r.File == "" && n.Holds != nil {
			file.File = n.Holds
		}
		if circle {
			n.File, n.Wait = g.wants[top.PID].file, g.wants[top.PID].wait
			n.Holds = g.heldAgainst(top.PID, tops)
		}
		behind = append(behind, top.Behind...)
		file.Below[i] = n
	}
	if len(tops) > 0 {
		g.below(&file.Below[len(tops)-1], behind)
	}
	g.finish(file)
	return file
}

// heldAgainst is what a member of a circle holds that another member wants.
func (g *grower) heldAgainst(pid int, members []diagnose.Node) *evidence.File {
	for _, m := range members {
		if w := g.wants[m.PID]; w.wait != nil && slices.Contains(w.wait.BlockedBy, pid) {
			return w.file
		}
	}
	return nil
}

func (g *grower) id(kind NodeKind, pid int) ID {
	id := ID{Chain: g.chain, Kind: kind, PID: pid}
	if p := g.Proc(pid); p != nil {
		id.Start = p.Start
	}
	return id
}

// below puts those that wait under up, in their queue.
func (g *grower) below(up *Node, behind []diagnose.Node) {
	up.Below = make([]Node, len(behind))
	for i, b := range behind {
		n := &up.Below[i]
		*n = Node{ID: g.id(WaiterNode, b.PID), Root: g.root, Place: i + 1, File: b.File, Wait: b.Wait, Up: up}
		if len(b.Behind) > 0 {
			n.Holds = b.Behind[0].File
			g.below(n, b.Behind)
		}
	}
}

// finish notes where each process stands, how many are behind it, and which of
// those below are alike.
func (g *grower) finish(n *Node) {
	if n.Kind != FileNode && g.places[n.PID] == nil {
		g.places[n.PID] = n
	}
	at := map[likeness]int{}
	for i := range n.Below {
		b := &n.Below[i]
		g.finish(b)
		n.Behind += b.Behind
		if b.Kind == WaiterNode {
			n.Behind++
		}
		if b.kind = -1; len(b.Below) > 0 {
			continue
		}
		like := likeness{Program(g.Proc(b.PID)), b.File}
		k, ok := at[like]
		if !ok {
			k = len(n.kinds)
			at[like] = k
			n.kinds = append(n.kinds, alike{name: like.String()})
		}
		b.kind = k
		n.kinds[k].n++
	}
}

// A likeness is what processes have in common that are one fact: the program, and
// what they wait for.
type likeness struct {
	program string
	file    *evidence.File
}

func (l likeness) String() string {
	if l.file == nil {
		return l.program
	}
	return fmt.Sprintf("%s %s:%d %s", l.program, l.file.Dev, l.file.Ino, l.file.Lock)
}

// Program is a process's program: "imapd".
func Program(p *evidence.Process) string {
	if p == nil {
		return "process"
	}
	return cmp.Or(baseName(p.Exe), p.Comm, "process")
}
