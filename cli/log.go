package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/probe"
)

// A logging is what the ways to call cyrlock log share.
type logging struct {
	*settings
	asJSON  bool
	history bool
	test    bool
	since   string
	from    time.Time // what since says; the zero time: not said
	logFilter
}

// A logFilter says which lines are asked for. The zero value: all.
type logFilter struct {
	user, file string
	pids       []int
}

func newLog(s *settings) *cobra.Command {
	l := &logging{settings: s}
	cmd := &cobra.Command{
		Use:   "log [FILE...]",
		Short: "What the log says of waits for locks, beside the processes that wait",
		Long: `log follows the mail server's log and tells, one line an event, who waits for a
lock, for how long, and how that ends: the messages of the timed lock and of Cyrus
itself, joined to the living processes. Ctrl-C ends it with a summary.

With --history it reads what is there, also rotated and compressed files, and says
what MAXTIME should be, by how long waits really took.

FILE is a log; without one, the log is found by the configuration of rsyslog or
syslog-ng, by looking, or in the journal. That nothing is logged does not mean that
nothing hangs: 'cyrlock log --test' says whether you would see it (docs/logs.md).`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := l.check(time.Now()); err != nil {
				return err
			}
			if l.test {
				return l.tellRoute(cmd, args)
			}
			sources, err := l.sources(cmd, args)
			if err != nil {
				return err
			}
			if l.history {
				return l.tellHistory(cmd, sources)
			}
			return l.follow(cmd, sources)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&l.history, "history", false, "read what is there: how long waits took, and what MAXTIME should be")
	f.BoolVar(&l.test, "test", false, "would you see the messages? Sends test messages to the log and looks for them; FILE is one more place to look in")
	f.StringVar(&l.since, "since", "", "begin so long ago or then: 2h, 7d, 2026-11-23, '2026-11-23 09:00' (default: now; with --history: all there is)")
	f.StringVar(&l.user, "user", "", "only what concerns this user")
	f.StringVar(&l.file, "file", "", "only what concerns this file: its path, or the end of it, as jwade.seen")
	f.IntSliceVar(&l.pids, "pid", nil, "only this process")
	f.BoolVar(&l.asJSON, "json", false, "one JSON object a line (docs/logs.md)")
	return cmd
}

func (l *logging) check(now time.Time) (err error) {
	if strings.ContainsAny(l.user, "/\x00") {
		return usageError{fmt.Errorf("--user %q: a Cyrus userid has no slash; for a file use --file", l.user)}
	}
	switch {
	case l.history && l.test:
		return usageError{errors.New("--history and --test: choose one")}
	case l.test && (l.since != "" || l.user != "" || l.file != "" || len(l.pids) > 0):
		return usageError{errors.New("--test looks at the way of the messages: it takes no --since, --user, --file or --pid")}
	}
	for _, pid := range l.pids {
		if pid <= 0 {
			return usageError{fmt.Errorf("--pid %d: give numbers such as 24876", pid)}
		}
	}
	l.from, err = parseSince(l.since, now)
	return err
}

// parseSince reads a time ago, or a time.
func parseSince(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	wrong := usageError{fmt.Errorf("--since %q: say how long ago, as 2h or 7d, or when, as 2026-11-23 or '2026-11-23 09:00'", s)}
	ago := s
	var unit time.Duration = 1
	for suffix, length := range map[string]time.Duration{"d": 24, "w": 7 * 24} {
		if number, ok := strings.CutSuffix(s, suffix); ok {
			ago, unit = number+"h", length
		}
	}
	if d, err := time.ParseDuration(ago); err == nil {
		if d < 0 || d > 1e6*time.Hour/unit {
			return time.Time{}, wrong
		}
		return now.Add(-d * unit), nil
	}
	for _, form := range []string{time.DateOnly, "2006-01-02 15:04", time.DateTime, "2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339} {
		if t, err := time.ParseInLocation(form, s, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, wrong
}

// wants reports whether an event is asked for.
func (f logFilter) wants(pid int, who *evidence.Process, file *evidence.File) bool {
	if len(f.pids) > 0 {
		found := false
		for _, p := range f.pids {
			found = found || p == pid
		}
		if !found {
			return false
		}
	}
	if f.user != "" && (who == nil || who.User != f.user) && (file == nil || file.User != f.user) {
		return false
	}
	return f.file == "" || file != nil && isTail(file.Path, f.file)
}

// isTail reports whether a path is the one named, or ends in it: jwade.seen, but not
// ade.seen.
func isTail(path, tail string) bool {
	rest, ok := strings.CutSuffix(path, tail)
	return ok && (rest == "" || strings.HasSuffix(rest, "/") || strings.HasPrefix(tail, "/"))
}

// glance looks at the machine without stacks, and makes sure that these processes are
// among those that were seen.
func glance(ctx context.Context, m *probe.Machine, pids []int) (*diagnose.Present, error) {
	s, err := m.Look(ctx, evidence.Query{})
	if err != nil && len(s.Processes) == 0 {
		return nil, err
	}
	missing := pids[:0:0]
	for _, pid := range pids {
		if s.Process(pid) == nil {
			missing = append(missing, pid)
		}
	}
	if len(missing) > 0 {
		at := time.Now()
		others, _ := m.Processes(ctx, missing)
		for _, p := range others {
			p.StartedAgoS -= at.Sub(s.Taken).Seconds() // as of the look
			s.Processes = append(s.Processes, p)
		}
	}
	seen := diagnose.Annotate(s)
	return diagnose.NewPresent(&seen), nil
}

var errNoLog = errors.New("no log was found that Cyrus writes to: name it, or see what 'cyrlock log --test' says")

// absolute makes paths comparable with those that are told.
func absolute(names []string) ([]string, error) {
	all := make([]string, 0, len(names))
	for _, n := range names {
		abs, err := filepath.Abs(n)
		if err != nil {
			return nil, fmt.Errorf("%s: give an absolute path: %w", n, err)
		}
		all = append(all, abs)
	}
	return all, nil
}
