package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/probe/syslog"
)

// A logWriter writes events: a line for people, or an object for programs.
type logWriter struct {
	out, errs io.Writer
	json      *json.Encoder // nil: for people
	err       error         // of writing; nothing more is written then
	day       string        // of the last event
}

func newLogWriter(cmd *cobra.Command, l *logging) *logWriter {
	w := &logWriter{out: cmd.OutOrStdout(), errs: cmd.ErrOrStderr()}
	if l.asJSON {
		w.json = json.NewEncoder(w.out)
		w.json.SetEscapeHTML(false)
	}
	return w
}

// A logEvent is one line of cyrlock log --json.
type logEvent struct {
	Event    string            `json:"event"` // "following", "message", "context", "ended", "note", "summary"
	Time     time.Time         `json:"time"`
	Sentence string            `json:"sentence"`
	Line     *evidence.LogLine `json:"line,omitempty"`
	Process  *logProcess       `json:"process,omitempty"`
	File     *logFile          `json:"file,omitempty"`
	Wait     *diagnose.Episode `json:"wait,omitempty"`
	GivesUp  time.Time         `json:"gives_up,omitzero"`
	Source   string            `json:"source,omitempty"`
	What     syslog.What       `json:"what,omitempty"` // of a note
	Sources  []string          `json:"sources,omitempty"`
	Counts   *logCounts        `json:"counts,omitempty"`
}

// A logProcess is who logged a line, if that process was still there.
type logProcess struct {
	PID     int    `json:"pid"`
	Start   uint64 `json:"start"`
	Program string `json:"program"` // its path
	Service string `json:"service,omitempty"`
	User    string `json:"user,omitempty"`
	Mailbox string `json:"mailbox,omitempty"`
	Client  string `json:"client,omitempty"`
}

type logFile struct {
	Path    string `json:"path"`
	Kind    string `json:"kind"`
	User    string `json:"user,omitempty"`
	Mailbox string `json:"mailbox,omitempty"`
}

type logCounts struct {
	Lines int                         `json:"lines"`
	Told  int                         `json:"told"`
	Kinds map[evidence.LogKind]int    `json:"messages,omitempty"`
	Ends  map[diagnose.EpisodeEnd]int `json:"ends,omitempty"`
	Open  int                         `json:"open"`
}

func (w *logWriter) following(sources []syslog.Source) {
	var names []string
	for _, s := range sources {
		names = append(names, s.Path)
	}
	if w.json != nil {
		w.event(logEvent{Event: "following", Time: time.Now(), Sentence: "following " + strings.Join(names, ", "), Sources: names})
		return
	}
	for _, s := range sources {
		how := ""
		if s.How != "" && s.How != "named" {
			how = " (" + s.How + ")"
		}
		w.trouble("following " + sourceName(s.Path) + how)
	}
}

// trouble tells something beside the events.
func (w *logWriter) trouble(what string) {
	if w.json != nil {
		w.event(logEvent{Event: "note", Time: time.Now(), Sentence: what})
		return
	}
	fmt.Fprintf(w.errs, "cyrlock: %s\n", evidence.Clean(what))
}

func (w *logWriter) note(n syslog.Note) {
	switch {
	case w.json != nil:
		w.event(logEvent{Event: "note", Time: time.Now(), Sentence: n.String(), Source: n.Source, What: n.What})
	case n.What != syslog.Opened:
		w.trouble(n.String())
	}
}

// line tells one line of the log; e is the wait that it is of, which goes on.
func (w *logWriter) line(l evidence.LogLine, who *evidence.Process, file *evidence.File, e *diagnose.Episode) {
	sentence := diagnose.LogSentence(l, file, e)
	if l.Repeated > 1 {
		sentence += fmt.Sprintf(" (so often: %d)", l.Repeated)
	}
	if w.json == nil {
		w.plain(l.Time, diagnose.LogName(l, who), sentence, who)
		return
	}
	ev := logEvent{Event: "message", Time: l.Time, Sentence: diagnose.LogName(l, who) + " " + sentence, Line: &l, Process: processOf(who), File: fileFor(file), Wait: e}
	if l.Message == nil {
		ev.Event = "context"
	}
	if e != nil {
		ev.GivesUp = e.GivesUp()
	}
	w.event(ev)
}

// ended tells that a wait is over of which no line says so.
func (w *logWriter) ended(at time.Time, e diagnose.Episode, l evidence.LogLine, who *evidence.Process, file *evidence.File) {
	sentence := diagnose.EpisodeSentence(e, file)
	if w.json == nil {
		w.plain(at, diagnose.LogName(l, who), sentence, who)
		return
	}
	w.event(logEvent{Event: "ended", Time: at, Sentence: diagnose.LogName(l, who) + " " + sentence, Process: processOf(who), File: fileFor(file), Wait: &e})
}

func (w *logWriter) summary(t logTally) {
	said := t.sentences(time.Now())
	if w.json != nil {
		w.event(logEvent{Event: "summary", Time: time.Now(), Sentence: strings.Join(said, " "), Counts: &logCounts{t.lines, t.told, t.kinds, t.ends, len(t.open)}})
		return
	}
	if t.told > 0 {
		w.write("\n")
	}
	for _, s := range said {
		w.write(s + "\n")
	}
}

// plain writes a line for people: when, who, what; whom it serves, if the sentence does
// not have it.
func (w *logWriter) plain(at time.Time, name, sentence string, who *evidence.Process) {
	at = at.Local()
	if day := at.Format("Monday, 2 January 2006"); day != w.day {
		if w.day != "" || day != time.Now().Format("Monday, 2 January 2006") {
			w.write(day + "\n")
		}
		w.day = day
	}
	var serves []string
	if who != nil {
		for _, s := range []string{who.User, who.Mailbox} {
			if s = evidence.Clean(s); s != "" && !strings.Contains(sentence, s) {
				serves = append(serves, s)
			}
		}
	}
	tail := ""
	if len(serves) > 0 {
		tail = "  [" + strings.Join(serves, " ") + "]"
	}
	w.write(fmt.Sprintf("%s  %-14s %s%s\n", at.Format(time.TimeOnly), name, sentence, tail))
}

func (w *logWriter) write(s string) {
	if w.err == nil {
		_, w.err = io.WriteString(w.out, s)
	}
}

func (w *logWriter) event(e logEvent) {
	if w.err == nil {
		w.err = w.json.Encode(e)
	}
}

func processOf(p *evidence.Process) *logProcess {
	if p == nil {
		return nil
	}
	return &logProcess{p.PID, p.Start, p.Exe, p.Service, p.User, p.Mailbox, p.Client}
}

func fileFor(f *evidence.File) *logFile {
	if f == nil {
		return nil
	}
	return &logFile{f.Path, f.Kind, f.User, f.Mailbox}
}
