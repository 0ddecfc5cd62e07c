package scene

import (
	"cmp"
	"fmt"
	"strings"

	"cyrlock/fix"
)

// What is going to be done, and what was done, in words.

// Plan is a plan before it is carried out: what it does and to whom, what it costs,
// then how. dir is where the receipt will be.
func (s *Scene) Plan(p fix.Plan, dir string) []Said {
	var out []Said
	say := func(title, text string) {
		if text != "" {
			out = append(out, Said{title, s.Text(text)})
		}
	}
	say("What", p.What)
	if whom := s.touched(p); whom != "" {
		out = append(out, Said{"To whom", whom})
	}
	for _, w := range p.Warnings {
		say("Warning", w)
	}
	say("Why", p.Why)
	for i, c := range p.Changes {
		say(title(i, "Steps"), fmt.Sprintf("%d. %s", i+1, c.Text))
	}
	if b := p.Basis; b != nil {
		say("Seen", fmt.Sprintf("at %s: %s", b.Taken.Format("15:04:05"), b.Summary))
	}
	say("Receipt", receiptWords(p, dir))
	return out
}

// receiptWords say what will be in the receipt.
func receiptWords(p fix.Plan, dir string) string {
	switch {
	case dir == "":
		return ""
	case p.Capture != nil:
		return "in " + dir + ", and with it all that was seen, before the first step"
	}
	return "in " + dir + ", with each file as it was before"
}

// touched are the processes that steps are about, with what tells them from later
// ones of the same pid.
func (s *Scene) touched(p fix.Plan) string {
	var out []string
	told := map[int]bool{}
	for _, c := range p.Changes {
		if c.Act == nil || told[c.Act.PID] {
			continue
		}
		told[c.Act.PID] = true
		if now := s.Proc(c.Act.PID); now != nil && now.Start == c.Act.Start {
			out = append(out, s.person(c.Act.PID))
		} else {
			out = append(out, fmt.Sprintf("process %d", c.Act.PID))
		}
	}
	const most = 4
	if more := len(out) - most; more > 0 {
		out = append(out[:most], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, "; ")
}

// title is a heading for the first of several lines.
func title(i int, text string) string {
	if i > 0 {
		return ""
	}
	return text
}

// Undoing is what taking back a receipt would do, the last step first.
func (s *Scene) Undoing(r fix.Receipt) []Said {
	out := []Said{{"What", fmt.Sprintf("Receipt %d of %s is taken back: %s. What somebody has changed since is left alone.", r.ID, s.clock(r.Began), s.Text(r.Plan.Title))}}
	n := 0
	for i := len(r.Steps) - 1; i >= 0; i-- {
		c, state := r.Plan.Changes[i], r.Steps[i].State
		word := ""
		switch {
		case state == fix.StepUndone:
			continue
		case c.Act != nil:
			word = "cannot be undone: "
		case state == fix.StepPlanned:
			word = "was not begun: "
		case state != fix.StepDone:
			word = "if it was done: "
		}
		out = append(out, Said{title(n, "Take back"), s.Text(word + c.Text)})
		n++
	}
	return out
}

// Steps are how far a receipt has come.
func (s *Scene) Steps(r fix.Receipt) []Said {
	var out []Said
	for i, step := range r.Steps {
		text := r.Plan.Changes[i].Text
		if step.Said != "" {
			text += ": " + step.Said
		}
		out = append(out, Said{string(step.State), s.Text(text)})
	}
	return out
}

// A Fixed is how something ended that was done about a hang.
type Fixed struct {
	Word string // "PROOF", "NOT CURED", "DONE", "UNDONE", "NOT DONE", "FAILED"
	Good bool
	Text string
	More []Said
}

// Fixed says how it ended. undo: it was to take a receipt back, back is how to take it
// back now.
func (s *Scene) Fixed(r fix.Receipt, undo bool, problem error, back string) Fixed {
	var out Fixed
	switch proof := r.Proof; {
	case problem != nil && proof == nil:
		out = Fixed{Word: "NOT DONE", Text: s.Text(problem.Error())}
		for _, step := range r.Steps {
			if step.State != fix.StepPlanned && step.State != fix.StepUndone { // it had begun
				out.Word = "FAILED"
			}
		}
	case undo:
		out = Fixed{Word: "UNDONE", Good: true, Text: "it is as it was before."}
	case proof == nil:
		out = Fixed{Word: "DONE", Good: true, Text: s.Text(r.Plan.What)}
	default:
		word := map[bool]string{true: "PROOF", false: "NOT CURED"}[proof.Good]
		if r.Plan.Kind == "source" && !proof.Good {
			word = "NOT PROVED"
		}
		out = Fixed{Word: word, Good: proof.Good, Text: s.Text(proof.Sentence)}
		for _, line := range proof.Lines {
			out.More = append(out.More, Said{"", s.Text(line)})
		}
		if problem != nil {
			out.More = append(out.More, Said{"But", s.Text(problem.Error())})
		}
	}
	if r.ID == 0 {
		return out
	}
	if !undo && r.Saved != "" {
		out.More = append(out.More, Said{"Evidence", "cyrlock open " + s.Text(r.Saved)})
	}
	switch {
	case undo && problem == nil, r.State == fix.Failed && !r.CanUndo():
		return out
	case !r.CanUndo():
		back = "what was done to a process cannot be taken back"
	}
	out.More = append(out.More, Said{"Undo", s.Text(back)})
	return out
}

// Named is a title with a capital letter.
func (s *Scene) Named(title string) string {
	title = s.Text(cmp.Or(title, "it"))
	return strings.ToUpper(title[:1]) + title[1:]
}
