package page

import (
	"slices"

	"github.com/charmbracelet/bubbles/key"

	"cyrlock/evidence"
	"cyrlock/ui/keys"
	"cyrlock/ui/scene"
)

// Find lists the files that somebody waits for and the users who suffer, finds
// any other by user or path, and leads to every process that has one open.
type Find struct {
	tab      tab
	list     List // of files
	rows     []*scene.FileRow
	fileID   string // of the selected file
	suffer   List   // of users
	users    []*scene.UserRow
	userName string // of the selected user

	procs   List // of the processes that have the file open
	parties []scene.Party
	inside  bool // the cursor is among them
	who     scene.Party

	filter   string // of both lists
	within   string // of the processes
	editing  bool
	fromUser bool    // the search began at a row of users: esc leads back there
	search   inquiry // for what the filter says
	opened   inquiry // who else has the entered file open
	said     string  // once, until the next key

	listHeight, procHeight int
}

// tab is which of the lists is shown.
type tab int

const (
	files tab = iota
	users
)

// About is for the help.
func (p *Find) About() string {
	return "Which files are fought over, and which users suffer (left, right). enter on a file leads to the processes that have it open, enter on a user asks where that user's seen file is. " +
		"Type / and a user or a part of a path to narrow the lists; enter then asks the machine who has that user's seen file, or that file, open."
}

// Keys are the page's own.
func (p *Find) Keys(s *scene.Scene) []key.Binding {
	k := s.Keys
	switch {
	case p.editing && p.inside:
		return []key.Binding{keys.Named(k.Enter, "keep"), keys.Named(k.Back, "leave"), k.Cut}
	case p.editing:
		return []key.Binding{keys.Named(k.Enter, "search the machine"), keys.Named(k.Back, "leave"), k.Cut}
	case p.inside:
		return []key.Binding{keys.Named(k.Enter, "its stack"), keys.Named(k.Back, "files"), k.Filter}
	case p.tab == users:
		return []key.Binding{keys.Named(k.Enter, "seen file"), keys.Named(k.Left, "files"), k.Filter}
	}
	return []key.Binding{keys.Named(k.Enter, "processes"), keys.Named(k.Right, "users"), k.Filter}
}

// Refresh finds the selected file, user and process in a new look.
func (p *Find) Refresh(s *scene.Scene) {
	if p.search.about != p.filter {
		p.search = inquiry{} // it was about something else
	}
	p.rows, p.users = s.Files(p.filter, p.search.scene()), s.Users(p.filter)
	if at := slices.IndexFunc(p.rows, func(r *scene.FileRow) bool { return r.ID == p.opened.about }); at >= 0 {
		p.rows[at] = p.rows[at].With(p.opened.scene())
	}
	p.list.stand(len(p.rows), func(i int) bool { return p.rows[i].ID == p.fileID })
	p.suffer.stand(len(p.users), func(i int) bool { return p.users[i].Name == p.userName })
	before := p.fileID
	p.mark()
	if p.inside && p.fileID != before {
		p.inside, p.within = false, ""
		if p.said = "The file is free: nobody waits for it any more."; !s.Whole() {
			p.said = "The last look was broken off, and did not come to this file."
		}
	}
	p.point(before)
}

// mark remembers what is selected.
func (p *Find) mark() {
	p.fileID, p.userName = "", ""
	if r := p.row(); r != nil {
		p.fileID = r.ID
	}
	if u := p.user(); u != nil {
		p.userName = u.Name
	}
}

// point lists the processes of what is selected; those of the file that was
// selected before keep their place.
func (p *Find) point(before string) {
	p.parties = p.all()
	if p.within != "" {
		p.parties = matching(p.parties, p.within)
	}
	if !p.inside || before != p.fileID {
		p.procs = List{}
		return
	}
	if !p.procs.find(len(p.parties), func(i int) bool { return p.parties[i].Is(&p.who) }) {
		p.procs.stand(len(p.parties), func(i int) bool { return p.parties[i].IsProcess(&p.who) })
	}
	p.remember()
}

// all are the processes of the selected file or user.
func (p *Find) all() []scene.Party {
	switch r, u := p.row(), p.user(); {
	case p.tab == files && r != nil:
		return r.Parties()
	case p.tab == users && u != nil:
		return u.Parties
	}
	return nil
}

func (p *Find) remember() {
	if it := p.party(); it != nil {
		p.who = *it
	}
}

func (p *Find) row() *scene.FileRow {
	if p.list.Cursor < 0 || p.list.Cursor >= len(p.rows) {
		return nil
	}
	return p.rows[p.list.Cursor]
}

func (p *Find) user() *scene.UserRow {
	if p.suffer.Cursor < 0 || p.suffer.Cursor >= len(p.users) {
		return nil
	}
	return p.users[p.suffer.Cursor]
}

// party is the selected process; nil: none is.
func (p *Find) party() *scene.Party {
	if !p.inside || p.procs.Cursor < 0 || p.procs.Cursor >= len(p.parties) {
		return nil
	}
	return &p.parties[p.procs.Cursor]
}

// file is what is selected, or what the selected user waits for.
func (p *Find) file() *evidence.File {
	switch r, u := p.row(), p.user(); {
	case p.tab == files && r != nil:
		return r.File
	case p.tab == users && u != nil && len(u.Rows) > 0:
		return u.Rows[0].File
	}
	return nil
}

// Selected is the process, or the first of the file or the user.
func (p *Find) Selected(*scene.Scene) scene.Target {
	t := scene.Target{File: p.file()}
	if it := p.party(); it != nil {
		t.PID = max(0, it.PID)
		return t
	}
	for i := range p.parties {
		if it := &p.parties[i]; it.PID > 0 && it.Role != scene.Opens {
			t.PID = it.PID
			break
		}
	}
	return t
}
