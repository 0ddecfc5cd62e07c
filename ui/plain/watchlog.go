package plain

import (
	"context"
	"slices"
	"strings"

	"cyrlock/evidence"
	"cyrlock/ui/scene"
)

// listen begins to follow the log, if there is one: what comes between two questions
// is told when Watch is asked.
func (s *session) listen() {
	log := s.options.Log
	if log == nil {
		return
	}
	s.box = scene.NewLogBox()
	s.box.Begin(s.now())
	box, ctx := s.box, s.ctx
	go func() {
		if err := log.Follow(ctx, box); ctx.Err() == nil {
			box.End(err)
		}
	}()
}

// fromLog takes what the log has brought, and returns it as it is told, the oldest first.
func (s *session) fromLog() []*scene.Entry {
	if s.box == nil {
		return nil
	}
	s.box.Near(s.Involved())
	before := s.story.All()
	s.story.Hear(s.Scene, s.box.Take(s.now()))
	known := make(map[*scene.Entry]bool, len(before))
	for _, e := range before {
		known[e] = true
	}
	return slices.DeleteFunc(slices.Clone(s.story.All()), func(e *scene.Entry) bool { return known[e] || e.Event != nil })
}

// log says what is read, and whether its silence means anything.
func (s *session) log() {
	if s.box == nil {
		s.say("WARNING: %s.", s.NoLog(s.options.Label))
		return
	}
	state := s.box.State(s.now())
	reading, bad := s.LogReading(state, s.now())
	if bad {
		s.say("WARNING: %s.", reading)
		return
	}
	s.say("Log: %s.", reading)
	if doubt := s.LogDoubt(state); doubt != "" {
		s.say("%s t tests it.", doubt)
	}
}

// mostAtATime is how many lines of the log are said at a time: faster ones nobody hears.
const mostAtATime = 12

// tellLog says what the log has brought, and counts what is too much; it tells whether
// there was something.
func (s *session) tellLog() bool {
	came := s.fromLog()
	if len(came) == 0 {
		return false
	}
	if over := len(came) - mostAtATime; over > 0 {
		s.say("%s of the log, of which these are the last:", evidence.Plural(len(came), "line", "lines"))
		came = came[over:]
	}
	for _, e := range came {
		s.happened(e)
	}
	return true
}

func (s *session) happened(e *scene.Entry) { s.say("%s: %s.", clock(e.At), s.Sentence(e)) }

// maxtime says how long the waits of the last days took, and what MAXTIME should be.
func (s *session) maxtime() error {
	log := s.options.Log
	if log == nil {
		s.say("There is nothing to go by: %s.", s.NoLog(s.options.Label))
		return nil
	}
	ctx, cancel := context.WithTimeout(s.ctx, scene.HistoryLimit)
	defer cancel()
	var past *scene.LogPast
	if err := s.wait("Still reading the log of the last days", func() error {
		past = scene.NewLogPast(log.History(ctx))
		return nil
	}); err != nil {
		return err
	}
	s.say("%s", s.Text(past.Advice.Sentence()))
	for _, why := range past.Advice.Reasons {
		s.say("%s", s.Text(why))
	}
	for _, b := range past.Bars {
		switch {
		case b.Count == 0:
		case b.To == 0:
			s.say("Over %.0f seconds: %s.", b.From, evidence.Plural(b.Count, "wait", "waits"))
		default:
			s.say("%.0f to %.0f seconds: %s.", b.From, b.To, evidence.Plural(b.Count, "wait", "waits"))
		}
	}
	if past.Err != nil {
		s.say("Not all could be read: %s.", s.Text(scene.FirstLine(past.Err)))
	}
	return nil
}

// test sends a line to the log, if the word is typed, and says what became of it.
func (s *session) test() error {
	log, can := s.options.Log.(scene.LogTester)
	switch {
	case s.options.ReadOnly:
		s.say("Not done: this is read-only, and a test message stays in the log.")
		return nil
	case !can:
		s.say("There is nothing to test: %s.", s.NoLog(s.options.Label))
		return nil
	}
	s.say("%s.", scene.TestSays)
	if agreed, err := s.agreed("TEST"); err != nil || !agreed {
		return err
	}
	ctx, cancel := context.WithTimeout(s.ctx, scene.TestLimit)
	defer cancel()
	var test scene.LogTest
	err := s.wait("Still looking for the test message", func() (err error) {
		test, err = log.Test(ctx)
		return err
	})
	switch {
	case err == errEnd:
		return err
	case err != nil:
		s.say("No test message was sent: %s.", s.Text(scene.FirstLine(err)))
		return nil
	}
	s.say("%s", s.Text(test.Sentence))
	for _, line := range test.Lines {
		if line = strings.TrimSpace(line); line != "" {
			s.sayWhole(s.Text(line))
		}
	}
	s.deeds = append(s.deeds, "Sent a test message to the log: "+evidence.Clean(test.Sentence))
	return nil
}
