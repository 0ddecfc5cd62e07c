package plain

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"cyrlock/evidence"
	"cyrlock/ui/scene"
)

// exactLimit bounds an attachment.
const exactLimit = 10 * time.Second

// stopper is the machine if it can attach, and may.
func (s *session) stopper() Stopper {
	m, ok := s.machine.(Stopper)
	if !ok || s.options.ReadOnly || s.recorded() {
		return nil
	}
	return m
}

func (s *session) exactChoice() string {
	if s.stopper() == nil {
		return ""
	}
	return ", x: an exact stack"
}

// exact attaches to the process that was heard of last, if the word is typed.
func (s *session) exact() error {
	m, p := s.stopper(), s.Proc(s.target.PID)
	switch {
	case s.options.ReadOnly:
		s.say("Not done: this is read-only, and an exact stack stops the process.")
		return nil
	case m == nil:
		s.say("There is no process to attach to: this is not a live machine.")
		return nil
	case p == nil:
		s.say("Which process? Say a stack or a process first, by its number; then x.")
		return nil
	}
	who := scene.Who{PID: p.PID, Start: p.Start}
	costs, cannot := s.Cost(who)
	if cannot != "" {
		s.say("No exact stack: %s.", s.Text(cannot))
		return nil
	}
	s.say("An exact stack of %s is taken by attaching to it. What that costs:", s.Name(p.PID))
	for _, c := range costs {
		lead := "Cost: "
		switch {
		case c.Warns:
			lead = "WARNING: "
		case c.Kind == "gain":
			lead = ""
		}
		s.say("%s%s", lead, s.Text(c.Text))
	}
	text, err := s.ask("Type the word attach to do it, anything else leaves it alone:")
	if err != nil {
		return err
	}
	if !strings.EqualFold(text, "attach") { // not a word that asked for this question
		s.say("Not done: %s was left alone.", s.Name(p.PID))
		return nil
	}
	seen, err := s.attach(m, p)
	switch {
	case errors.Is(err, errEnd):
		s.counts(seen)
		return err
	case err != nil:
		s.say("%s.", capital(s.Text(scene.FirstLine(err))))
	}
	s.counts(seen)
	s.Scene = s.With(seen, s.now())
	taken, _ := s.Exact(scene.Who{PID: seen.PID, Start: seen.Start})
	for i := range taken.Process.Threads { // of one that failed, what there is
		t := &taken.Process.Threads[i]
		s.say("%s of %s, thread %d, exact, the innermost first.", evidence.Plural(len(t.Frames), "frame", "frames"), s.Name(p.PID), t.TID)
		s.frames(t)
	}
	return nil
}

// counts notes a process that was really stopped.
func (s *session) counts(p evidence.Process) {
	if slices.ContainsFunc(p.Threads, func(t evidence.Thread) bool { return t.Method == "stop" || t.StopUS > 0 }) {
		s.did++
		s.deeds = append(s.deeds, fmt.Sprintf("%s attached to %s for an exact stack, and let it go", clock(s.now()), s.Name(p.PID)))
	}
}

// attach does it, away from the questions.
func (s *session) attach(m Stopper, p *evidence.Process) (evidence.Process, error) {
	type stopped struct {
		p          evidence.Process
		err, crash error
	}
	ctx, cancel := context.WithTimeout(s.ctx, exactLimit)
	defer cancel()
	back := make(chan stopped, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				back <- stopped{crash: fmt.Errorf("exact stack: internal error: %v\n%s", r, debug.Stack())}
			}
		}()
		p, err := m.Exact(ctx, p.PID, p.Start)
		back <- stopped{p, err, nil}
	}()
	select {
	case b := <-back:
		if b.crash != nil {
			return b.p, errors.Join(errEnd, b.crash)
		}
		return b.p, b.err
	case <-time.After(exactLimit + farewell):
		s.did++ // it may have been
		return evidence.Process{}, errors.New("the process did not answer")
	case <-s.ctx.Done():
		select { // it must be let go before the program ends
		case b := <-back:
			return b.p, errEnd
		case <-time.After(farewell):
			s.did++
		}
		return evidence.Process{}, errEnd
	}
}
