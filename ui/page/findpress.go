package page

import (
	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/evidence"
	"cyrlock/ui/keys"
	"cyrlock/ui/scene"
)

// Press is a key of the lists.
func (p *Find) Press(s *scene.Scene, k tea.KeyMsg) Action {
	p.said = ""
	switch {
	case keys.Is(k, s.Keys.Filter):
		p.editing = true
	case keys.Is(k, s.Keys.Back):
		return p.back(s)
	case keys.Is(k, s.Keys.Enter):
		return p.deeper(s)
	case keys.Is(k, s.Keys.Left), keys.Is(k, s.Keys.Right):
		return p.turn(s, keys.Is(k, s.Keys.Right))
	case p.inside:
		p.procs.Press(k, s.Keys, len(p.parties), p.procHeight)
		p.remember()
	default:
		before := p.fileID
		if p.tab == users {
			p.suffer.Press(k, s.Keys, len(p.users), p.listHeight)
		} else {
			p.list.Press(k, s.Keys, len(p.rows), p.listHeight)
		}
		p.mark()
		p.point(before)
	}
	return nil
}

// turn goes to the other list.
func (p *Find) turn(s *scene.Scene, toRight bool) Action {
	if p.inside {
		return p.back(s)
	}
	p.tab = files
	if toRight {
		p.tab = users
	}
	p.point("")
	return nil
}

// back goes one step: out of the filter of the processes, out of the processes,
// out of the search, out of the page.
func (p *Find) back(s *scene.Scene) Action {
	switch {
	case p.within != "":
		p.within = ""
		p.point(p.fileID)
	case p.inside:
		p.inside = false
		p.point("")
	case p.filter != "" || p.search.asked:
		p.filter, p.search = "", inquiry{}
		if p.fromUser {
			p.tab, p.fromUser = users, false
		}
		p.Refresh(s)
	default:
		return Back{}
	}
	return nil
}

// deeper goes from a user to the seen file, from a file to its processes, from a
// process to its stack.
func (p *Find) deeper(s *scene.Scene) Action {
	r, u := p.row(), p.user()
	switch {
	case p.tab == users && u != nil:
		p.fromUser = true
		return p.ask(s, u.Name, evidence.Query{User: u.Name, Openers: true})
	case p.tab == users || r == nil:
		return nil
	case p.inside:
		return p.stack(s)
	case r.State == scene.Absent:
		p.said = "No process has it open: there is nobody to look at."
		return nil
	}
	p.inside = true
	p.point(p.fileID)
	p.procs.Cursor = 0
	p.remember()
	if (r.Asked == nil || r.State == scene.Over) && r.File.Path != "" {
		p.opened = inquiry{about: r.ID, query: evidence.Query{File: r.File.Path, Openers: true}, asked: true}
		return Ask{p.opened.query}
	}
	return nil
}

// stack goes to the stack of the selected process, if it has one there.
func (p *Find) stack(s *scene.Scene) Action {
	it := p.party()
	switch {
	case it == nil:
		return nil
	case it.PID <= 0:
		p.said = "The kernel names no process here: there is no stack to see."
	case s.Proc(it.PID) == nil:
		p.said = it.Name() + " has no part in a hang: cyrlock stack " + it.PIDText() + " shows where it stands."
	default:
		return GoTo{StepStacks, it.PID}
	}
	return nil
}
