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
	say := func(title, text string) []string { return s.Hang(title, text, w, 12) }
	var rows []string
	section := func(some []string) {
		if len(rows) > 0 && len(some) > 0 {
			rows = append(rows, "")
		}
		rows = append(rows, some...)
	}
	r := p.root(s)
	if r != nil {
		section(p.rootSaid(s, r, w))
	} else {
		section(append(say("Verdict", s.Text(s.Report.Summary)), say("What it means", s.VerdictMeaning())...))
	}
	section(p.known(s, r, w))
	if r != nil {
		section(say("Who suffers", s.Impact(r.Impact)))
		section(p.everySafe(s, r, w))
	}
	section(p.aside(s, w, 12))
	look := fmt.Sprintf("at %s, took %.0f ms; %s held on this machine", s.Report.Taken.Format("15:04:05"), s.Report.TookMS,
		evidence.Plural(s.Report.Locks, "lock", "locks"))
	section(say("This look", look))
	return rows
}

// known is each piece of evidence, what would make it sure, and what was not seen.
func (p *Verdict) known(s *scene.Scene, r *diagnose.Root, w int) []string {
	var rows []string
	if r != nil {
		rows = list(s, "How we know", s.Why(r, false), w)
		switch {
		case r.Doubt != "":
			rows = append(rows, s.Hang("To be sure", s.Text(r.Doubt), w, 12)...)
		case r.Confidence == diagnose.Certain:
			rows = append(rows, s.Hang("To be sure", "nothing more is needed: each line above was read from the kernel", w, 12)...)
		default:
			rows = append(rows, s.Hang("To be sure", "one step of this is inferred; if it looks the same in a minute (r), believe it", w, 12)...)
		}
	}
	gaps := s.Gaps()
	if len(gaps) == 0 {
		gaps = []string{"nothing: all that was looked for could be read"}
	}
	rows = append(rows, list(s, "Not read", gaps, w)...)
	if uid := s.Report.Host.UID; uid != 0 {
		rows = append(rows, s.Hang("", fmt.Sprintf("this look was user %d's, who may not read everything: root may", uid), w, 12)...)
	}
	return rows
}

// rootSaid is the verdict on one root.
func (p *Verdict) rootSaid(s *scene.Scene, r *diagnose.Root, w int) []string {
	rows := s.Hang("Verdict", s.Text(r.Sentence), w, 12)
	class := string(r.Class) + ", " + scene.Sure(r.Confidence)
	if n := len(s.Trees); n > 1 {
		class += fmt.Sprintf("; chain %s of %s", evidence.Thousands(p.chain()+1), evidence.Thousands(n))
	}
	rows = append(rows, s.Hang("Class", class, w, 12)...)
	return append(rows, s.Hang("What it means", scene.Meaning(r.Class), w, 12)...)
}
