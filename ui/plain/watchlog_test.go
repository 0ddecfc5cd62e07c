package plain

import (
	"context"
	"strings"
	"testing"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/sample"
	"cyrlock/ui/scene"
)

// A tape is a Log that brings its lines, and a Machine that looks when they are there.
type tape struct {
	lines []evidence.LogLine
	there chan struct{}
	sent  int
}

func (l *tape) Follow(ctx context.Context, to *scene.LogBox) error {
	to.Note(scene.LogNote{Source: "/var/log/mail.log", Text: "is being read"})
	for _, line := range l.lines {
		to.Line(line, line.Time)
	}
	close(l.there)
	<-ctx.Done()
	return ctx.Err()
}

func (l *tape) Look(context.Context, evidence.Query) (evidence.Snapshot, error) {
	<-l.there
	s := sample.Incident()
	for i := range s.Processes {
		s.Processes[i].StartedAgoS = 600
	}
	return s, nil
}

func (l *tape) History(context.Context) (diagnose.Record, error) {
	r := diagnose.Record{From: noon().AddDate(0, 0, -8), To: noon()}
	for i := range 40 {
		r.Add(diagnose.Episode{PID: i, Began: r.From, Least: 2, Most: 2, End: diagnose.EndGot})
	}
	return r, nil
}

func (l *tape) Test(context.Context) (scene.LogTest, error) {
	l.sent++
	return scene.LogTest{Sentence: "No: a hang could last for hours and you would see nothing of it.", Lines: []string{"To do: \x1b[2Jput debug: yes into /etc/imapd.conf"}}, nil
}

// logged is a line of a process of the incident, some seconds after the look began.
func logged(pid int, after float64, text string, m *evidence.LogMessage) evidence.LogLine {
	return evidence.LogLine{Time: sample.Incident().Taken.Add(time.Duration(after * float64(time.Second))), Host: "mail1", Ident: "cyrus/imap", PID: pid, Text: text, Source: "/var/log/mail.log", Message: m}
}

func newTape() *tape {
	return &tape{there: make(chan struct{}), lines: []evidence.LogLine{
		logged(24876, 1, "lock_reopen-blocked: sleeping 9 s", &evidence.LogMessage{Kind: evidence.LogSleeping, File: sample.SeenFile, Sleep: 9, Attempt: 4, Of: 11, Bound: 285}),
		logged(24950, 2, "lock_reopen-blocked: gave up", &evidence.LogMessage{Kind: evidence.LogGaveUp, File: sample.SeenFile, Waited: 285}),
		logged(25010, 3, "IOERROR: \x1b[31m\u202elocking", &evidence.LogMessage{Kind: evidence.LogLockError, Detail: "\x1b]0;owned\a"}),
	}}
}

// TestWatchLog: what the log says is told, the waits of the last days, and what became
// of a test message.
func TestWatchLog(t *testing.T) {
	unicodeLocale(t)
	l := newTape()
	golden(t, "watchlog", transcript(t, l, Options{Log: l}, "5", "m", "t", "no", "t", "TEST", "q"))
	if l.sent != 1 {
		t.Errorf("%d test messages were sent", l.sent)
	}
	l = newTape()
	said := transcript(t, l, Options{Log: l, ReadOnly: true}, "5", "t", "q")
	if l.sent != 0 || !strings.Contains(said, "Not done: this is read-only") {
		t.Errorf("sent %d, said %s", l.sent, said)
	}
}

// TestFollowLog: of many lines the last are said, and the rest is counted.
func TestFollowLog(t *testing.T) {
	unicodeLocale(t)
	l := newTape()
	for range 3000 {
		l.lines = append(l.lines, l.lines[1])
	}
	said := transcript(t, l, Options{Log: l, Every: time.Millisecond}, "5", "n", "f", "", "q")
	if !strings.Contains(said, "without ") || strings.Count(said, "gave up on jwade's seen file") > 40 {
		t.Errorf("%s", said)
	}
}
