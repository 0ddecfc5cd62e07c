package page

import (
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
	rows   []scene.Row
	id     scene.ID // of the selected row
	folds  scene.Folds
	why    bool // all evidence instead of the tree
	visit  bool // of the evidence, from another page
	scroll List
	height int // of the tree or the evidence, as last drawn: what a page down is
	long   int // rows of the evidence, as last drawn
}

// About is for the help.
func (p *Verdict) About() string {
	return "What everything waits for in the end. Below a process that HOLDS a lock stand those that wait for it; below them, those that wait for something they hold themselves."
}

// Keys are the page's own.
func (p *Verdict) Keys(s *scene.Scene) []key.Binding {
	var own []key.Binding
	switch {
	case p.why:
		back := "tree"
		if p.visit {
			back = "back"
		}
		own = []key.Binding{keys.Named(s.Keys.Back, back), keys.Named(s.Keys.Down, "scroll"), keys.Named(s.Keys.Copy, "copy all")}
	case len(p.rows) == 0:
		return []key.Binding{s.Keys.Why}
	default:
		own = []key.Binding{keys.Named(s.Keys.Steps[StepFix], "fix"), keys.Named(s.Keys.Enter, "stacks"), s.Keys.Why}
		if r := p.row(); r.More > 0 {
			own[1] = keys.Named(s.Keys.Enter, "unfold")
		}
	}
	if len(s.Trees) > 1 {
		own = append(own, s.Keys.NextChain, s.Keys.PreviousChain)
	}
	if !p.why {
		own = append(own, keys.Named(s.Keys.Fold, "fold"), keys.Named(s.Keys.Right, "unfold, in"), keys.Named(s.Keys.Left, "fold, up"))
	}
	return own
}

// Refresh finds the selected row again: by its id, else the same process behind
// another root, else what it is counted or folded in, else the first root's holder.
func (p *Verdict) Refresh(s *scene.Scene) {
	p.rows = s.Rows(p.folds)
	if p.id != (scene.ID{}) {
		if p.stand(func(r *scene.Row) bool { return r.ID == p.id }) {
			return
		}
		if n := s.Place(p.id.PID); n != nil && n.Start == p.id.Start && p.standFor(n) {
			return
		}
	}
	if len(s.Trees) == 0 || len(s.Trees[0].Below) == 0 || !p.standFor(&s.Trees[0].Below[0]) {
		p.Cursor = max(0, min(p.Cursor, len(p.rows)-1))
		p.mark()
	}
}

// stand moves the cursor to the first row that fits.
func (p *Verdict) stand(fits func(*scene.Row) bool) bool {
	for i := range p.rows {
		if fits(&p.rows[i]) {
			p.Cursor = i
			p.mark()
			return true
		}
	}
	return false
}

// standFor moves the cursor to the row of n, or to what n is counted or folded in.
func (p *Verdict) standFor(n *scene.Node) bool {
	if p.stand(func(r *scene.Row) bool { return r.Node == n && r.More == 0 }) {
		return true
	}
	above := map[*scene.Node]bool{}
	for up := n.Up; up != nil; up = up.Up {
		above[up] = true
	}
	at := -1
	for i := range p.rows { // from top to bottom: the last is the nearest
		if r := &p.rows[i]; above[r.Node] || r.More > 0 && r.ID == n.Count() {
			at = i
		}
	}
	if at >= 0 {
		p.Cursor = at
		p.mark()
	}
	return at >= 0
}

// mark remembers what the cursor is on.
func (p *Verdict) mark() {
	if r := p.row(); r != nil {
		p.id = r.ID
	}
}

func (p *Verdict) row() *scene.Row {
	if p.Cursor < 0 || p.Cursor >= len(p.rows) {
		return nil
	}
	return &p.rows[p.Cursor]
}

// Seek stands on a process, unless it stands there already.
func (p *Verdict) Seek(s *scene.Scene, pid int) {
	p.why, p.visit = false, false
	if r := p.row(); r != nil && p.Selected(s).PID == pid {
		return // on its file, say
	}
	if n := s.Place(pid); n != nil {
		p.standFor(n)
	}
}

// chain is the index of the root that the cursor is behind.
func (p *Verdict) chain() int {
	if r := p.row(); r != nil {
		return r.Root
	}
	return 0
}

// root is the root that the cursor is behind; nil: nobody waits.
func (p *Verdict) root(s *scene.Scene) *diagnose.Root {
	if i := p.chain(); i < len(s.Report.Roots) {
		return &s.Report.Roots[i]
	}
	return nil
}

// Selected is the process of the row. A file stands for who holds it, and a lock
// that nobody visible holds for who waits first.
func (p *Verdict) Selected(*scene.Scene) scene.Target {
	r := p.row()
	if r == nil {
		return scene.Target{}
	}
	t := scene.Target{PID: r.PID, File: r.File}
	if n := scene.First(r.Node); n != nil {
		t.PID = n.PID
	}
	if r.Kind == scene.HolderNode && r.Holds != nil {
		t.File = r.Holds
	}
	return t
}

// Evidence shows the evidence to who comes from another page, and goes back there.
func (p *Verdict) Evidence() { p.why, p.visit, p.scroll = true, true, List{} }

// Press is one key.
func (p *Verdict) Press(s *scene.Scene, k tea.KeyMsg) Action {
	switch {
	case p.why && p.visit && (keys.Is(k, s.Keys.Why) || keys.Is(k, s.Keys.Back)):
		p.why, p.visit = false, false
		return Back{}
	case keys.Is(k, s.Keys.Why):
		p.why, p.scroll = !p.why, List{}
	case keys.Is(k, s.Keys.Back):
		if !p.why {
			return Back{}
		}
		p.why = false
	case keys.Is(k, s.Keys.NextChain):
		p.jump(s, 1)
	case keys.Is(k, s.Keys.PreviousChain):
		p.jump(s, -1)
	case p.why:
		p.scroll.Press(k, s.Keys, max(1, p.long-p.height+1), p.height)
	case keys.Is(k, s.Keys.Fold):
		p.toggle(s)
	case keys.Is(k, s.Keys.Left):
		p.left(s)
	case keys.Is(k, s.Keys.Right):
		p.right(s)
	case keys.Is(k, s.Keys.Enter):
		if r := p.row(); r != nil && r.More > 0 {
			p.toggle(s)
		} else if t := p.Selected(s); t.PID != 0 {
			return GoTo{StepStacks, t.PID}
		}
	default:
		if p.List.Press(k, s.Keys, len(p.rows), p.height) {
			p.mark()
		}
	}
	return nil
}

// jump goes to the holder of the next chain, around the end.
func (p *Verdict) jump(s *scene.Scene, by int) {
	if n := len(s.Trees); n > 0 {
		tree := s.Trees[(p.chain()+by+n)%n]
		p.scroll = List{}
		if len(tree.Below) == 0 || !p.standFor(&tree.Below[0]) {
			p.standFor(tree)
		}
	}
}
