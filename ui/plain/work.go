package plain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"cyrlock/fix"
	"cyrlock/ui/scene"
)

// work does it, and says each step, then what came of it. It is brought to its end
// even if the talk ends. A signal after that breaks it off between two steps; after one
// more nobody waits, and the receipt says how far it came.
func (s *session) work(title string, undo bool, do func(context.Context, func(fix.Receipt)) (fix.Receipt, error)) error {
	news, told := make(chan fix.Receipt, 256), map[string]bool{}
	steps := func(r fix.Receipt) {
		for i, step := range s.Steps(r) {
			if line := fmt.Sprintf("Step %d %s: %s", i+1, step.Title, step.Text); r.Steps[i].State != fix.StepPlanned && !told[line] {
				told[line] = true
				s.say("%s.", strings.TrimSuffix(line, "."))
			}
		}
	}
	var r fix.Receipt
	var failed error
	ctx, stop := context.WithCancel(context.WithoutCancel(s.ctx))
	defer stop()
	done := make(chan error, 1)
	go func() {
		done <- guarded("fix", func() {
			r, failed = do(ctx, func(r fix.Receipt) {
				select {
				case news <- r:
				default: // the last one tells all
				}
			})
		})
	}()
	ended, signals := s.ctx.Done(), make(chan os.Signal, 2)
	defer signal.Stop(signals)
	for {
		select {
		case now := <-news:
			steps(now)
		case <-ended:
			ended = nil
			signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
			s.say("Still at work: %s. It is brought to its end first; Ctrl-C breaks it off between two steps.", s.Text(title))
		case <-signals:
			if ctx.Err() != nil {
				s.fixed++ // perhaps
				s.say("Not waited for. The receipt says how far it came: %s.", s.Text(s.fixer().Typed("cyrlock fix list")))
				return errEnd
			}
			stop()
		case crash := <-done:
			if crash != nil {
				return errors.Join(errEnd, crash)
			}
			steps(r)
			s.worked(title, undo, r, failed)
			if s.ctx.Err() != nil {
				return errEnd
			}
			return s.afterwards()
		}
	}
}

// worked says what came of it.
func (s *session) worked(title string, undo bool, r fix.Receipt, failed error) {
	how := s.Fixed(r, undo, failed, "u, or "+s.fixer().Typed(fmt.Sprintf("cyrlock fix undo %d", r.ID)))
	s.say("%s: %s", how.Word, capital(how.Text))
	for _, more := range how.More {
		s.sayAll([]scene.Said{more})
	}
	if r.ID != 0 {
		s.fixed++
		s.say("Receipt %d is in %s.", r.ID, s.Text(s.fixer().Receipts()))
		s.deeds = append(s.deeds, clock(s.now())+" "+s.Text(title)+": "+how.Text)
	}
}

// afterwards looks, and says how it stands: the list of choices was of before.
func (s *session) afterwards() error {
	s.asking = false
	err := s.lookAgain()
	if err == nil && s.Seen && s.failure == nil {
		s.sentence()
	}
	return err
}

// wait does something away from the questions, and says so while it takes long.
func (s *session) wait(still string, do func() error) error {
	var err error
	done := make(chan error, 1)
	go func() { done <- guarded("fix", func() { err = do() }) }()
	patience := time.Second
	for {
		select {
		case crash := <-done:
			if crash != nil {
				return errors.Join(errEnd, crash)
			}
			return err
		case <-time.After(patience):
			s.say("%s.", still)
			patience = min(2*patience, 10*time.Second)
		case <-s.ctx.Done():
			return errEnd
		}
	}
}

// guarded turns a programming error into an error.
func guarded(what string, do func()) (crash error) {
	defer func() {
		if r := recover(); r != nil {
			crash = fmt.Errorf("%s: internal error: %v\n%s", what, r, debug.Stack())
		}
	}()
	do()
	return nil
}
