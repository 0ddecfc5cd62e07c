package ui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"cyrlock/evidence"
)

// findPage lists the files that somebody waits for, and finds any other by user
// or path.
type findPage struct {
	list
	rows    []fileRow
	id      string // of the selected file
	filter  string
	editing bool
	asked   *evidence.Query // a search under way
	answer  *searched       // the last one
	height  int
}

func (p *findPage) about() string {
	return "Which files are fought over, and by whom. Type / and a user or a part of a path to narrow the list; enter asks the machine who has that user's seen file, or that file, open."
}

func (p *findPage) keys(s *scene) []key.Binding {
	if p.editing {
		return []key.Binding{named(s.keys.Enter, "search the machine"), named(s.keys.Back, "leave"), s.keys.Cut}
	}
	return []key.Binding{named(s.keys.Enter, "stacks"), s.keys.Filter}
}

func (p *findPage) refresh(s *scene) {
	if p.answer != nil && p.answer.query != queryFor(p.filter) {
		p.answer = nil // it was about something else
	}
	p.rows = fileRows(s, p.filter, p.answer)
	for i, r := range p.rows {
		if r.id == p.id {
			p.cursor = i
			return
		}
	}
	p.cursor = max(0, min(p.cursor, len(p.rows)-1))
	p.mark()
}

func (p *findPage) mark() {
	if r := p.row(); r != nil {
		p.id = r.id
	}
}

func (p *findPage) row() *fileRow {
	if p.cursor < 0 || p.cursor >= len(p.rows) {
		return nil
	}
	return &p.rows[p.cursor]
}

// found takes the answer of a search; an older one is dropped.
func (p *findPage) found(s *scene, a searched) {
	if p.asked == nil || *p.asked != a.query {
		return
	}
	p.asked, p.answer = nil, &a
	p.refresh(s)
}

func (p *findPage) selected(*scene) target {
	r := p.row()
	if r == nil {
		return target{}
	}
	t := target{file: r.file}
	switch {
	case len(r.file.Holders) > 0 && r.file.Holders[0].PID != 0:
		t.pid = r.file.Holders[0].PID
	case len(r.file.Waiters) > 0:
		t.pid = r.file.Waiters[0].PID
	}
	return t
}

func (p *findPage) press(s *scene, k tea.KeyMsg) action {
	switch {
	case is(k, s.keys.Filter):
		p.editing = true
	case is(k, s.keys.Back):
		if p.filter == "" && p.answer == nil {
			return back{}
		}
		p.filter, p.answer, p.asked = "", nil, nil
		p.refresh(s)
	case is(k, s.keys.Enter):
		if t := p.selected(s); t.pid != 0 {
			return goTo{stepStacks, t.pid}
		}
	default:
		if p.list.press(k, s.keys, len(p.rows), p.height) {
			p.mark()
		}
	}
	return nil
}

// edit takes keys while the filter is typed.
func (p *findPage) edit(s *scene, k tea.KeyMsg) action {
	switch {
	case is(k, s.keys.Back):
		p.editing = false
	case is(k, s.keys.Enter):
		p.editing = false
		if p.filter == "" {
			p.answer = nil
			break
		}
		q := queryFor(p.filter)
		p.asked = &q
		return ask{q}
	case is(k, s.keys.Erase):
		if r := []rune(p.filter); len(r) > 0 {
			p.filter = string(r[:len(r)-1])
		}
	case is(k, s.keys.Cut):
		p.filter = ""
	case k.Type == tea.KeyUp, k.Type == tea.KeyDown:
		p.editing = false
		return p.press(s, k)
	case k.Type == tea.KeySpace, k.Type == tea.KeyRunes && !k.Alt:
		const most = 1024
		if len(p.filter) < most {
			p.filter += printable(string(k.Runes))
		}
	}
	p.refresh(s)
	return nil
}

// printable drops what a paste may bring and no name has.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return -1
		}
		return r
	}, s)
}

func (p *findPage) view(s *scene, w, h int) []string {
	rows := []string{p.question(s, w), ""}
	if note := p.answered(s); note != "" {
		rows = append(rows, " "+note, "")
	}
	if len(p.rows) == 0 {
		return append(rows, " No file that somebody waits for"+p.matching(s)+".", " / and a user or a path, then enter, searches all that is open.")
	}
	under := min(max(4, h/2), 3+p.row().parties())
	if cramped(h) {
		under = min(4, under)
		rows = rows[:1]
	}
	p.height = max(1, min(len(p.rows), h-len(rows)-under-3))
	rows = append(rows, "  "+s.dim.Render(s.fileColumns(w-2, p.longest(s), " FILE", "KIND", "HOLDER", "WAIT", "OLDEST", "")))
	from, to := p.window(len(p.rows), p.height)
	for i := from; i < to; i++ {
		rows = append(rows, s.row(" "+p.rows[i].draw(s, w-2, p.longest(s)), i == p.cursor, w))
	}
	if room := h - len(rows) - 2; room > 2 {
		rows = append(append(rows, ""), p.parties(s, w, room-1)...)
	}
	for len(rows) < h-1 {
		rows = append(rows, "")
	}
	same := commands(target{file: p.row().file}, nil)
	return append(rows, s.dim.Render(" same as:  ")+s.text(same[0].line))
}

// question is the filter, and how much there is on the machine.
func (p *findPage) question(s *scene, w int) string {
	text := " User or file: " + s.text(p.filter)
	if p.editing {
		text = s.strong.Render(text + "_")
	} else if p.filter == "" {
		text = s.dim.Render(text + "/ to type")
	}
	fought := 0
	for i := range s.report.Files {
		if contended(&s.report.Files[i]) {
			fought++
		}
	}
	return s.ends(text, fmt.Sprintf("%s waited for, of %s ", evidence.Thousands(fought), plural(s.report.Locks, "lock", "locks")), w)
}

// answered says what the search of the machine brought.
func (p *findPage) answered(s *scene) string {
	switch {
	case p.asked != nil:
		return "Searching all open files" + s.dots
	case p.answer == nil:
		return ""
	case p.answer.err != nil:
		return s.bad.Render("The search failed: ") + s.text(firstLine(p.answer.err))
	case len(p.answer.report.Files) == 0:
		return "No process has " + s.text(p.answer.query.User+p.answer.query.File) + " open, or a lock on it."
	}
	return ""
}

// longest is the width of the longest file name: wide screens need no more.
func (p *findPage) longest(s *scene) int {
	const most = 200 // rows asked
	n := 20
	for _, r := range p.rows[:min(len(p.rows), most)] {
		n = max(n, ansi.StringWidth(s.fileName(r.file)))
	}
	return n
}

func (p *findPage) matching(s *scene) string {
	if p.filter == "" {
		return ""
	}
	return " matches " + s.text(p.filter)
}

func (p *findPage) copy(s *scene) string {
	if r := p.row(); r != nil && r.file.Path != "" {
		return evidence.Clean(r.file.Path) // pasted, control characters would act
	}
	return ""
}
