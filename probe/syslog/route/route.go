// Package route answers one question: will I see the messages of the timed lock?
//
// [Check] only reads: imapd.conf, who listens where messages go, and what that daemon
// was told. [Prove] sends messages that say that they are a test, and looks for them
// where they should come out. Where both differ the proof counts, and it is told. What
// was not read, or not understood, is "not known", and never "yes".
package route

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cyrlock/probe/syslog/conf"
)

// A Verdict is an answer: yes, no, or not known.
type Verdict string

const (
	Yes     Verdict = "yes"
	No      Verdict = "no"
	Unknown Verdict = "not known"
)

// A Request says what is asked about.
type Request struct {
	Conf    string   // imapd.conf; empty: none was found
	Version string   // of Cyrus, "3.6.1"; empty: not known
	Debian  bool     // built by Debian, whose facility is mail
	Shim    bool     // the time limit is the shim's: it writes to the socket itself
	Master  int      // its pid: messages are sent where it sends them; 0: where we would
	Socket  string   // empty: /dev/log
	Files   []string // further files to look for test lines in
	Journal bool     // look in the journal even if journald does not listen
}

// A Route is what became of the question. Sentences are plain English; parts of them
// are what somebody else wrote, and not cleaned.
type Route struct {
	Verdict  Verdict  `json:"verdict"`
	Sentence string   `json:"sentence"` // the answer, to be read first
	Facility string   `json:"facility"` // "mail"
	Ident    string   `json:"ident"`    // with which Cyrus's messages begin: "cyrus/imap"
	Levels   []Level  `json:"levels"`   // debug, notice, err
	Checks   []Step   `json:"checks"`
	Changes  []Change `json:"changes,omitempty"` // all that is to be done, in order
	Proof    *Proof   `json:"proof,omitempty"`   // nil: nothing was sent
	Files    []string `json:"files,omitempty"`   // where messages of the facility should come out
	Journal  bool     `json:"journal,omitempty"` // journald is on the way

	facility int
	socket   string
}

// A Level is what becomes of messages of one level on the way behind Cyrus.
type Level struct {
	Name     string   `json:"level"`
	Messages string   `json:"messages"` // which of the timed lock's have it
	Verdict  Verdict  `json:"verdict"`
	Cyrus    Verdict  `json:"cyrus_logs_it"` // that Cyrus itself lets it out
	Files    []string `json:"files,omitempty"`
	Journal  bool     `json:"journal,omitempty"`
	Why      string   `json:"why,omitempty"`

	severity int
}

// seen is the whole way: Cyrus's own mask and what comes after it.
func (l Level) seen() Verdict {
	switch {
	case l.Verdict == No || l.Cyrus == No:
		return No
	case l.Verdict == Yes && l.Cyrus == Yes:
		return Yes
	}
	return Unknown
}

// A Step is one thing that was looked at.
type Step struct {
	Name     string       `json:"name"`
	Verdict  Verdict      `json:"verdict"` // yes: it lets the messages through
	Sentence string       `json:"sentence"`
	Read     []conf.Place `json:"read,omitempty"`
}

// A Change is what an administrator can do about it.
type Change struct {
	What    string `json:"what"`
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"` // the line that Put replaces or comes before; 0: a new line at the end
	Replace bool   `json:"replace,omitempty"`
	Put     string `json:"put,omitempty"`
	Command string `json:"command,omitempty"` // makes it take effect
}

// Check reads what can be read without sending anything. The error is about parts.
func Check(ctx context.Context, req Request) (Route, error) {
	r := Route{socket: req.Socket, Files: slices.Clone(req.Files), Journal: req.Journal}
	for i, name := range []string{"debug", "notice", "err"} {
		r.Levels = append(r.Levels, Level{Name: name, Cyrus: Yes, Verdict: Unknown, severity: []int{conf.Debug, conf.Notice, conf.Err}[i],
			Messages: []string{"the first of a wait (1 s)", "those that follow", "that the wait was given up"}[i]})
	}
	errs := r.cyrus(ctx, req)
	errs = append(errs, r.way(ctx, req)...)
	r.conclude(req)
	return r, join(errs)
}

// check notes one.
func (r *Route) check(name string, v Verdict, read []conf.Place, format string, args ...any) {
	r.Checks = append(r.Checks, Step{name, v, fmt.Sprintf(format, args...), read})
}

// conclude finds the answer and puts it into one sentence.
func (r *Route) conclude(req Request) {
	debug, notice := r.Levels[0], r.Levels[1]
	r.Verdict = Unknown
	all := []Verdict{debug.seen(), notice.seen(), r.Levels[2].seen()}
	switch {
	case slices.Contains(all, No):
		r.Verdict = No
	case !slices.Contains(all, Unknown):
		r.Verdict, r.Changes = Yes, nil // what one daemon drops another has
	}
	switch {
	case r.Verdict == Yes && r.Proof != nil:
		r.Sentence = fmt.Sprintf("Yes: test messages of all levels of %s came out in %s.", r.Facility, r.where())
	case r.Verdict == Yes:
		r.Sentence = fmt.Sprintf("Yes, by what was read: messages of all levels of %s go to %s. Nothing was sent to prove it.", r.Facility, r.where())
	case notice.seen() == No && debug.seen() == No && r.Levels[2].seen() == Yes:
		r.Sentence = fmt.Sprintf("No: you would see nothing of a wait until it is given up: %s.", because(notice, debug))
	case notice.seen() == No && debug.seen() == No:
		r.Sentence = fmt.Sprintf("No: a hang could last for hours and you would see nothing of it: %s.", because(notice, debug))
	case debug.seen() == No:
		after := "what becomes of later ones (notices) is not known"
		if notice.seen() == Yes {
			after = "the later ones (notices, of waits over 1 s) come out in " + notice.where()
		}
		r.Sentence = fmt.Sprintf("No, not all: the first message of each wait (%s.debug) is lost: %s; %s.", r.Facility, because(debug), after)
	case r.Verdict == No:
		r.Sentence = fmt.Sprintf("No: messages of a level are lost: %s.", because(r.Levels[1:]...))
	default:
		r.Sentence = fmt.Sprintf("Not known whether messages of %s can be seen: %s.", r.Facility, because(r.Levels...))
	}
	r.Sentence = strings.ReplaceAll(r.Sentence, "..", ".")
}

// where is where all levels come out, each place once.
func (r *Route) where() string {
	var all Level
	for _, l := range r.Levels {
		all.Journal = all.Journal || l.Journal
		for _, name := range l.Files {
			if !slices.Contains(all.Files, name) {
				all.Files = append(all.Files, name)
			}
		}
	}
	return all.where()
}

func (l Level) where() string {
	places := slices.Clone(l.Files)
	if l.Journal {
		places = append(places, "the journal")
	}
	if len(places) > 3 {
		places = append(places[:2:2], fmt.Sprintf("%d more files", len(places)-2))
	}
	if len(places) == 0 {
		return "a place that is not known"
	}
	return strings.Join(places, " and ")
}

func because(levels ...Level) string {
	var all []string
	for _, l := range levels {
		why := l.Why
		if l.Cyrus == No {
			why = "Cyrus does not log debug messages"
			if l.Verdict == No && l.Why != "" {
				why += ", and behind it " + l.Why
			}
		} else if why == "" && l.Cyrus == Unknown {
			why = "whether Cyrus logs debug messages is not known"
		}
		if why != "" && !slices.Contains(all, why) {
			all = append(all, why)
		}
	}
	if len(all) == 0 {
		return "the reason was not found"
	}
	return strings.Join(all, "; ")
}
