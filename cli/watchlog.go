package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/probe/syslog"
	"cyrlock/ui/scene"
)

// A mailLog is the mail server's log as the page Watch follows it: the file that was
// named, or what is found.
type mailLog struct {
	file string // --log; empty: it is found
	conf string // imapd.conf; empty: it is found
}

const (
	// backlog is what was logged before the following begins and is shown, too: the
	// longest sleep of a wait is 81 s, and the longest wait 285 s, unless MAXTIME was
	// raised. Nothing would be seen of them until then.
	backlog = 10 * time.Minute
	// recordDays is how far back the waits go that MAXTIME is advised by.
	recordDays = 14
)

// takesLog is the flag of the commands that show the screens.
func (s *settings) takesLog(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.log, "log", "", "the mail log, for the page Watch (default: found from the log daemon's configuration and by looking, else the journal)")
}

// watchLog is the log for the screens; nil: there is none to follow.
func (s *settings) watchLog(label string) scene.Log {
	if label == "recorded" || label == practice && s.log == "" {
		return nil // the demo logs nothing
	}
	return mailLog{s.log, s.conf}
}

// find names the logs to follow.
func (m mailLog) find(ctx context.Context) ([]syslog.Source, error) {
	if m.file != "" {
		return []syslog.Source{{Path: m.file}}, nil
	}
	good, err := findLogs(ctx, m.conf)
	const none = "no log with lines of Cyrus was found: --log FILE names it"
	switch {
	case len(good) > 0:
		return good, nil
	case err != nil:
		return nil, fmt.Errorf("%s (%s)", none, oneLine(err))
	}
	return nil, errors.New(none)
}

// Follow puts what is logged into a box.
func (m mailLog) Follow(ctx context.Context, to *scene.LogBox) error {
	from, err := m.find(ctx)
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	ended := make([]error, len(from))
	for i, s := range from {
		all.Go(func() { ended[i] = follows(ctx, s, to) })
	}
	all.Wait()
	return errors.Join(ended...)
}

// follows puts what is logged in one place into a box.
func follows(ctx context.Context, s syslog.Source, to *scene.LogBox) error {
	now := time.Now()
	since := now.Add(-backlog)
	sink := syslog.Sink{
		Line: func(l evidence.LogLine) {
			l.Message = syslog.Understand(l.Text)
			to.Line(l, time.Now())
		},
		Note: func(n syslog.Note) { to.Note(noted(n)) },
	}
	old := syslog.Sink{Maybe: syslog.MayMatter, Line: func(l evidence.LogLine) {
		if l.Message = syslog.Understand(l.Text); l.Message != nil && !l.Time.IsZero() {
			to.Line(l, time.Time{})
		}
	}}
	begin, live := syslog.From{}, sink
	if s.Path == syslog.TheJournal {
		live.Line = func(l evidence.LogLine) {
			if l.Time.Before(now) {
				old.Line(l)
				return
			}
			sink.Line(l)
		}
	} else if read, _ := past(ctx, s, since, old); read.End != (syslog.Position{}) { // following tells what is wrong with it
		begin.After = &read.End
	}
	return goOn(ctx, s, since, begin, live)
}

// noted is a note for the screen.
func noted(n syslog.Note) scene.LogNote {
	out := scene.LogNote{At: time.Now(), Source: n.Source, Text: strings.TrimPrefix(n.String(), n.Source+": "), Loss: n.Lost != 0}
	switch n.What {
	case syslog.Missing, syslog.Denied, syslog.Unreadable, syslog.Unreachable, syslog.Ended:
		out.Trouble = true
	}
	return out
}

// History reads the waits of the last days.
func (m mailLog) History(ctx context.Context) (diagnose.Record, error) {
	from, err := m.find(ctx)
	if err != nil {
		return diagnose.Record{}, err
	}
	l := &logging{settings: &settings{}, from: time.Now().AddDate(0, 0, -recordDays)}
	var records []diagnose.Record
	var errs []error
	for _, s := range from {
		r, _, _, err := l.record(ctx, s)
		records, errs = append(records, r), append(errs, err)
	}
	return diagnose.Together(records...), errors.Join(errs...)
}
