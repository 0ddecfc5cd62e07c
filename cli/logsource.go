package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cyrlock/evidence"
	"cyrlock/probe/cyrus"
	"cyrlock/probe/limit"
	"cyrlock/probe/syslog"
	"cyrlock/probe/syslog/route"
)

const searchLimit = 15 * time.Second

// sources are the logs that were named, or else those that are found.
func (l *logging) sources(cmd *cobra.Command, names []string) ([]syslog.Source, error) {
	if len(names) > 0 {
		return l.named(cmd.Context(), names)
	}
	good, err := findLogs(cmd.Context(), l.conf)
	switch {
	case len(good) > 0 && err != nil:
		fmt.Fprintf(cmd.ErrOrStderr(), "cyrlock: not all logs can be read: %s\n", evidence.Clean(oneLine(err)))
	case len(good) == 0 && err != nil:
		return nil, fmt.Errorf("%w (%s)", errNoLog, oneLine(err))
	case len(good) == 0:
		return nil, errNoLog
	}
	return good, nil
}

// findLogs finds those that can be read and may have lines of this machine's Cyrus. The
// error tells of those that cannot.
func findLogs(ctx context.Context, conf string) (good []syslog.Source, err error) {
	ctx, cancel := context.WithTimeout(ctx, searchLimit)
	defer cancel()
	found, err := syslog.Find(ctx, logPlace(ctx, conf))
	for _, s := range found {
		switch {
		case s.Problem != nil:
			err = errors.Join(err, fmt.Errorf("%s: %w", s.Path, s.Problem))
		case s.Path != syslog.TheJournal || len(good) == 0: // files have what it has
			good = append(good, s)
		}
	}
	return good, err
}

// logPlace says what Cyrus logs to here, and by which names. A timed lock that was
// patched in, or the shim, may use another facility than imapd.conf names.
func logPlace(ctx context.Context, imapd string) syslog.Place {
	server, _ := cyrus.Find(ctx, imapd, nil)
	known := server.Evidence()
	at := syslog.Place{Facilities: []int{2, 22}} // mail and local6, as syslog(3) numbers them
	if n := route.Facility(ctx, route.Request{Conf: known.Conf, Version: known.Version}); !slices.Contains(at.Facilities, n) {
		at.Facilities = append(at.Facilities, n)
	}
	for _, s := range known.Services {
		at.Services = append(at.Services, s.Name)
	}
	return at
}

// stat asks about a file that may lie on a disk that does not answer.
func stat(ctx context.Context, name string) (os.FileInfo, error) {
	return limit.Do(ctx, time.Second, func() (os.FileInfo, error) { return os.Stat(name) })
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
		info, err := stat(ctx, p)
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

// goOn follows a log: a file from a place on, the journal from a time on.
func goOn(ctx context.Context, s syslog.Source, since time.Time, from syslog.From, to syslog.Sink) error {
	if s.Path == syslog.TheJournal {
		return syslog.Journal{Facilities: s.Facilities, Since: since, Follow: true}.Read(ctx, to)
	}
	return syslog.Follow(ctx, s.Path, from, to)
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
	err := syslog.Journal{Facilities: s.Facilities, Since: since}.Read(ctx, all)
	return p, err
}
