package plain

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/scene"
)

// A sight is what a look brought.
type sight struct {
	report diagnose.Report
	scene  *scene.Scene // nil: nothing could be seen
	err    error
	crash  error // a programming error: it ends the talk
}

// errLate is that a look did not end when it was told to.
var errLate = errors.New("the machine has not answered yet")

// look asks the machine, and says so while it takes long. Nothing waits for a look
// that does not come back: it may come later, or never. next makes a scene of what
// comes, away from the questions.
func (s *session) look(q evidence.Query, next func(last *scene.Scene, r diagnose.Report, err error) *scene.Scene) (sight, error) {
	if s.late != nil {
		select {
		case <-s.late:
			s.late = nil
		default:
			return sight{err: errLate}, nil
		}
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.options.limit)
	defer cancel()
	last, back := s.Scene, make(chan sight, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				back <- sight{crash: fmt.Errorf("look: internal error: %v\n%s", r, debug.Stack())}
			}
		}()
		snapshot, err := s.machine.Look(ctx, q)
		seen := sight{report: diagnose.Diagnose(snapshot, diagnose.Options{Threshold: s.options.Threshold}), err: err}
		if !seen.report.Taken.IsZero() {
			seen.scene = next(last, seen.report, err)
		}
		back <- seen
	}()
	began, patience, given := time.Now(), time.Second, time.After(s.options.limit+farewell)
	for {
		select {
		case seen := <-back:
			return seen, seen.crash
		case <-given: // it was told to give up, and does not
			s.late = back
			return sight{err: errLate}, nil
		case <-time.After(patience):
			s.say("Still looking at the locks, for %s now.", evidence.Plural(int(time.Since(began).Round(time.Second).Seconds()), "second", "seconds"))
			patience = min(2*patience, 10*time.Second)
		case l := <-s.typed():
			s.took()
			if l.err == nil && !quits(l.text) {
				s.kept = append(s.kept, l.text)
				continue
			}
			s.late = back
			return sight{}, errors.Join(l.err, errEnd)
		case <-s.ctx.Done():
			s.late = back
			return sight{}, errEnd
		}
	}
}

// typed are the answers while nothing is asked: from a terminal, for q leaves at
// any time. What a script says is for the questions that come.
func (s *session) typed() <-chan line {
	if s.options.Echo {
		return nil
	}
	return s.next()
}

// again is the next of the looks that are compared with each other.
func again(last *scene.Scene, r diagnose.Report, err error) *scene.Scene {
	if err != nil {
		return last.Part(r).Keep(last)
	}
	return last.Next(r).Keep(last)
}

// beside is a look that was asked one thing.
func beside(last *scene.Scene, r diagnose.Report, _ error) *scene.Scene { return last.Answer(r) }

// keep takes what a look brought; where it brought nothing, the old one stays.
func (s *session) keep(seen sight) {
	s.failure, s.news = seen.err, nil
	if seen.scene == nil {
		return
	}
	if !s.Seen {
		s.firstAt = s.now()
	}
	s.Scene, s.dataAt = seen.scene, s.now()
	s.story.Look(s.Scene)
	s.chain = min(s.chain, max(0, len(s.Report.Roots)-1))
	if seen.err == nil {
		s.news = slices.DeleteFunc(slices.Clone(s.Events), func(e diagnose.Event) bool { return !e.At.Equal(s.Report.Taken) })
	}
}

// lookAgain takes a look at what the talk is about.
func (s *session) lookAgain() error {
	seen, err := s.look(s.options.Query, again)
	if err != nil {
		return err
	}
	// Enter was meant for a question that had not come.
	s.kept = slices.DeleteFunc(s.kept, func(text string) bool { return strings.TrimSpace(text) == "" })
	old := s.Seen
	s.keep(seen)
	if seen.err != nil && old {
		s.say("The look failed: %s.", s.Text(scene.FirstLine(seen.err)))
		if seen.scene == nil {
			s.say("What was seen %s stays.", ago(s.now().Sub(s.dataAt)))
		}
	}
	return nil
}

// nothingSeen says why there is no data.
func (s *session) nothingSeen() {
	why := ""
	if s.failure != nil {
		why = ": " + s.Text(scene.FirstLine(s.failure))
	}
	s.say("UNKNOWN: nothing could be seen%s. l looks again.", why)
}
