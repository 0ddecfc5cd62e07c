package cli

import (
	"fmt"
	"strings"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/probe/syslog"
)

// A logTally is what a summary counts.
type logTally struct {
	began   time.Time
	sources []syslog.Source
	lines   int // of any kind, told or not
	told    int
	kinds   map[evidence.LogKind]int
	ends    map[diagnose.EpisodeEnd]int
	longest diagnose.Episode // that got its lock
	open    []diagnose.Episode
}

func (t *logTally) count(l evidence.LogLine) {
	t.told++
	if l.Message != nil {
		if t.kinds == nil {
			t.kinds = map[evidence.LogKind]int{}
		}
		t.kinds[l.Message.Kind]++
	}
}

func (t *logTally) over(e diagnose.Episode) {
	if t.ends == nil {
		t.ends = map[diagnose.EpisodeEnd]int{}
	}
	t.ends[e.End]++
	if e.Got() && e.Most > t.longest.Most {
		t.longest = e
	}
}

// names are the logs that were followed.
func (t *logTally) names() string {
	var names []string
	for _, s := range t.sources {
		names = append(names, evidence.Clean(sourceName(s.Path)))
	}
	return strings.Join(names, ", ")
}

func sourceName(path string) string {
	if path == syslog.TheJournal {
		return "the journal"
	}
	return path
}

// sentences are the summary.
func (t *logTally) sentences(now time.Time) []string {
	for_ := diagnose.Span(now.Sub(t.began).Truncate(time.Second).Seconds())
	if t.told == 0 && len(t.ends) == 0 {
		return []string{
			fmt.Sprintf("Nothing about locks came in %s from %s; %s in all.", for_, t.names(), evidence.Plural(t.lines, "line", "lines")),
			"That is no sign of health: a hang may log nothing. 'cyrlock log --test' says whether you would see the messages, 'cyrlock check' whether somebody waits now.",
		}
	}
	got := t.ends[diagnose.EndGot] + t.ends[diagnose.EndSilent]
	all := len(t.open)
	for _, n := range t.ends {
		all += n
	}
	s := fmt.Sprintf("%s, in %s from %s", evidence.Plural(all, "wait", "waits"), for_, t.names())
	var parts []string
	add := func(n int, format string, more ...any) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s "+format, append([]any{evidence.Thousands(n)}, more...)...))
		}
	}
	add(got, "got the lock (the longest took %s)", t.longest.Took())
	add(t.ends[diagnose.EndGaveUp], "gave up")
	add(t.ends[diagnose.EndError], "met an error")
	add(t.ends[diagnose.EndDied], "died")
	add(t.ends[diagnose.EndLost], "ended nobody knows how")
	add(len(t.open), "had not ended")
	if len(parts) > 0 {
		s += ": " + strings.Join(parts, ", ")
	}
	out := []string{s + "."}
	var rest []string
	for _, k := range []evidence.LogKind{evidence.LogLockError, evidence.LogRefused, evidence.LogLong, evidence.LogDied} {
		if n := t.kinds[k]; n > 0 {
			rest = append(rest, fmt.Sprintf("%s: %s", map[evidence.LogKind]string{
				evidence.LogLockError: "errors of locks", evidence.LogRefused: "refused", evidence.LogLong: "locks held long", evidence.LogDied: "ended by a signal",
			}[k], evidence.Thousands(n)))
		}
	}
	if len(rest) > 0 {
		out = append(out, "Also: "+strings.Join(rest, ", ")+".")
	}
	return out
}
