package page

import (
	"fmt"

	"cyrlock/evidence"
	"cyrlock/ui/scene"
)

// An inquiry is a question to the machine, and what came back.
type inquiry struct {
	about  string // what was typed, or the file that was entered
	query  evidence.Query
	asked  bool // and not yet answered
	answer *Searched
}

// scene is the answer; nil: there is none.
func (q *inquiry) scene() *scene.Scene {
	if q.answer == nil {
		return nil
	}
	return q.answer.Scene
}

// Search asks the machine about a user or a file.
func (p *Find) Search(s *scene.Scene, text string) Action {
	return p.ask(s, text, queryFor(text))
}

func (p *Find) ask(s *scene.Scene, text string, q evidence.Query) Action {
	p.tab, p.inside, p.filter = files, false, text
	p.search = inquiry{about: text, query: q, asked: true}
	p.Refresh(s)
	return Ask{q}
}

// Found takes the answer to a question; one that nobody waits for any more is dropped.
func (p *Find) Found(s *scene.Scene, a Searched) {
	for _, q := range []*inquiry{&p.search, &p.opened} {
		if q.asked && q.query == a.Query {
			q.asked, q.answer = false, &a
		}
	}
	before := p.fileID
	p.Refresh(s)
	if p.search.answer == &a && !p.inside { // what was asked for comes first
		p.list.Cursor = 0
		p.mark()
		p.point(before)
	}
}

// note is what there is to say above the list.
func (p *Find) note(s *scene.Scene) string {
	switch q := &p.search; {
	case p.said != "":
		return p.said
	case q.asked:
		return "Searching all open files" + s.Dots
	case q.answer == nil:
		return ""
	case q.answer.Err != nil:
		return s.Bad.Render("The search failed: ") + s.Text(scene.FirstLine(q.answer.Err))
	case q.answer.Scene == nil:
		return ""
	default:
		return p.answered(s, q)
	}
}

// answered says what a search brought.
func (p *Find) answered(s *scene.Scene, q *inquiry) string {
	what := s.Text(q.query.File)
	if q.query.User != "" {
		what = s.Text(q.query.User) + "'s seen file"
	}
	open, absent := 0, 0
	for _, r := range q.answer.Scene.Files("", nil) {
		if r.State == scene.Absent {
			absent++
		} else if r.How != "" || q.answer.Scene.Report.Focus == nil {
			open += len(r.Parties())
		}
	}
	switch {
	case open > 0:
		return fmt.Sprintf("Asked at %s: %s %s open.", q.answer.Scene.Clock(), evidence.Plural(open, "process has", "processes have"), what)
	case absent == 0 && q.query.User != "":
		return "No process has " + what + " open, and no imapd.conf says where it would be."
	case absent > 0 && q.query.User != "":
		return "No process has " + what + " open, or a lock on it. It would be here:"
	}
	return "No process has " + what + " open, or a lock on it."
}

// others says whether it is known who has the file open without a lock.
func (p *Find) others(s *scene.Scene) string {
	r := p.row()
	if p.tab != files || r == nil || r.State == scene.Absent {
		return ""
	}
	switch mine := p.opened.about == r.ID; {
	case mine && p.opened.asked:
		return "asking who else has it open" + s.Dots
	case mine && p.opened.answer != nil && p.opened.answer.Err != nil:
		return "who else has it open is not known: " + s.Text(scene.FirstLine(p.opened.answer.Err))
	case r.Asked == nil && !p.inside && !p.editing && r.File.Path != "":
		return "enter asks who else has it open"
	}
	return ""
}
