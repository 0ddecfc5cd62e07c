package plain

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/scene"
)

// A session is one talk: the last look, the step it is at, and what was said last.
type session struct {
	ctx     context.Context
	machine Machine
	options Options
	now     func() time.Time
	*voice
	*lines

	*scene.Scene
	news    []diagnose.Event // what the last look showed for the first time
	firstAt time.Time        // when the first look came back
	dataAt  time.Time        // when the last look that brought something did
	failure error            // of the last look
	late    chan sight       // a look that did not come back in time

	step   step
	met    [steps]bool    // steps that were explained
	asking bool           // the step's own question stands: a number answers that one
	files  fileList       // as last said by Find
	stood  []scene.Bucket // as last said by Stacks
	can    []choice       // as last said by Fix
	chain  int            // index into Report.Roots
	target scene.Target   // what was last heard of
	kept   []string       // answers that came before their question
	deeds  []string       // what was done because it was asked for
	did    int            // processes that were attached to
	fixed  int            // plans that were begun
	box    *scene.LogBox  // what the log brings; nil: none is followed
	story  scene.Story    // what happened, from look to look and in the log
}

// errEnd is that the user wants to leave, or a signal says so.
var errEnd = errors.New("end")

// hold is the talk from its first sentence on. It always ends with an error.
func (s *session) hold() error {
	if err := s.first(); err != nil {
		return err
	}
	for {
		text, err := s.ask(s.prompt())
		if err != nil {
			return err
		}
		if err := s.hear(text); err != nil {
			return err
		}
	}
}

// first says what is wrong before anything else, then the step that explains it.
func (s *session) first() error {
	s.step = stepVerdict
	if err := s.lookAgain(); err != nil {
		return err
	}
	if !s.Seen {
		s.nothingSeen()
		return nil
	}
	s.sentence()
	s.say("%s", s.where())
	return s.tell(true)
}

// leave says why there is no more.
func (s *session) leave(err error) {
	why := "The end"
	switch {
	case s.ctx.Err() != nil:
		why = "Ended by a signal"
	case errors.Is(err, io.EOF):
		why = "The end of the input"
	case !errors.Is(err, errEnd):
		why = "Ended by an error: " + s.Text(scene.FirstLine(err))
	}
	switch {
	case s.fixed > 0:
		why += "; what was done is in the receipts in " + s.Text(s.fixer().Receipts())
	case s.did == 0:
		why += "; nothing on this machine was changed"
	default:
		why += "; " + evidence.Plural(s.did, "process was", "processes were") + " attached to and let go, nothing else was touched"
	}
	s.say("%s.", why)
	s.lines.close()
	if s.late != nil {
		select { // the machine is closed after this
		case <-s.late:
		case <-time.After(farewell):
		}
	}
}

// ask puts a question and waits for the answer.
func (s *session) ask(question string) (string, error) {
	s.question(question)
	if len(s.kept) > 0 {
		text := s.kept[0]
		s.kept = s.kept[1:]
		s.answered(text, true)
		return text, nil
	}
	select {
	case l := <-s.next():
		s.took()
		if l.err != nil {
			return "", l.err
		}
		s.answered(l.text, s.options.Echo)
		return strings.TrimSpace(l.text), nil
	case <-s.ctx.Done():
		return "", errEnd
	}
}

// hear does what an answer asks for.
func (s *session) hear(text string) error {
	p := s.step.page()
	if s.asking {
		switch n := number(text); {
		case text == "":
			s.asking = false
			return nil
		case n > 0 && n <= p.items(s):
			return p.pick(s, n)
		case n > 0 && n <= int(steps) && s.Proc(n) == nil:
			s.say("The list ends at %d. Enter, and then %d, goes to step %d.", p.items(s), n, n)
			return nil
		}
	}
	if v := verbFor(text, s.asking); v != nil {
		return v.do(s)
	}
	if p.other != nil && s.Seen {
		if known, err := p.other(s, text); known || err != nil {
			return err
		}
	}
	switch {
	case text == "":
		return s.enter((s.step + 1) % steps)
	case number(text) > 0 && s.Proc(number(text)) != nil:
		s.process(s.Proc(number(text)))
		return nil
	case s.Seen && (strings.HasPrefix(text, "/") || strings.HasPrefix(text, "user ")):
		return s.search(text)
	}
	s.say("Not understood, and nothing was done: %s. h says what can be answered.", s.Text(text))
	return nil
}

// number is an answer as a number from 1; 0: it is none.
func number(text string) int {
	n := 0
	for _, c := range strings.TrimRight(strings.TrimPrefix(text, "#"), ".") {
		if c < '0' || c > '9' || n > 1<<40 {
			return 0
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// where tells which machine it is about, and when it was seen.
func (s *session) where() string {
	out := "Machine " + s.Text(s.Report.Host.Name)
	if s.Report.Host.Name == "" {
		out = "A machine without a name"
	}
	switch s.options.Label {
	case "":
		out += ", live"
	case recordedLabel:
	default:
		out += ", " + strings.ToUpper(s.Text(s.options.Label))
	}
	if s.recorded() {
		out += ", RECORDED at " + s.Report.Taken.Format("2006-01-02 15:04:05 -0700")
	} else {
		out += ", seen at " + s.Report.Taken.Format("15:04:05")
	}
	if s.options.ReadOnly {
		out += ", read-only"
	}
	if n := len(s.Report.Gaps); n > 0 {
		out += "; " + evidence.Plural(n, "thing", "things") + " could not be read, g says what"
	}
	return out + "."
}

func (s *session) recorded() bool { return s.options.Label == recordedLabel }

// age is how old the data is, where it is not fresh.
func (s *session) age() string {
	const fresh = 5 * time.Second
	old := s.now().Sub(s.dataAt)
	switch {
	case !s.Seen:
		return ""
	case s.failure != nil:
		return "OLD DATA, of " + ago(old) + ": the last look failed."
	case s.recorded(), old < fresh:
		return ""
	}
	return "As seen " + ago(old) + ", l looks again."
}

func ago(d time.Duration) string { return diagnose.Age(d.Truncate(time.Second).Seconds()) + " ago" }

// hears notes what was said last: the commands are about that.
func (s *session) hears(pid int, f *evidence.File) { s.target = scene.Target{PID: pid, File: f} }
