package page

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/diagnose"
	"cyrlock/ui/draw"
	"cyrlock/ui/keys"
	"cyrlock/ui/scene"
)

// Fix lists what can be done about one hang, the best first, and says of the
// selected choice what it does, to whom, and what it costs. What is to be done it asks
// of the root, and shows how that goes.
type Fix struct {
	List
	cannot  string // why nothing can be done from here; empty: it can
	run     *Run   // what is being done, or was; nil: the choices are shown
	at      int    // first row of that in sight
	folder  *folder
	choices []scene.Choice
	title   string // of the choice that somebody selected; empty: the best
	chain   int    // index of the root it is about
	id      string // of that chain
	pid     int    // who was selected in it
	start   uint64
}

// Allow says why nothing can be done from here; empty: it can.
func (p *Fix) Allow(cannot string) { p.cannot = cannot }

// About is for the help.
func (p *Fix) About() string {
	about := "What can be done about this hang, the best first: whether it cures, what it risks, whom it frees and whom it disconnects. "
	if p.cannot != "" {
		return about + "Nothing is run from here: y copies the command."
	}
	return about + "enter makes a plan and shows all of it; it is carried out only after a word was typed. Then it is proved, and can be taken back where that is possible. y copies the command."
}

// Keys are the page's own.
func (p *Fix) Keys(s *scene.Scene) []key.Binding {
	switch {
	case p.folder != nil:
		return []key.Binding{keys.Named(s.Keys.Enter, "read it"), keys.Named(s.Keys.Back, "leave it")}
	case p.run != nil:
		return p.runKeys(s)
	}
	var own []key.Binding
	if c := p.choice(); c != nil {
		if p.does(c) {
			own = append(own, keys.Named(s.Keys.Enter, "do it"+s.Dots))
		}
		if c.Command != "" {
			own = append(own, keys.Named(s.Keys.Copy, "copy command"))
		}
	}
	if len(s.Trees) > 1 {
		own = append(own, s.Keys.NextChain, s.Keys.PreviousChain)
	}
	if p.cannot == "" {
		own = append(own, s.Keys.Undo)
	}
	return own
}

// does tells whether a choice is something that cyrlock does itself.
func (p *Fix) does(c *scene.Choice) bool {
	return p.cannot == "" && c.Acts()
}

// Refresh finds the same chain again, else the one that the selected process is in
// now, else the first.
func (p *Fix) Refresh(s *scene.Scene) {
	for i, tree := range s.Trees {
		if tree.Chain == p.id {
			p.about(s, i)
			return
		}
	}
	if n := s.Place(p.pid); n != nil && n.Start == p.start {
		p.about(s, n.Root)
		return
	}
	p.pid = 0
	p.about(s, 0)
}

// about makes the page one of a chain, and stays on the same choice.
func (p *Fix) about(s *scene.Scene, chain int) {
	r := p.root(s, chain)
	p.choices, p.chain, p.id = s.Choices(r), chain, ""
	if r != nil {
		p.id = s.Trees[chain].Chain
		if n := s.Place(p.pid); p.pid == 0 || n == nil || n.Root != chain {
			p.pid = 0
			if holder := scene.First(s.Trees[chain]); holder != nil {
				p.pid, p.start = holder.PID, holder.Start
			}
		}
	}
	p.Cursor = 0
	for i, c := range p.choices {
		if c.Title == p.title {
			p.Cursor = i
		}
	}
}

// root is what a chain comes from; nil: there is none.
func (p *Fix) root(s *scene.Scene, chain int) *diagnose.Root {
	if chain >= len(s.Report.Roots) {
		return nil
	}
	return &s.Report.Roots[chain]
}

func (p *Fix) choice() *scene.Choice {
	if p.Cursor < 0 || p.Cursor >= len(p.choices) {
		return nil
	}
	return &p.choices[p.Cursor]
}

// Seek turns to the chain that a process is in.
func (p *Fix) Seek(s *scene.Scene, pid int) {
	if n := s.Place(pid); n != nil {
		p.pid, p.start = pid, n.Start
		if s.Trees[n.Root].Chain != p.id {
			p.title = "" // another hang: its best choice
		}
		p.about(s, n.Root)
	}
}

// Press moves among the choices and the chains.
func (p *Fix) Press(s *scene.Scene, k tea.KeyMsg) Action {
	if p.run != nil {
		return p.pressRun(s, k)
	}
	switch n := len(s.Trees); {
	case keys.Is(k, s.Keys.Back):
		return Back{}
	case keys.Is(k, s.Keys.Enter):
		return p.ask()
	case keys.Is(k, s.Keys.Undo) && p.cannot == "":
		return Undo{}
	case n > 0 && keys.Is(k, s.Keys.NextChain):
		p.turn(s, (p.chain+1)%n)
	case n > 0 && keys.Is(k, s.Keys.PreviousChain):
		p.turn(s, (p.chain+n-1)%n)
	case p.List.Press(k, s.Keys, len(p.choices), len(p.choices)):
		if c := p.choice(); c != nil {
			p.title = c.Title
		}
	}
	return nil
}

// turn is to another chain, and to its best choice.
func (p *Fix) turn(s *scene.Scene, chain int) {
	p.pid, p.title = 0, ""
	p.about(s, chain)
}

// Selected is the process that was selected on the way here, else who holds.
func (p *Fix) Selected(s *scene.Scene) scene.Target {
	t := scene.Target{PID: p.pid}
	if p.chain < len(s.Trees) {
		t.File = s.Trees[p.chain].File
	}
	return t
}

// Copy is the command of the choice, or what was done.
func (p *Fix) Copy(s *scene.Scene) string {
	if p.run != nil {
		const width = 200
		return draw.PlainText(p.runRows(s, width))
	}
	if c := p.choice(); c != nil {
		return c.Command
	}
	return ""
}
