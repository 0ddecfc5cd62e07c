package ui

import (
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/diagnose"
)

// verdictPage says what hangs: one sentence, then the tree, then how that is
// known and what is safe to do.
type verdictPage struct {
	list
	nodes  []node
	id     string          // of the selected row
	open   map[string]bool // unfolded rows
	all    bool            // every process is a row: the screen is large enough
	why    bool            // all evidence instead of the tree
	scroll list
	height int // of the tree, as last drawn: what a page down is
}

func (p *verdictPage) about() string {
	return "What everything waits for in the end. Below a process that HOLDS a lock stand those that wait for it; below them, those that wait for something they hold themselves."
}

func (p *verdictPage) keys(s *scene) []key.Binding {
	if p.why {
		return []key.Binding{named(s.keys.Back, "tree"), named(s.keys.Down, "scroll")}
	}
	if len(p.nodes) == 0 {
		return []key.Binding{s.keys.Why}
	}
	own := []key.Binding{named(s.keys.Enter, "stacks"), s.keys.Why}
	if n := p.node(); n != nil && (n.kind == moreNode || p.open[n.alike]) {
		own = append([]key.Binding{s.keys.Fold}, own...)
	}
	return own
}

// refresh finds the selected row again: by its id, else the same process behind
// another root, else the first root's holder.
func (p *verdictPage) refresh(s *scene) {
	p.nodes = nodes(s, p.open, p.all)
	process := p.id[strings.LastIndexByte(p.id, '/')+1:]
	for _, same := range []func(node) bool{
		func(n node) bool { return n.id == p.id },
		func(n node) bool { return n.kind != fileNode && strings.HasSuffix(n.id, "/"+process) },
	} {
		if i := slices.IndexFunc(p.nodes, same); i >= 0 && p.id != "" {
			p.cursor = i
			p.mark()
			return
		}
	}
	if !p.find(s.rootPID()) {
		p.cursor = max(0, min(p.cursor, len(p.nodes)-1))
		p.mark()
	}
}

// follow lists the rows anew and stays on this process.
func (p *verdictPage) follow(s *scene, pid int) {
	p.refresh(s)
	p.find(pid)
}

// mark remembers what the cursor is on.
func (p *verdictPage) mark() {
	if n := p.node(); n != nil {
		p.id = n.id
	}
}

func (p *verdictPage) node() *node {
	if p.cursor < 0 || p.cursor >= len(p.nodes) {
		return nil
	}
	return &p.nodes[p.cursor]
}

func (p *verdictPage) find(pid int) bool {
	for i, n := range p.nodes {
		if n.pid == pid && n.kind != fileNode {
			p.cursor = i
			p.mark()
			return true
		}
	}
	return false
}

func (p *verdictPage) seek(_ *scene, pid int) { p.why = false; p.find(pid) }

// root is the chain that the cursor is in.
func (p *verdictPage) root(s *scene) *diagnose.Root {
	i := 0
	if n := p.node(); n != nil {
		i = n.root
	}
	if i >= len(s.report.Roots) {
		return nil
	}
	return &s.report.Roots[i]
}

func (p *verdictPage) selected(s *scene) target {
	n := p.node()
	if n == nil {
		return target{}
	}
	t := target{n.pid, n.file}
	if n.kind == holderNode && n.holds != nil {
		t.file = n.holds
	}
	if n.kind == fileNode {
		if r := p.root(s); r != nil {
			t.pid = r.PID
		}
	}
	return t
}

func (p *verdictPage) press(s *scene, k tea.KeyMsg) action {
	switch {
	case is(k, s.keys.Why):
		p.why, p.scroll = !p.why, list{}
	case is(k, s.keys.Back):
		if !p.why {
			return back{}
		}
		p.why = false
	case p.why:
		p.scroll.press(k, s.keys, 1<<20, p.height)
	case is(k, s.keys.Fold):
		p.fold(s)
	case is(k, s.keys.Enter):
		if n := p.node(); n != nil && n.kind == moreNode {
			p.fold(s)
		} else if t := p.selected(s); t.pid != 0 {
			return goTo{stepStacks, t.pid}
		}
	default:
		if p.list.press(k, s.keys, len(p.nodes), p.height) {
			p.mark()
		}
	}
	return nil
}

// fold shows all that a counted row stands for, or counts them again.
func (p *verdictPage) fold(s *scene) {
	n := p.node()
	if n == nil {
		return
	}
	if p.open == nil {
		p.open = map[string]bool{}
	}
	switch {
	case n.kind == moreNode:
		p.open[n.id] = true
		p.follow(s, n.pid)
	case n.alike != "" && p.open[n.alike]:
		delete(p.open, n.alike)
		p.follow(s, n.pid)
	}
}
