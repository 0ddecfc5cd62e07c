package scene

import (
	"fmt"
	"strconv"
	"strings"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A LogSaid is an entry in words that are safe to draw.
type LogSaid struct {
	Who   string // "imapd 24876 jwade"; empty: it is in the words
	Alarm string // one word in capitals for what is bad; empty: it is not
	Calm  string // one word for what is good
	Words string
	Dim   bool // context
}

// Said is an entry in words.
func (s *Scene) Said(e *Entry) LogSaid {
	switch {
	case e.Event != nil:
		out := LogSaid{Words: s.Text(e.Event.Text)}
		switch e.Event.Kind {
		case diagnose.HangBegan:
			out.Alarm = "HANG"
		case diagnose.HangCleared:
			out.Calm = "CLEARED"
		}
		return out
	case e.Note != nil:
		return LogSaid{Alarm: "LOG", Words: s.Text(e.Note.Text)}
	case e.Passed > 0:
		return LogSaid{Alarm: "TOO FAST", Words: evidence.Plural(e.Passed, "line", "lines") + " came faster than they can be shown; the log has " + them(e.Passed)}
	}
	out := s.message(e)
	out.Who = strings.TrimSpace(s.Text(e.name) + " " + s.Text(e.user))
	return out
}

func them(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// message is what a line says, or the end of a wait without one.
func (s *Scene) message(e *Entry) LogSaid {
	switch {
	case e.still:
		return LogSaid{Alarm: "NO WORD", Words: "of it when one was due, yet it waits: the log is late, or drops lines"}
	case e.Ended != nil:
		return LogSaid{Words: s.Text(diagnose.EpisodeSentence(*e.Ended, e.file))}
	}
	l, m, times := e.Line, e.Line.Message, ""
	if l.Repeated > 1 {
		times = fmt.Sprintf(" (%s times)", evidence.Thousands(l.Repeated))
	}
	if m == nil {
		return LogSaid{Words: s.Text(l.Text) + times, Dim: true}
	}
	if m.Kind == evidence.LogSleeping {
		return LogSaid{Words: sleeping(m) + times}
	}
	words := s.Text(diagnose.LogSentence(*l, e.file, nil)) + times
	switch m.Kind {
	case evidence.LogGaveUp:
		return LogSaid{Alarm: "GAVE UP", Words: strings.TrimPrefix(words, "gave up ")}
	case evidence.LogRefused:
		return LogSaid{Alarm: "REFUSED", Words: words}
	case evidence.LogLockError:
		return LogSaid{Alarm: "ERROR", Words: words}
	case evidence.LogDied:
		return LogSaid{Alarm: "DIED", Words: words}
	}
	return LogSaid{Words: words}
}

// sleeping is what everybody who waits says, in few cells.
func sleeping(m *evidence.LogMessage) string {
	out := "sleeping"
	if m.Sleep > 0 {
		out += " " + diagnose.Span(m.Sleep)
	}
	if m.Attempt > 0 && m.Of > 0 {
		out += fmt.Sprintf(", try %d of %d", m.Attempt, m.Of)
	}
	return out
}

// Told is all of an entry: of a line, as it was logged.
func (s *Scene) Told(e *Entry) string {
	if e.Line == nil {
		said := s.Said(e)
		if said.Alarm == "LOG" {
			return s.Text(e.Note.Source) + ": " + said.Words
		}
		return JoinWords(said.Who, said.Words)
	}
	l := e.Line
	out := s.Text(l.Text)
	if l.Ident != "" {
		head := s.Text(l.Ident)
		if l.PID > 0 {
			head += fmt.Sprintf("[%d]", l.PID)
		}
		out = head + ": " + out
	}
	if e.user != "" {
		out += " (user " + s.Text(e.user)
		if e.mailbox != "" {
			out += ", mailbox " + s.Text(e.mailbox)
		}
		out += ")"
	}
	return out
}

// Sentence is an entry as it is told by ear: who, and what.
func (s *Scene) Sentence(e *Entry) string {
	said := s.Said(e)
	words := said.Words
	switch {
	case e.still:
		words = "says nothing of its wait when a message was due, yet it waits: the log is late, or drops lines"
	case e.Ended != nil:
	case e.Line != nil && (e.Line.Message != nil || e.Line.Text != ""):
		words = s.Text(diagnose.LogSentence(*e.Line, e.file, waitOf(*e.Line)))
	case e.Note != nil:
		return s.Text("the log " + e.Note.Source + " " + e.Note.Text)
	}
	who := s.Text(e.name)
	if e.user != "" {
		who += ", user " + s.Text(e.user) + ","
	}
	return strings.TrimSuffix(strings.TrimSpace(who+" "+words), ".")
}

// waitOf is the wait that a sleeping message tells of, by itself; nil: it is none.
func waitOf(l evidence.LogLine) *diagnose.Episode {
	var f diagnose.Fold
	f.Add(l)
	if open := f.Open(); len(open) == 1 {
		return &open[0]
	}
	return nil
}

// Finds tells whether a filter, in lower case, finds an entry by anything that a person
// may know it by: user, file, pid, program, or a word of it.
func (e *Entry) Finds(filter string) bool {
	has := func(text string) bool { return strings.Contains(strings.ToLower(text), filter) }
	if filter == "" {
		return true
	}
	switch {
	case e.Event != nil:
		return has(e.Event.Text) || has(e.Event.File)
	case e.Note != nil:
		return has(e.Note.Text) || has(e.Note.Source)
	case e.Passed > 0:
		return false
	}
	l := e.spoken()
	if e.file != nil && (has(e.file.Path) || has(e.file.User)) {
		return true
	}
	return has(l.Text) || has(l.Ident) || has(strconv.Itoa(l.About())) || has(e.name) || has(e.user) || has(e.mailbox)
}
