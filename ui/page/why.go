package page

import (
	"fmt"

	"cyrlock/diagnose"
	"cyrlock/ui/draw"
	"cyrlock/ui/scene"
)

// evidence lists everything the verdict on one chain rests on, and what speaks
// against it.
func (p *Verdict) evidence(s *scene.Scene, w int) []string {
	var rows []string
	say := func(title, text string) { rows = append(rows, s.Hang(title, text, w, 8)...) }
	if r := p.root(s); r != nil {
		for _, row := range s.Wrap(r.Sentence, w-2, 8) {
			rows = append(rows, " "+s.Strong.Render(row))
		}
		rows = append(rows, "")
		say("Class", string(r.Class)+", "+scene.Sure(r.Confidence))
		for i, why := range r.Why {
			say(onlyFirst(i, "How we know"), why)
		}
		if r.Doubt != "" {
			say("In doubt", r.Doubt)
		} else if r.Confidence == diagnose.Certain {
			say("In doubt", "nothing: each line above was read from the kernel")
		}
		if line := s.Impact(r.Impact); line != "" {
			say("Who suffers", line)
		}
		for i, a := range r.Advice {
			say(onlyFirst(i, "Safe to do"), s.Advice(a, r.PID))
			if a.Command != "" {
				say("", a.Command)
			}
		}
	} else {
		say("Verdict", s.Report.Summary)
	}
	for i, g := range s.Report.Gaps {
		say(onlyFirst(i, "Not read"), s.Gap(g))
	}
	say("This look", fmt.Sprintf("took %.0f ms; %s held on this machine", s.Report.TookMS, scene.Plural(s.Report.Locks, "lock", "locks")))
	return rows
}

func onlyFirst(i int, title string) string {
	if i == 0 {
		return title
	}
	return ""
}

// Copy is the report of one chain as plain text.
func (p *Verdict) Copy(s *scene.Scene) string {
	const width = 100
	rows := p.said(s, width, 8)
	for i := range p.nodes {
		if i == 200 {
			rows = append(rows, fmt.Sprintf("... %d more rows", len(p.nodes)-i))
			break
		}
		rows = append(rows, p.nodeRow(s, &p.nodes[i], width))
	}
	return draw.PlainText(append(rows, p.evidence(s, width)...))
}
