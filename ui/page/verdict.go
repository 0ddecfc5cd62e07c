package page

import (
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/diagnose"
	"cyrlock/ui/keys"
	"cyrlock/ui/scene"
)

// Verdict says what hangs: one sentence, then the tree, then how that is
// known and what is safe to do.
type Verdict struct {
	List
	nodes  []scene.Node
	id     string          // of the selected row
	open   map[string]bool // unfolded rows
	all    bool            // every process is a row: the screen is large enough
	why    bool            // all evidence instead of the tree
	scroll List
	height int // of the tree, as last drawn: what a page down is
}

func (p *Verdict) About() string {
	return "What everything waits for in the end. Below a process that HOLDS a lock stand those that wait for it; below them, those that wait for something they hold themselves."
}

func (p *Verdict) Keys(s *scene.Scene) []key.Binding {
	if p.why {
		return []key.Binding{keys.Named(s.Keys.Back, "tree"), keys.Named(s.Keys.Down, "scroll")}
	}
	if len(p.nodes) == 0 {
		return []key.Binding{s.Keys.Why}
	}
	own := []key.Binding{keys.Named(s.Keys.Enter, "stacks"), s.Keys.Why}
	if n := p.node(); n != nil && (n.Kind == scene.MoreNode || p.open[n.Alike]) {
		own = append([]key.Binding{s.Keys.Fold}, own...)
	}
	return own
}

// Refresh finds the selected row again: by its id, else the same process behind
// another root, else the first root's holder.
func (p *Verdict) Refresh(s *scene.Scene) {
	p.nodes = scene.Nodes(s, p.open, p.all)
	process := p.id[strings.LastIndexByte(p.id, '/')+1:]
	for _, same := range []func(scene.Node) bool{
		func(n scene.Node) bool { return n.ID == p.id },
		func(n scene.Node) bool { return n.Kind != scene.FileNode && strings.HasSuffix(n.ID, "/"+process) },
	} {
		if i := slices.IndexFunc(p.nodes, same); i >= 0 && p.id != "" {
			p.Cursor = i
			p.mark()
			return
		}
	}
	if !p.find(s.RootPID()) {
		p.Cursor = max(0, min(p.Cursor, len(p.nodes)-1))
		p.mark()
	}
}

// follow lists the rows anew and stays on this process.
func (p *Verdict) follow(s *scene.Scene, pid int) {
	p.Refresh(s)
	p.find(pid)
}

// mark remembers what the cursor is on.
func (p *Verdict) mark() {
	if n := p.node(); n != nil {
		p.id = n.ID
	}
}

func (p *Verdict) node() *scene.Node {
	if p.Cursor < 0 || p.Cursor >= len(p.nodes) {
		return nil
	}
	return &p.nodes[p.Cursor]
}

func (p *Verdict) find(pid int) bool {
	for i, n := range p.nodes {
		if n.PID == pid && n.Kind != scene.FileNode {
			p.Cursor = i
			p.mark()
			return true
		}
	}
	return false
}

func (p *Verdict) Seek(_ *scene.Scene, pid int) { p.why = false; p.find(pid) }

// root is the chain that the cursor is in.
func (p *Verdict) root(s *scene.Scene) *diagnose.Root {
	i := 0
	if n := p.node(); n != nil {
		i = n.Root
	}
	if i >= len(s.Report.Roots) {
		return nil
	}
	return &s.Report.Roots[i]
}

func (p *Verdict) Selected(s *scene.Scene) scene.Target {
	n := p.node()
	if n == nil {
		return scene.Target{}
	}
	t := scene.Target{PID: n.PID, File: n.File}
	if n.Kind == scene.HolderNode && n.Holds != nil {
		t.File = n.Holds
	}
	if n.Kind == scene.FileNode {
		if r := p.root(s); r != nil {
			t.PID = r.PID
		}
	}
	return t
}

func (p *Verdict) Press(s *scene.Scene, k tea.KeyMsg) Action {
	switch {
	case keys.Is(k, s.Keys.Why):
		p.why, p.scroll = !p.why, List{}
	case keys.Is(k, s.Keys.Back):
		if !p.why {
			return Back{}
		}
		p.why = false
	case p.why:
		p.scroll.Press(k, s.Keys, 1<<20, p.height)
	case keys.Is(k, s.Keys.Fold):
		p.fold(s)
	case keys.Is(k, s.Keys.Enter):
		if n := p.node(); n != nil && n.Kind == scene.MoreNode {
			p.fold(s)
		} else if t := p.Selected(s); t.PID != 0 {
			return GoTo{StepStacks, t.PID}
		}
	default:
		if p.List.Press(k, s.Keys, len(p.nodes), p.height) {
			p.mark()
		}
	}
	return nil
}

// fold shows all that a counted row stands for, or counts them again.
func (p *Verdict) fold(s *scene.Scene) {
	n := p.node()
	if n == nil {
		return
	}
	if p.open == nil {
		p.open = map[string]bool{}
	}
	switch {
	case n.Kind == scene.MoreNode:
		p.open[n.ID] = true
		p.follow(s, n.PID)
	case n.Alike != "" && p.open[n.Alike]:
		delete(p.open, n.Alike)
		p.follow(s, n.PID)
	}
}
