package ui

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// verdictPage says what hangs: one sentence, then the tree, then how that is
// known and what is safe to do.
type verdictPage struct {
	list
	nodes  []node
	id     string          // of the selected row
	open   map[string]bool // unfolded rows
	why    bool            // all evidence instead of the tree
	scroll list
	height int // of the tree, as last drawn: what a page down is
}

func (p *verdictPage) about() string {
	return "What everything waits for in the end. Below a process that HOLDS a lock stand those that wait for it; below them, those that wait for something they hold themselves."
}

func (p *verdictPage) keys(s *scene) []key.Binding {
	if p.why {
		return []key.Binding{named(s.keys.Why, "tree"), named(s.keys.Down, "down"), named(s.keys.Back, "tree")}
	}
	own := []key.Binding{named(s.keys.Enter, "stacks"), s.keys.Why}
	if n := p.node(); n != nil && (n.kind == moreNode || p.open[n.id]) {
		own = append([]key.Binding{s.keys.Fold}, own...)
	}
	return own
}

// refresh finds the selected row again: by its id, else the same process
// elsewhere, else what now stands in its place.
func (p *verdictPage) refresh(s *scene) {
	pid := p.selected(s).pid
	p.nodes = newForest(&s.report, p.open).nodes()
	for i, n := range p.nodes {
		if n.id == p.id {
			p.cursor = i
			return
		}
	}
	if !p.find(pid) && !p.find(s.rootPID()) {
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

func (p *verdictPage) view(s *scene, w, h int) []string {
	if p.why {
		p.height = h
		rows := p.evidence(s, w)
		p.scroll.cursor = min(p.scroll.cursor, max(0, len(rows)-h))
		from := p.scroll.cursor
		return rows[from:min(len(rows), from+h)]
	}
	rows := p.said(s, w, max(2, h/4))
	if len(p.nodes) == 0 {
		return append(append(rows, ""), p.quiet(s, w)...)
	}
	details := p.details(s, w, h/3)
	p.height = max(2, h-len(rows)-len(details)-2)
	if h < roomyHeight-4 {
		p.height = max(2, h-len(rows)-len(details))
	} else {
		rows = append(rows, "")
	}
	rows = append(rows, p.tree(s, w, p.height)...)
	if len(details) > 0 && h >= roomyHeight-4 {
		rows = append(rows, "")
	}
	return append(rows, details...)
}

// said is the one sentence, with how sure it is.
func (p *verdictPage) said(s *scene, w, most int) []string {
	text, sure := s.report.Summary, ""
	if r := p.root(s); r != nil {
		sure = sureWords(r.Confidence)
		if p.node() != nil && p.node().root > 0 {
			text = r.Sentence
		}
		if n := len(s.report.Roots); n > 1 && p.node() != nil {
			sure = fmt.Sprintf("%s, chain %d of %d", sure, p.node().root+1, n)
		}
	}
	rows := s.wrap(text, w-2, most)
	for i := range rows {
		rows[i] = " " + s.strong.Render(rows[i])
	}
	if sure == "" || len(rows) == 0 {
		return rows
	}
	last := len(rows) - 1
	if ansi.StringWidth(rows[last])+len(sure)+3 > w && last+1 < most {
		rows, last = append(rows, ""), last+1
	}
	rows[last] = s.ends(rows[last], s.dim.Render(sure)+" ", w)
	return rows
}

func sureWords(c diagnose.Confidence) string {
	if c == diagnose.Guess {
		return "a guess"
	}
	return string(c)
}

// tree draws the visible rows.
func (p *verdictPage) tree(s *scene, w, h int) []string {
	room := h
	if len(p.nodes) > h {
		room-- // the last row says that there are more
	}
	from, to := p.window(len(p.nodes), room)
	var rows []string
	for i := from; i < to; i++ {
		rows = append(rows, s.row(p.nodeRow(s, &p.nodes[i], w-1), i == p.cursor, w))
	}
	if len(p.nodes) > h {
		rows = append(rows, s.dim.Render(fmt.Sprintf(" %s rows %d to %d of %s", s.dots, from+1, to, thousands(len(p.nodes)))))
	}
	return rows
}

// row marks the selected row with a sign, and with reverse video where there is any.
func (s *scene) row(text string, selected bool, w int) string {
	if selected {
		return s.cursor.Render(s.fit(">"+ansi.Strip(text), w))
	}
	return s.fit(" "+text, w)
}

// details are how it is known and what to do, in at most most rows.
func (p *verdictPage) details(s *scene, w, most int) []string {
	r := p.root(s)
	if r == nil {
		return nil
	}
	var safe []string
	if len(r.Advice) > 0 {
		a := r.Advice[0]
		safe = s.hang("Safe to do", adviceWords(s, a, r.PID), w, 2)
		if a.Command != "" {
			safe = append(safe, " "+strings.Repeat(" ", 14)+s.strong.Render(a.Command))
		}
	}
	var rows []string
	if room := most - len(safe); room > 0 {
		rows = s.hang("How we know", strings.Join(r.Why, " "+s.dot+" "), w, min(room, 3))
		if r.Doubt != "" && room > len(rows) {
			rows = append(rows, s.hang("In doubt", r.Doubt, w, 1)...)
		}
	}
	return append(rows, safe...)
}

func adviceWords(s *scene, a diagnose.Advice, pid int) string {
	what := a.Action
	if a.Action == "end" && pid != 0 {
		what += " " + s.name(pid)
	}
	return fmt.Sprintf("%s: %s (risk: %s)", what, a.Why, cmp.Or(a.Risk, "unknown"))
}

// quiet is what to see where nobody waits.
func (p *verdictPage) quiet(s *scene, w int) []string {
	var rows []string
	c := s.report.Host.Cyrus
	say := func(title, text string) { rows = append(rows, s.hang(title, text, w, 3)...) }
	switch {
	case c.Master != 0:
		say("Cyrus", strings.TrimSpace(fmt.Sprintf("running, master %d %s", c.Master, s.text(c.Version))))
	default:
		say("Cyrus", "no running master was found")
	}
	if c.Conf != "" {
		say("Configuration", s.text(c.Conf))
	}
	for i, g := range s.report.Gaps {
		if i == 3 {
			say("", fmt.Sprintf("%d more: e", len(s.report.Gaps)-i))
			break
		}
		say("Not read", gapWords(s, g))
	}
	return rows
}

func gapWords(s *scene, g evidence.Gap) string {
	out := s.text(g.What)
	if g.PID != 0 {
		out += " of " + s.name(g.PID)
	}
	return out + ": " + s.text(g.Why)
}
