package plain

import (
	"fmt"
	"slices"
	"strings"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/scene"
)

// A verb is an answer that means the same at every question.
type verb struct {
	letter, name string
	also         []string
	does         string
	do           func(*session) error
}

func verbs() []verb {
	to := func(to step) func(*session) error { return func(s *session) error { return s.enter(to) } }
	return []verb{
		{"", "find", []string{"file", "files", "users"}, "step 1, the files and users", to(stepFind)},
		{"", "stacks", []string{"stack"}, "step 2, where each process stands", to(stepStacks)},
		{"", "verdict", []string{"tree"}, "step 3, what everything waits for", to(stepVerdict)},
		{"", "fix", []string{"advice"}, "step 4, what can be done", to(stepFix)},
		{"", "watch", nil, "step 5, how it goes on", to(stepWatch)},
		{"l", "look", []string{"r", "again", "look again", "refresh"}, "look again", (*session).again},
		{"w", "save", []string{"write", "capture"}, "save a capture of the last look", (*session).save},
		{"c", "commands", []string{"command"}, "what a person would type to see the same", (*session).commands},
		{"", "readings", []string{"reading", "reads", "log"}, "what cyrlock itself read and did", (*session).readings},
		{"g", "gaps", []string{"gap"}, "what could not be read, and why", (*session).gaps},
		{"h", "help", []string{"?"}, "this help", (*session).help},
		{"q", "quit", []string{"exit", "end", "bye", "leave"}, "leave; everything stays as it is", func(*session) error { return errEnd }},
	}
}

// verbFor finds the verb of an answer; nil: it is none. A number is a step unless
// a question of a step's own takes it, and a beginning is enough where no name
// is expected.
func verbFor(text string, asking bool) *verb {
	text = strings.ToLower(strings.Trim(text, " :."))
	all := verbs()
	for i, v := range all {
		if text != "" && (text == v.letter || text == v.name || slices.Contains(v.also, text)) || !asking && i < int(steps) && text == fmt.Sprint(i+1) {
			return &all[i]
		}
	}
	if asking || len(text) < 2 {
		return nil
	}
	var found *verb
	for i, v := range all {
		if strings.HasPrefix(v.name, text) {
			if found != nil {
				return nil
			}
			found = &all[i]
		}
	}
	return found
}

func quits(text string) bool {
	v := verbFor(text, true)
	return v != nil && v.letter == "q"
}

// again looks, says what is new, and the step with it.
func (s *session) again() error {
	if s.recorded() {
		s.say("This is recorded: it does not change.")
		return nil
	}
	roots := s.Report.Roots
	if err := s.lookAgain(); err != nil {
		return err
	}
	if !s.Seen {
		s.nothingSeen()
		return nil
	}
	if s.failure != nil {
		return nil
	}
	if len(s.news) == 0 {
		s.say("Nothing changed but the time.")
		s.waiting()
		return nil
	}
	s.sentence()
	for i := range roots {
		s.say("What became of it: %s", s.Change.Proof(roots[i]).Sentence)
	}
	for _, e := range s.news {
		if !isHang(e) && e.Kind != diagnose.VerdictChanged { // said above
			s.event(e)
		}
	}
	return s.tell(true)
}

// save writes a capture, to a folder that may hang.
func (s *session) save() error {
	switch {
	case s.options.Save == nil:
		s.say("A capture cannot be saved here.")
		return nil
	case !s.Seen:
		s.say("Nothing was seen yet, so there is nothing to save.")
		return nil
	}
	done, snapshot := make(chan string, 1), s.Report.Snapshot
	go func() {
		path, err := s.options.Save(snapshot)
		if err != nil {
			done <- fmt.Sprintf("Not saved: %s.", s.Text(scene.FirstLine(err)))
			return
		}
		done <- fmt.Sprintf("Saved the look of %s as %s", clock(snapshot.Taken), s.Text(path))
	}()
	select {
	case said := <-done:
		s.sayWhole(said)
		s.deeds = append(s.deeds, said)
		return nil
	case <-s.ctx.Done():
		return errEnd
	}
}

// readings are what cyrlock itself did, counted where it was done.
func (s *session) readings() error {
	if !s.Seen {
		s.nothingSeen()
		return nil
	}
	s.say("%s", s.ReadingWords())
	all := s.Report.Readings
	err := s.list(len(all), func(i int) {
		vain := ""
		if n := all[i].Failed; n > 0 {
			vain = ", " + evidence.Thousands(n) + " in vain"
		}
		s.say("%s %s: %s%s", capital(s.Text(all[i].How)), s.Text(all[i].What), evidence.Plural(all[i].Count, "time", "times"), vain)
	})
	for _, deed := range s.deeds {
		s.say("On your word: %s", deed)
	}
	return err
}

// commands are for what was heard last; each stands alone, to be copied.
func (s *session) commands() error {
	what := "this machine"
	switch {
	case s.target.PID > 0 && s.target.File != nil:
		what = s.Name(s.target.PID) + " and " + s.FileName(s.target.File)
	case s.target.PID > 0:
		what = s.Name(s.target.PID)
	case s.target.File != nil:
		what = s.FileName(s.target.File)
	}
	s.say("What a person would type to see %s:", what)
	all := scene.Commands(s.target, s.Proc(s.target.PID))
	return s.list(len(all), func(i int) {
		s.say("To see %s:", all[i].Shows)
		s.sayWhole(all[i].Line)
	})
}

func (s *session) help() error {
	p := s.step.page()
	s.say("This is step %d of %d, %s. %s", s.step+1, steps, p.name, p.about)
	s.say("A number answers the question that was asked last; enter goes on, at last to the next step.")
	s.say("At every question:")
	for i, v := range verbs() {
		name := v.name
		switch {
		case i < int(steps):
			name += fmt.Sprintf(", or %d where no list is asked about", i+1)
		case v.letter != "":
			name = v.letter + " or " + name
		}
		s.say("%s: %s.", name, v.does)
	}
	s.say("A number of a process: what is known of that one.")
	s.say("A path, or the word user and a name: who has that file, or that user's seen file, open.")
	s.say("Looking opens no mail file and stops no process. HUNG: somebody waits longer than %v. SLOW: somebody waits, not for long or behind one that makes progress.", s.Limit)
	return nil
}

// queryFor is a look at a path if it looks like one, else at a user's seen file.
func queryFor(text string) evidence.Query {
	if user, ok := strings.CutPrefix(text, "user "); ok {
		return evidence.Query{User: strings.TrimSpace(user), Openers: true}
	}
	if strings.Contains(text, "/") {
		return evidence.Query{File: text, Openers: true}
	}
	return evidence.Query{User: text, Openers: true}
}
