package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cyrlock/evidence"
	"cyrlock/probe/limit"
	"cyrlock/probe/syslog"
)

const searchLimit = 15 * time.Second

// facilities are those that Cyrus logs to, mail and local6, as syslog(3) numbers them.
func facilities() []int { return []int{2, 22} }

// sources are the logs that were named, or else those that are found.
func (l *logging) sources(cmd *cobra.Command, names []string) ([]syslog.Source, error) {
	if len(names) > 0 {
		return l.named(cmd.Context(), names)
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), searchLimit)
	defer cancel()
	found, err := syslog.Find(ctx, syslog.Place{})
	var good []syslog.Source
	for _, s := range found {
		switch {
		case s.Problem != nil:
			err = errors.Join(err, fmt.Errorf("%s: %w", s.Path, s.Problem))
		case s.Path != syslog.TheJournal || len(good) == 0: // files have what it has
			good = append(good, s)
		}
	}
	switch {
	case len(good) > 0:
		if err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "cyrlock: not all logs can be read: %s\n", evidence.Clean(oneLine(err)))
		}
		return good, nil
	case err != nil:
		return nil, fmt.Errorf("%w (%s)", errNoLog, oneLine(err))
	}
	return nil, errNoLog
}

// oneLine is an error of several parts as one sentence.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// named takes files as they are named; one to follow need not be there yet.
func (l *logging) named(ctx context.Context, names []string) ([]syslog.Source, error) {
	paths, err := absolute(names)
	if err != nil {
		return nil, err
	}
	var all []syslog.Source
	for _, p := range paths {
		info, err := limit.Do(ctx, time.Second, func() (os.FileInfo, error) { return os.Stat(p) })
		switch {
		case err == limit.ErrTime:
			return nil, fmt.Errorf("%s: %w", p, err)
		case err != nil && l.history:
			return nil, err
		case err == nil && info.IsDir():
			return nil, fmt.Errorf("%s: that is a folder: name a log in it", p)
		}
		all = append(all, syslog.Source{Path: p, How: "named"})
	}
	return all, nil
}

// past reads what is in a log from a time on, files and the journal alike. The lines go
// to the sink as they come.
func past(ctx context.Context, s syslog.Source, since time.Time, to syslog.Sink) (syslog.Past, error) {
	if s.Path != syslog.TheJournal {
		return syslog.History(ctx, s.Path, since, to)
	}
	if since.IsZero() {
		since = time.Unix(1, 0)
	}
	all := to
	p := syslog.Past{Files: []string{s.Path}}
	all.Maybe = func(line []byte) bool { p.Lines++; return to.Maybe == nil || to.Maybe(line) }
	all.Line = func(l evidence.LogLine) {
		if p.First.IsZero() {
			p.First = l.Time
		}
		to.Line(l)
	}
	err := syslog.Journal{Facilities: facilities(), Since: since}.Read(ctx, all)
	return p, err
}
