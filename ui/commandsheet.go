package ui

import (
	"fmt"

	"cyrlock/evidence"
	"cyrlock/ui/scene"
)

// commandSheet is two logs: what a person would have typed to see what is selected
// now, and what cyrlock itself read for this look and did on keys.
func (m *model) commandSheet() *sheet {
	out := &sheet{title: "commands"}
	say := func(text string) { out.rows = append(out.rows, sheetRow{text: text, prose: true}) }
	t := scene.Target{}
	if m.Seen {
		t = m.pages[m.step].Selected(m.Scene)
	}
	say("What a person would type to see " + m.called(t) + "; y copies a line:")
	say("")
	out.Cursor = len(out.rows) + 1 // the first command
	for _, c := range scene.Commands(t, m.Proc(t.PID)) {
		out.rows = append(out.rows, sheetRow{text: m.Dim.Render(c.Shows)}, sheetRow{text: "  $ " + m.Text(c.Line), copy: c.Line})
	}
	if m.Seen {
		say("")
		say(m.ReadingWords())
		for _, r := range m.Report.Readings {
			out.rows = append(out.rows, sheetRow{text: m.readingRow(r)})
		}
	}
	if len(m.deeds) > 0 {
		say("")
		say("What it did on your keys:")
		for _, d := range m.deeds {
			say("  " + d.at.Format("15:04:05") + " " + m.Text(d.text))
		}
	}
	return out
}

func (m *model) called(t scene.Target) string {
	switch {
	case t.PID != 0 && t.File != nil:
		return m.Name(t.PID) + " and " + m.FileName(t.File)
	case t.PID != 0:
		return m.Name(t.PID)
	case t.File != nil:
		return m.FileName(t.File)
	}
	return "this machine"
}

// readingRow is one kind of reading, counted.
func (m *model) readingRow(r evidence.Reading) string {
	row := fmt.Sprintf("  %s %s %s", m.FitRight(evidence.Thousands(r.Count), 7), m.Fit(r.How, 4), m.Text(r.What))
	if r.Failed > 0 {
		row += fmt.Sprintf("   %s in vain", evidence.Thousands(r.Failed))
	}
	return row
}
