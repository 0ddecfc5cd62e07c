package cli

import (
	"context"
	"slices"
	"time"

	"cyrlock/evidence"
	"cyrlock/probe/syslog"
)

const (
	gather     = 100 * time.Millisecond // lines that come together are looked at together
	mostAtOnce = 2000
	mostBefore = 100_000 // lines of --since
)

// A news is a line, or what happened to a log.
type news struct {
	line evidence.LogLine
	note *syslog.Note
}

// catchUp reads what came before, if that was asked for, and says where following goes on.
func (f *follower) catchUp(ctx context.Context, sources []syslog.Source) (old []news, from []syslog.From) {
	from = make([]syslog.From, len(sources))
	if f.from.IsZero() {
		return nil, from
	}
	for i, s := range sources {
		if s.Path == syslog.TheJournal {
			continue // it is read from then on, and followed
		}
		p, err := past(ctx, s, f.from, syslog.Sink{Maybe: syslog.MayMatter, Line: func(l evidence.LogLine) {
			if l.Message = syslog.Understand(l.Text); l.Message != nil {
				old = append(old, news{line: l})
			}
		}})
		if err != nil {
			old = append(old, news{note: &syslog.Note{Source: s.Path, What: syslog.Unreadable, Err: err}})
		}
		if p.End != (syslog.Position{}) {
			from[i].After = &p.End
		}
	}
	return byTime(old), from
}

func (f *follower) read(ctx context.Context, s syslog.Source, from syslog.From, in chan<- news) {
	send := func(n news) {
		select {
		case in <- n:
		case <-ctx.Done():
		}
	}
	to := syslog.Sink{
		Line: func(l evidence.LogLine) { send(news{line: l}) },
		Note: func(n syslog.Note) { send(news{note: &n}) },
	}
	_ = goOn(ctx, s, f.from, from, to) // until ctx ends; of a journal that ends, a note tells
}

// burst gathers what comes with the first, for a moment.
func burst(first news, in <-chan news) []news {
	all := []news{first}
	timer := time.NewTimer(gather)
	defer timer.Stop()
	for len(all) < mostAtOnce {
		select {
		case n, ok := <-in:
			if !ok {
				return all
			}
			all = append(all, n)
		case <-timer.C:
			return all
		}
	}
	return all
}

// byTime sorts lines of several logs that were read one after the other; those that
// came last, if there are too many. Lines without a time keep their place at the front.
func byTime(all []news) []news {
	slices.SortStableFunc(all, func(a, b news) int {
		return a.line.Time.Compare(b.line.Time)
	})
	if drop := len(all) - mostBefore; drop > 0 {
		all = all[drop:]
	}
	return all
}
