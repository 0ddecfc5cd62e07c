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
	r := p.root(s)
	if r == nil {
		return p.nothing(s, w, h)
	}
	small := cramped(h)
	rows := p.heading(s, r, w)
	if !small {
		rows = append(rows, "")
	}
	list := min(len(p.choices), max(1, h/3))
	from, to := p.window(len(p.choices), list)
	for i := from; i < to; i++ {
		rows = append(rows, s.Row(p.choiceRow(s, i, w-2), i == p.Cursor, w))
	}
	if !small {
		rows = append(rows, "")
	}
	rows = append(rows, s.Dim.Render(s.Rule+" preview "+strings.Repeat(s.Rule, max(0, w-10))))
	return append(rows, p.preview(s, min(w, draw.Sight), h-len(rows))...)
}

// heading says which hang it is about.
func (p *Fix) heading(s *scene.Scene, r *diagnose.Root, w int) []string {
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
		who += ", " + scene.Plural(n, "waits", "wait") + " behind it"
		if r.Class == diagnose.Cycle {
			who = strings.TrimSuffix(who, "it") + "them"
		}
	}
	if n := len(s.Trees); n > 1 {
		who += fmt.Sprintf(" (chain %s of %s)", evidence.Thousands(p.chain+1), evidence.Thousands(n))
	}
	rows := s.Wrap(who, min(w, draw.Sight)-2, 2)
	for i := range rows {
		rows[i] = " " + s.Strong.Render(rows[i])
	}
	return rows
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
	if w < draw.RoomyWidth {
		rows := append(s.Hang("", c.Why, w, max(1, h-2)), commandRows(s, c.Command, w)...)
		return rows[:min(len(rows), h)]
	}
	n := len(c.Preview)
	all := newParts(n+2, h)
	end := []string{" cyrlock does not run it: y copies the command"}
	if c.Command == "" {
		end = []string{" there is nothing to type for this"}
	}
	all.offer(n+1, end)
	all.offer(n, commandRows(s, c.Command, w))
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

// nothing is what to see where nobody waits: what to do before the next hang.
func (p *Fix) nothing(s *scene.Scene, w, h int) []string {
	w = min(w, draw.Sight)
	text := "Nothing to fix: nobody waits for a file lock of the mail server."
	if s.Report.Verdict == diagnose.Unknown {
		text = "Nothing can be advised: too little could be seen. " + s.Text(s.Report.Summary)
	}
	var rows []string
	for _, row := range s.Wrap(text, w-2, 3) {
		rows = append(rows, " "+s.Strong.Render(row))
	}
	rows = append(rows, "")
	for i, advice := range s.NextTime() {
		rows = append(rows, s.Hang(onlyFirst(i, "For next time"), "- "+advice, w, 3)...)
	}
	return rows[:min(len(rows), h)]
}
