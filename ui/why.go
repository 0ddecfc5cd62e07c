package ui

import (
	"fmt"
	"slices"
	"strings"

	"cyrlock/diagnose"
)

// evidence lists everything the verdict on one chain rests on, and what speaks
// against it.
func (p *verdictPage) evidence(s *scene, w int) []string {
	var rows []string
	say := func(title, text string) { rows = append(rows, s.hang(title, text, w, 8)...) }
	if r := p.root(s); r != nil {
		for _, row := range s.wrap(r.Sentence, w-2, 8) {
			rows = append(rows, " "+s.strong.Render(row))
		}
		rows = append(rows, "")
		say("Class", string(r.Class)+", "+sureWords(r.Confidence))
		for i, why := range r.Why {
			say(onlyFirst(i, "How we know"), why)
		}
		if r.Doubt != "" {
			say("In doubt", r.Doubt)
		} else if r.Confidence == diagnose.Certain {
			say("In doubt", "nothing: each line above was read from the kernel")
		}
		for _, line := range impactWords(s, r.Impact.Users, r.Impact.Mailboxes, r.Impact.Services, r.Impact.Full) {
			say("Who suffers", line)
		}
		for i, a := range r.Advice {
			say(onlyFirst(i, "Safe to do"), adviceWords(s, a, r.PID))
			if a.Command != "" {
				say("", a.Command)
			}
		}
	} else {
		say("Verdict", s.report.Summary)
	}
	for i, g := range s.report.Gaps {
		say(onlyFirst(i, "Not read"), gapWords(s, g))
	}
	say("This look", fmt.Sprintf("took %.0f ms; %s held on this machine", s.report.TookMS, plural(s.report.Locks, "lock", "locks")))
	return rows
}

func onlyFirst(i int, title string) string {
	if i == 0 {
		return title
	}
	return ""
}

// impactWords say what the waiting means for people.
func impactWords(s *scene, users, mailboxes []string, services map[string]int, full []string) []string {
	var parts []string
	if len(users) > 0 {
		parts = append(parts, plural(len(users), "user: ", "users: ")+s.some(users))
	}
	if len(mailboxes) > 0 {
		parts = append(parts, plural(len(mailboxes), "mailbox: ", "mailboxes: ")+s.some(mailboxes))
	}
	var names []string
	for name := range services {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		names[i] = fmt.Sprintf("%d %s", services[name], name)
	}
	if len(names) > 0 {
		parts = append(parts, "waiting: "+s.some(names))
	}
	if len(full) > 0 {
		parts = append(parts, "FULL, nobody new is served: "+s.some(full))
	}
	if len(parts) == 0 {
		return nil
	}
	return []string{strings.Join(parts, "; ")}
}

// some lists the first few.
func (s *scene) some(names []string) string {
	const few = 6
	out := make([]string, 0, few)
	for i, name := range names {
		if i == few {
			return strings.Join(out, ", ") + fmt.Sprintf(" and %d more", len(names)-few)
		}
		out = append(out, s.text(name))
	}
	return strings.Join(out, ", ")
}

// copy is the report of one chain as plain text.
func (p *verdictPage) copy(s *scene) string {
	const width = 100
	rows := p.said(s, width, 8)
	for i := range p.nodes {
		if i == 200 {
			rows = append(rows, fmt.Sprintf("... %d more rows", len(p.nodes)-i))
			break
		}
		rows = append(rows, p.nodeRow(s, &p.nodes[i], width))
	}
	return plainText(append(rows, p.evidence(s, width)...))
}
