package page

import (
	"fmt"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/scene"
)

// everything is all that the verdict on one chain rests on, what speaks against
// it, and what was not seen.
func (p *Verdict) everything(s *scene.Scene, w int) []string {
	var rows []string
	section := func(some []string) {
		if len(rows) > 0 && len(some) > 0 {
			rows = append(rows, "")
		}
		rows = append(rows, some...)
	}
	say := func(title, text string) []string { return s.Hang(title, text, w, 12) }
	r := p.root(s)
	if r != nil {
		section(p.rootSaid(s, r, w))
	} else {
		section(append(say("Verdict", s.Text(s.Report.Summary)), say("What it means", s.VerdictMeaning())...))
	}
	if len(s.Report.Aside) > 0 {
		section(p.aside(s, w, 12))
	}
	gaps := list(s, "Not read", s.Gaps(), w)
	if len(gaps) == 0 {
		gaps = say("Not read", "nothing: all that was looked for could be read")
	}
	section(gaps)
	look := fmt.Sprintf("at %s, took %.0f ms; %s held on this machine", s.Report.Taken.Format("15:04:05"), s.Report.TookMS,
		scene.Plural(s.Report.Locks, "lock", "locks"))
	section(say("This look", look))
	if host := s.Report.Host; host.UID != 0 {
		rows = append(rows, say("", fmt.Sprintf("was taken as user %d, who may not read everything: root sees all", host.UID))...)
	}
	return rows
}

// rootSaid is what is known of one root.
func (p *Verdict) rootSaid(s *scene.Scene, r *diagnose.Root, w int) []string {
	say := func(title, text string) []string { return s.Hang(title, text, w, 12) }
	rows := say("Verdict", s.Text(r.Sentence))
	class := string(r.Class) + ", " + scene.Sure(r.Confidence)
	if n := len(s.Trees); n > 1 {
		class += fmt.Sprintf("; chain %s of %s", evidence.Thousands(p.chain()+1), evidence.Thousands(n))
	}
	rows = append(rows, say("Class", class)...)
	rows = append(rows, say("What it means", scene.Meaning(r.Class))...)
	rows = append(rows, "")
	rows = append(rows, list(s, "How we know", s.Why(r, false), w)...)
	switch {
	case r.Doubt != "":
		rows = append(rows, say("To be sure", s.Text(r.Doubt))...)
	case r.Confidence == diagnose.Certain:
		rows = append(rows, say("To be sure", "nothing more is needed: each line above was read from the kernel")...)
	}
	if line := s.Impact(r.Impact); line != "" {
		rows = append(append(rows, ""), say("Who suffers", line)...)
	}
	rows = append(rows, "")
	for i, a := range r.Advice {
		rows = append(rows, say(onlyFirst(i, "Safe to do"), s.Advice(a))...)
		rows = append(rows, commandRows(s, a.Command, a.Then, w)...)
	}
	return rows
}
