package page

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/keys"
	"cyrlock/ui/scene"
)

// Find lists the files that somebody waits for, and finds any other by user
// or path.
type Find struct {
	List
	rows    []scene.FileRow
	id      string // of the selected file
	filter  string
	editing bool
	asked   *evidence.Query // a search under way
	answer  *Searched       // the last one
	height  int
}

func (p *Find) About() string {
	return "Which files are fought over, and by whom. Type / and a user or a part of a path to narrow the list; enter asks the machine who has that user's seen file, or that file, open."
}

func (p *Find) Keys(s *scene.Scene) []key.Binding {
	if p.editing {
		return []key.Binding{keys.Named(s.Keys.Enter, "search the machine"), keys.Named(s.Keys.Back, "leave"), s.Keys.Cut}
	}
	return []key.Binding{keys.Named(s.Keys.Enter, "stacks"), s.Keys.Filter}
}

func (p *Find) Refresh(s *scene.Scene) {
	if p.answer != nil && p.answer.Query != queryFor(p.filter) {
		p.answer = nil // it was about something else
	}
	var found *diagnose.Report
	if p.answer != nil {
		found = &p.answer.Report
	}
	p.rows = scene.FileRows(s, p.filter, found)
	for i, r := range p.rows {
		if r.ID == p.id {
			p.Cursor = i
			return
		}
	}
	p.Cursor = max(0, min(p.Cursor, len(p.rows)-1))
	p.mark()
}

func (p *Find) mark() {
	if r := p.row(); r != nil {
		p.id = r.ID
	}
}

func (p *Find) row() *scene.FileRow {
	if p.Cursor < 0 || p.Cursor >= len(p.rows) {
		return nil
	}
	return &p.rows[p.Cursor]
}

// Found takes the answer of a search; an older one is dropped.
func (p *Find) Found(s *scene.Scene, a Searched) {
	if p.asked == nil || *p.asked != a.Query {
		return
	}
	p.asked, p.answer = nil, &a
	p.Refresh(s)
}

func (p *Find) Selected(*scene.Scene) scene.Target {
	r := p.row()
	if r == nil {
		return scene.Target{}
	}
	t := scene.Target{File: r.File}
	switch {
	case len(r.File.Holders) > 0 && r.File.Holders[0].PID != 0:
		t.PID = r.File.Holders[0].PID
	case len(r.File.Waiters) > 0:
		t.PID = r.File.Waiters[0].PID
	}
	return t
}

func (p *Find) Press(s *scene.Scene, k tea.KeyMsg) Action {
	switch {
	case keys.Is(k, s.Keys.Filter):
		p.editing = true
	case keys.Is(k, s.Keys.Back):
		if p.filter == "" && p.answer == nil {
			return Back{}
		}
		p.filter, p.answer, p.asked = "", nil, nil
		p.Refresh(s)
	case keys.Is(k, s.Keys.Enter):
		if t := p.Selected(s); t.PID != 0 {
			return GoTo{StepStacks, t.PID}
		}
	default:
		if p.List.Press(k, s.Keys, len(p.rows), p.height) {
			p.mark()
		}
	}
	return nil
}

// Search asks the machine about a user or a file.
func (p *Find) Search(s *scene.Scene, text string) Action {
	p.filter, p.answer = text, nil
	q := queryFor(text)
	p.asked = &q
	p.Refresh(s)
	return Ask{q}
}

// Editing tells whether the filter is being typed.
func (p *Find) Editing() bool { return p.editing }

// Edit takes keys while the filter is typed.
func (p *Find) Edit(s *scene.Scene, k tea.KeyMsg) Action {
	switch {
	case keys.Is(k, s.Keys.Back):
		p.editing = false
	case keys.Is(k, s.Keys.Enter):
		p.editing = false
		if p.filter == "" {
			p.answer = nil
			break
		}
		q := queryFor(p.filter)
		p.asked = &q
		return Ask{q}
	case keys.Is(k, s.Keys.Erase):
		if r := []rune(p.filter); len(r) > 0 {
			p.filter = string(r[:len(r)-1])
		}
	case keys.Is(k, s.Keys.Cut):
		p.filter = ""
	case k.Type == tea.KeyUp, k.Type == tea.KeyDown:
		p.editing = false
		return p.Press(s, k)
	case k.Type == tea.KeySpace, k.Type == tea.KeyRunes && !k.Alt:
		const most = 1024
		if len(p.filter) < most {
			p.filter += Printable(string(k.Runes))
		}
	}
	p.Refresh(s)
	return nil
}

// Printable drops what a paste may bring and no name has.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return -1
		}
		return r
	}, s)
}

func (p *Find) View(s *scene.Scene, w, h int) []string {
	rows := []string{p.question(s, w), ""}
	if note := p.answered(s); note != "" {
		rows = append(rows, " "+note, "")
	}
	if len(p.rows) == 0 {
		return append(rows, " No file that somebody waits for"+p.matching(s)+".", " / and a user or a path, then enter, searches all that is open.")
	}
	under := min(max(4, h/2), 3+p.row().Parties())
	if cramped(h) {
		under = min(4, under)
		rows = rows[:1]
	}
	p.height = max(1, min(len(p.rows), h-len(rows)-under-3))
	rows = append(rows, "  "+s.Dim.Render(fileColumns(s, w-2, p.longest(s), " FILE", "KIND", "HOLDER", "WAIT", "OLDEST", "")))
	from, to := p.window(len(p.rows), p.height)
	for i := from; i < to; i++ {
		rows = append(rows, s.Row(" "+drawFile(&p.rows[i], s, w-2, p.longest(s)), i == p.Cursor, w))
	}
	if room := h - len(rows) - 2; room > 2 {
		rows = append(append(rows, ""), p.parties(s, w, room-1)...)
	}
	for len(rows) < h-1 {
		rows = append(rows, "")
	}
	same := scene.Commands(scene.Target{File: p.row().File}, nil)
	return append(rows, s.Dim.Render(" same as:  ")+s.Text(same[0].Line))
}

// question is the filter, and how much there is on the machine.
func (p *Find) question(s *scene.Scene, w int) string {
	text := " User or file: " + s.Text(p.filter)
	if p.editing {
		text = s.Strong.Render(text + "_")
	} else if p.filter == "" {
		text = s.Dim.Render(text + "/ to type")
	}
	fought := 0
	for i := range s.Report.Files {
		if scene.Contended(&s.Report.Files[i]) {
			fought++
		}
	}
	return s.Ends(text, fmt.Sprintf("%s waited for, of %s ", evidence.Thousands(fought), scene.Plural(s.Report.Locks, "lock", "locks")), w)
}

// answered says what the search of the machine brought.
func (p *Find) answered(s *scene.Scene) string {
	switch {
	case p.asked != nil:
		return "Searching all open files" + s.Dots
	case p.answer == nil:
		return ""
	case p.answer.Err != nil:
		return s.Bad.Render("The search failed: ") + s.Text(scene.FirstLine(p.answer.Err))
	case len(p.answer.Report.Files) == 0:
		return "No process has " + s.Text(p.answer.Query.User+p.answer.Query.File) + " open, or a lock on it."
	}
	return ""
}

// longest is the width of the longest file name: wide screens need no more.
func (p *Find) longest(s *scene.Scene) int {
	const most = 200 // rows asked
	n := 20
	for _, r := range p.rows[:min(len(p.rows), most)] {
		n = max(n, ansi.StringWidth(s.FileName(r.File)))
	}
	return n
}

func (p *Find) matching(s *scene.Scene) string {
	if p.filter == "" {
		return ""
	}
	return " matches " + s.Text(p.filter)
}

func (p *Find) Copy(s *scene.Scene) string {
	if r := p.row(); r != nil && r.File.Path != "" {
		return evidence.Clean(r.File.Path) // pasted, control characters would act
	}
	return ""
}
