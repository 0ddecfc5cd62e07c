package page

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/scene"
)

// View is the page.
func (p *Fix) View(s *scene.Scene, w, h int) []string {
	if p.run != nil {
		return p.runView(s, w, h)
	}
	r := p.root(s, p.chain)
	small := cramped(h)
	rows := p.heading(s, r, w)
	if !small {
		rows = append(rows, "")
	}
	room := h/2 - 1
	if small {
		room = h / 3
	}
	rows = append(rows, p.list(s, w, max(2, room), small)...)
	if !small {
		rows = append(rows, "")
	}
	below := " preview "
	if p.folder != nil {
		below = " " + p.folder.of.Title + " "
	}
	rows = append(rows, s.Dim.Render(s.Rule+below+strings.Repeat(s.Rule, max(0, w-1-ansi.StringWidth(below)))))
	if h -= len(rows); h <= 0 {
		return rows[:len(rows)+h]
	}
	if p.folder != nil {
		return append(rows, p.folder.view(s, min(w, draw.Sight), h)...)
	}
	return append(rows, p.preview(s, min(w, draw.Sight), h)...)
}

// list is the choices in at most h rows, those for this hang apart from those against
// the next one.
func (p *Fix) list(s *scene.Scene, w, h int, small bool) []string {
	now, later := " For this hang, now", " Against the next one"
	if p.id == "" {
		now, later = " Now", " Against the next hang"
	}
	var rows []string
	at, next := 0, false
	for i := range p.choices {
		if is := p.choices[i].When == diagnose.Next; !small && (i == 0 || is != next) {
			title := now
			if next = is; is {
				title = later
			}
			rows = append(rows, s.Dim.Render(title))
		}
		if i == p.Cursor {
			at = len(rows)
		}
		rows = append(rows, s.Row(p.choiceRow(s, i, w-2), i == p.Cursor, w))
	}
	l := List{at, p.Top}
	from, to := l.window(len(rows), h)
	if from == 1 && at < h { // the title of the first group
		from, to = 0, h
	}
	p.Top = from
	return rows[from:to]
}

// heading says which hang it is about, or that there is none.
func (p *Fix) heading(s *scene.Scene, r *diagnose.Root, w int) []string {
	who := "Nothing to fix: nobody waits for a file lock of the mail server."
	switch {
	case r != nil:
		who = p.who(s, r)
	case s.Report.Verdict == diagnose.Unknown:
		who = "Nothing can be advised: too little could be seen. " + s.Text(s.Report.Summary)
	}
	rows := s.Wrap(who, min(w, draw.Sight)-2, 3)
	for i := range rows {
		rows[i] = " " + s.Strong.Render(rows[i])
	}
	return rows
}

// who holds what, and how many wait for it.
func (p *Fix) who(s *scene.Scene, r *diagnose.Root) string {
	what := s.Short(r.File)
	if f := s.Trees[p.chain].File; f != nil {
		what = s.Text(diagnose.FileName(*f))
	}
	who := s.Name(r.PID) + " holds " + what
	switch {
	case r.PID == 0:
		who = "nobody that can be seen holds " + what
	case r.Class == diagnose.Cycle:
		who = fmt.Sprintf("%d processes wait for each other", len(r.Members))
	case r.Class == diagnose.SelfDeadlock:
		who = s.Name(r.PID) + " waits for itself"
	case len(r.Members) > 1:
		who = fmt.Sprintf("%d processes hold %s", len(r.Members), what)
	}
	if n := len(r.Victims); n > 0 {
		who += ", " + evidence.Plural(n, "waits", "wait") + " behind it"
		if r.Class == diagnose.Cycle {
			who = strings.TrimSuffix(who, "it") + "them"
		}
	}
	if n := len(s.Trees); n > 1 {
		who += fmt.Sprintf(" (chain %s of %s)", evidence.Thousands(p.chain+1), evidence.Thousands(n))
	}
	return who
}

// choiceRow is one choice: what, whether it helps, what it risks, whom it frees.
func (p *Fix) choiceRow(s *scene.Scene, i, w int) string {
	c := &p.choices[i]
	what := fmt.Sprintf("%d %s", i+1, c.Title)
	if w < draw.RoomyWidth {
		return s.Ends(what, c.Effect+", risk "+c.Risk, w)
	}
	name := 0
	for _, c := range p.choices {
		name = max(name, 2+ansi.StringWidth(c.Title))
	}
	name = min(name, w/2)
	return s.Fit(what, name) + "  " + s.Fit(c.Effect, 9) + "  risk " + s.Fit(c.Risk, 7) + "  " + s.Fit(c.Why, min(w, draw.Sight)-name-29)
}

// preview is what the selected choice does, in h rows: what to type and whom it
// costs something first.
func (p *Fix) preview(s *scene.Scene, w, h int) []string {
	c := p.choice()
	if c == nil || h <= 0 {
		return nil
	}
	command := s.Hang("", s.Text(c.Command), w, 3)
	for i := range command {
		command[i] = s.Strong.Render(command[i])
	}
	if c.Command == "" {
		command = nil
	}
	if p.id == "" && c.When == diagnose.Now { // nothing hangs: there is only something to read
		var rows []string
		for _, said := range c.Preview {
			rows = append(rows, s.Hang(said.Title, said.Text, w, 3)...)
		}
		return rows[:min(len(rows), h)]
	}
	if w < draw.RoomyWidth {
		rows := append(s.Hang("", c.Why, w, max(1, h-1-len(command))), command...)
		return rows[:min(len(rows), h)]
	}
	n := len(c.Preview)
	all := newParts(n+2, h)
	all.offer(n+1, []string{" " + p.hint(c)})
	all.offer(n, command)
	for i, said := range slices.Backward(c.Preview) { // what it costs before how it works
		all.offer(i, s.Hang(said.Title, said.Text, w, 4))
	}
	for _, at := range []int{n, n + 1} {
		if rows := all.rows[at]; len(rows) > 0 {
			all.offer(at, append([]string{""}, rows...))
		}
	}
	return all.all()
}

// hint says how to go on from the preview.
func (p *Fix) hint(c *scene.Choice) string {
	switch {
	case c.Command == "":
		return "there is nothing to type for this"
	case p.does(c):
		return "enter shows the whole plan and asks; nothing is done before that"
	case p.cannot != "" && c.Acts():
		return p.cannot + ": y copies the command"
	}
	return "cyrlock does not run it: y copies the command"
}
