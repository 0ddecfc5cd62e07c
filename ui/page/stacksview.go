package page

import (
	"fmt"

	"github.com/charmbracelet/x/ansi"

	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/scene"
)

// abreast is how wide a screen must be to show what enter would show beside.
const abreast = 150

// View is the places, or one of them, or one process; on a wide screen the next
// of these is beside it. What the selected row means is at the bottom.
func (p *Stacks) View(s *scene.Scene, w, h int) []string {
	if len(p.buckets) == 0 && p.depth != process {
		return []string{"", " No process waits, and none was asked for: there are no stacks to show.", " 1 Find, then / and a user or a file, looks at those who have it open."}
	}
	meaning := p.meaning(s, w, meaningRows(h))
	body := h - len(meaning)
	main, beside := p.viewPlaces, p.viewBoth
	switch p.depth {
	case members:
		main, beside = p.viewMembers, p.viewProcess
	case process:
		main, beside = p.viewProcess, nil
	}
	if w < abreast || beside == nil {
		return append(filled(main(s, w, body), body), meaning...)
	}
	left := w * 9 / 20
	// What is beside keeps its own height out of the keys, which belong to the main part.
	second := filled(beside(s, w-left-3, body), body)
	first := filled(main(s, left, body), body)
	for i := range first {
		first[i] = s.Fit(first[i], left) + " " + s.Dim.Render(s.Line) + second[i]
	}
	return append(first, meaning...)
}

// viewBoth is the selected process, and below it who else stands there.
func (p *Stacks) viewBoth(s *scene.Scene, w, h int) []string {
	rows := p.viewProcess(s, w, h)
	if b := p.mine(); b != nil && len(b.Members) > 1 && h-len(rows) > 4 {
		rows = append(append(rows, ""), p.memberRows(s, b, w, h-len(rows)-1)...)
	}
	return rows
}

// filled are rows, exactly h of them.
func filled(rows []string, h int) []string {
	for len(rows) < h {
		rows = append(rows, "")
	}
	return rows[:max(0, h)]
}

// meaningRows is how many rows the meaning takes, whatever is selected: the list
// above must not move while one goes down it.
func meaningRows(h int) int {
	if cramped(h) {
		return 0
	}
	return 5
}

// meaning says in plain words what the selected row is, after a blank row.
func (p *Stacks) meaning(s *scene.Scene, w, h int) []string {
	if h == 0 {
		return nil
	}
	rows := []string{""}
	b := p.bucket()
	t, i := p.selectedFrame(s)
	switch {
	case t == nil && (p.depth == process || b == nil):
	case t == nil:
		rows = append(rows, s.Wrap("What this means: "+s.Meaning(b, p.member(b)), w-2, h-1)...)
	default:
		f := &t.Frames[i]
		means := s.Wrap("What this means: "+s.Explain(t, i), w-2, max(1, h-3))
		if p.depth != process { // there, the frame itself is whole
			rows = append(rows, s.Wrap(fmt.Sprintf("#%d %s", i, s.Frame(f)), w-2, h-1-len(means))...)
		}
		rows = append(rows, means...)
	}
	for i := 1; i < len(rows); i++ {
		rows[i] = " " + rows[i]
	}
	return filled(rows, h)
}

// selectedFrame is the frame that the cursor is on; nil: it is on none.
func (p *Stacks) selectedFrame(s *scene.Scene) (*evidence.Thread, int) {
	switch p.depth {
	case places:
		if i := p.frame(); i >= 0 {
			return p.member(p.bucket()).Thread, i
		}
	case process:
		proc, lines := p.shownProcess(s), p.lines(s)
		if p.one.Cursor < len(lines) && lines[p.one.Cursor].frame >= 0 {
			return &proc.Threads[lines[p.one.Cursor].thread], lines[p.one.Cursor].frame
		}
	}
	return nil, 0
}

// viewPlaces lists the buckets with their frames.
func (p *Stacks) viewPlaces(s *scene.Scene, w, h int) []string {
	p.height = h - 1
	rows := []string{" " + p.summary(s, w-1)}
	list := p.strip(p.entries(), p.height, func(i int) []string { return p.entry(s, i, min(w, draw.Sight), w) })
	if p.show {
		at, _ := p.place(p.Cursor)
		list.bring(p.first[at+1] - 1)
		list.bring(p.first[at])
		p.show = false
	}
	return append(rows, list.draw()...)
}

// entry is a head or a frame, marked if it is selected. Columns end at w, a row at
// all.
func (p *Stacks) entry(s *scene.Scene, i, w, all int) []string {
	at, frame := p.place(i)
	b := &p.buckets[at]
	t := p.member(b).Thread
	var rows []string
	switch {
	case frame < 0:
		sign := s.Shut
		if p.whole[b.Key] {
			sign = s.Open
		}
		rows = []string{p.head(s, b, sign, w-1)}
	case len(t.Frames) == 0:
		rows = missingRows(s, t, w-1)
	default:
		number := p.number(b, frame)
		rows = frameRows(s, t, number, w-1, differs(b, number))
		if t.Error != "" && i == p.first[at+1]-1 {
			rows = append(rows, missingRows(s, t, w-1)...)
		}
	}
	for j := range rows {
		rows[j] = s.Row(rows[j], i == p.Cursor && j == 0, all)
	}
	return rows
}

// differs marks the frame that tells a bucket from one that looks alike.
func differs(b *scene.Bucket, frame int) string {
	if frame == b.Differs {
		return "differs from another stack"
	}
	return ""
}

// summary counts, and says how the stacks were read.
func (p *Stacks) summary(s *scene.Scene, w int) string {
	how, short := "read without stopping anything", "none stopped"
	if s.Stopped > 0 {
		how = evidence.Plural(s.Stopped, "was", "were") + " stopped for a moment"
		short = how
	}
	if n := s.Exacts(); n > 0 {
		exact := fmt.Sprintf(", %s exact", evidence.Thousands(n))
		how, short = how+exact, short+exact
	}
	processes := evidence.Plural(s.Standing, "process", "processes")
	out := fmt.Sprintf("%s, %s, %s", processes, evidence.Plural(len(p.buckets), "stack", "different stacks"), how)
	where := ""
	if at, _ := p.place(p.Cursor); p.entries() > p.height {
		where = fmt.Sprintf("stack %s of %s ", evidence.Thousands(at+1), evidence.Thousands(len(p.buckets)))
	}
	for _, less := range []string{", " + short, ""} {
		if ansi.StringWidth(out)+ansi.StringWidth(where) < w {
			break
		}
		out = processes + ", " + evidence.Plural(len(p.buckets), "stack", "stacks") + less
	}
	return s.Ends(out, where, w)
}
