package plain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"cyrlock/diagnose"
	"cyrlock/fix"
	"cyrlock/ui/scene"
)

// fixer is the one that may be asked; nil: nothing can be done from here.
func (s *session) fixer() scene.Fixer {
	if s.options.ReadOnly || s.recorded() {
		return nil
	}
	return s.options.Fixer
}

// does tells whether a choice is something that cyrlock does itself.
func (s *session) does(c choice) bool {
	return s.fixer() != nil && c.Acts()
}

// carry has a plan made of a choice, says all of it, and does it for the word alone.
func (s *session) carry(c choice) error {
	dir := ""
	for {
		if c.Action == "source" {
			text, err := s.ask("The top folder of the unpacked Cyrus source, to be read first; enter alone leaves it:")
			switch {
			case err != nil || text == "":
				return err
			case quits(text):
				return errEnd
			}
			dir = text
		}
		plan, err := s.plan(c.Advice, dir)
		switch {
		case err == nil:
			return s.askToDo(plan)
		case errors.Is(err, errEnd):
			return err
		}
		s.say("NOT DONE: %s.", strings.TrimSuffix(s.Text(scene.FirstLine(err)), "."))
		if dir == "" {
			return nil
		}
	}
}

func (s *session) plan(a diagnose.Advice, dir string) (p fix.Prepared, err error) {
	ctx, cancel := context.WithTimeout(s.ctx, scene.PrepareLimit)
	defer cancel()
	err = s.wait("Still looking, to plan it", func() (err error) {
		p, err = s.fixer().Prepare(ctx, a, dir)
		return err
	})
	return p, err
}

// askToDo says a plan, and carries it out if its word is typed.
func (s *session) askToDo(p fix.Prepared) error {
	if len(p.Changes) == 0 {
		s.say("%s", s.Text(p.What))
		return nil
	}
	s.say("The plan: %s; risk %s. Nothing is done yet.", s.Text(p.Title), s.Text(cmp.Or(p.Risk, "unknown")))
	s.sayAll(s.Scene.Plan(p.Plan, s.fixer().Receipts()))
	for _, c := range p.Changes {
		if c.File == nil || c.File.Diff == "" {
			continue
		}
		lines := strings.Split(strings.TrimSuffix(c.File.Diff, "\n"), "\n")
		s.say("What changes in %s:", s.Text(c.File.Name))
		if err := s.list(len(lines), func(i int) { s.sayWhole(s.Text(strings.ReplaceAll(lines[i], "\t", "    "))) }); err != nil {
			return err
		}
	}
	agreed, err := s.agreed(p.Word())
	if err != nil || !agreed {
		return err
	}
	return s.work(p.Title, false, func(ctx context.Context, each func(fix.Receipt)) (fix.Receipt, error) {
		return s.fixer().Carry(ctx, p, each)
	})
}

// undo takes the last receipt back of which anything can be.
func (s *session) undo() error {
	var r fix.Receipt
	err := s.wait("Still reading the receipts", func() (err error) {
		r, err = s.fixer().Undoable(s.ctx, 0)
		return err
	})
	if errors.Is(err, errEnd) {
		return err
	}
	if err != nil {
		s.say("NOT DONE: %s.", strings.TrimSuffix(s.Text(scene.FirstLine(err)), "."))
		return nil
	}
	s.sayAll(s.Undoing(r))
	agreed, err := s.agreed("UNDO")
	if err != nil || !agreed {
		return err
	}
	return s.work(fmt.Sprintf("undo receipt %d", r.ID), true, func(ctx context.Context, each func(fix.Receipt)) (fix.Receipt, error) {
		return s.fixer().Undo(ctx, r.ID, each)
	})
}

// agreed asks for the word. Another answer is one to the next question, if it can be.
func (s *session) agreed(word string) (bool, error) {
	for {
		text, err := s.ask("Type " + word + ", in capitals, to do it; anything else leaves it as it is:")
		switch {
		case err != nil:
			return false, err
		case text == word:
			return true, nil
		case strings.EqualFold(text, word):
			continue
		}
		s.say("Not done.")
		if verbFor(text, false) != nil || number(text) > 0 {
			s.kept = append([]string{text}, s.kept...)
		}
		return false, nil
	}
}

// fixOther is what may be answered in Fix besides a choice.
func (s *session) fixOther(text string) (bool, error) {
	if s.fixer() == nil || !strings.EqualFold(text, "u") && !strings.EqualFold(text, "undo") {
		return false, nil
	}
	return true, s.undo()
}

func (s *session) fixChoices() string {
	if s.fixer() == nil {
		return ""
	}
	return "u: undo"
}

// sayAll says lines with their headings; what goes on keeps that of the line before.
func (s *session) sayAll(all []scene.Said) {
	title := ""
	for _, said := range all {
		if title = cmp.Or(said.Title, title); title == "" {
			s.say("%s", said.Text)
			continue
		}
		s.say("%s: %s", title, said.Text)
	}
}
