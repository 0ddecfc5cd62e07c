package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/probe"
	"cyrlock/probe/syslog"
)

const (
	lookAfter = 5 * time.Second // a look is good for so long
	lookSoon  = time.Second     // or so long, if somebody is new
	lookPart  = 20              // looks take up one part in so many of the time
	lookBound = 3 * time.Second
)

// A follower tells what a log says while it is written.
type follower struct {
	*logging
	out  *logWriter
	look func(ctx context.Context, pids []int) (*diagnose.Present, error)

	fold   diagnose.Fold
	twins  diagnose.Twins
	tally  logTally
	blind  bool // a look failed, and that was told
	looked time.Time
	took   time.Duration
	now    *diagnose.Present
	before *diagnose.Present // the look before: who has died since is in it
	ended  []diagnose.Episode
	// unheard are the logs of which nobody knows yet whether they could be opened.
	unheard map[string]bool
}

// follow tells events until the context ends, then a summary.
func (l *logging) follow(cmd *cobra.Command, sources []syslog.Source) error {
	ctx := cmd.Context()
	m := probe.New(probe.Options{Conf: l.conf})
	f := &follower{logging: l, out: newLogWriter(cmd, l), look: func(ctx context.Context, pids []int) (*diagnose.Present, error) { return glance(ctx, m, pids) }}
	f.fold.Ended = func(e diagnose.Episode) { f.ended = append(f.ended, e) }
	f.tally.began, f.tally.sources = time.Now(), sources
	f.unheard = map[string]bool{}
	for _, s := range sources {
		f.unheard[s.Path] = true
	}

	in := make(chan news, mostAtOnce)
	var readers sync.WaitGroup
	old, from := f.catchUp(ctx, sources)
	for i, s := range sources {
		readers.Go(func() { f.read(ctx, s, from[i], in) })
	}
	go func() { readers.Wait(); close(in) }()
	f.take(ctx, old)
	return f.run(ctx, in)
}

// run takes what comes until the readers have ended.
func (f *follower) run(ctx context.Context, in <-chan news) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case n, ok := <-in:
			if !ok {
				return f.end(ctx)
			}
			f.take(ctx, burst(n, in))
		case at := <-tick.C:
			f.advance(at)
		}
		if f.out.err != nil {
			return f.out.err
		}
	}
}

func (f *follower) end(ctx context.Context) error {
	f.advance(time.Now())
	f.tally.open = f.fold.Open()
	f.out.summary(f.tally)
	switch {
	case f.out.err != nil:
		return f.out.err
	case ctx.Err() == nil:
		return errors.New("no log is followed any more: see above")
	}
	return nil
}

// take tells the events of some lines, with one look at most.
func (f *follower) take(ctx context.Context, all []news) {
	var pids []int
	for i := range all {
		n := &all[i]
		if n.note != nil {
			continue
		}
		if n.line.Time.IsZero() {
			n.line.Time = time.Now()
		}
		if n.line.Message = syslog.Understand(n.line.Text); n.line.Message != nil {
			pids = append(pids, n.line.About())
		}
	}
	f.glimpse(ctx, pids)
	for _, n := range all {
		if n.note != nil {
			f.noted(*n.note)
			continue
		}
		f.heard(n.line)
	}
}

// noted tells what happened to a log. Once each has said whether it is open, it is told
// that they are followed: before, what was written would have been missed.
func (f *follower) noted(n syslog.Note) {
	if f.unheard[n.Source] {
		if delete(f.unheard, n.Source); len(f.unheard) == 0 {
			f.out.following(f.tally.sources)
		}
	}
	f.out.note(n)
}

// heard tells one line.
func (f *follower) heard(l evidence.LogLine) {
	if f.twins.Has(l) {
		return
	}
	f.tally.lines++
	waited := f.fold.Waits(l.Host, l.About())
	f.fold.Add(l)
	f.tellEnded(&l)
	who, file := f.join(l)
	if l.Message == nil && !waited && !f.now.Near(who) || !f.wants(l.About(), who, file) {
		return
	}
	f.tally.count(l)
	f.out.line(l, who, file, f.waitOf(l))
}

// tellEnded tells the waits that are over and of which no line says so; l is the line
// that is being taken, which may.
func (f *follower) tellEnded(l *evidence.LogLine) {
	for _, e := range f.ended {
		about := evidence.LogLine{Time: e.Last, Host: e.Host, Ident: e.Ident, PID: e.PID, Message: &evidence.LogMessage{Kind: evidence.LogSleeping, File: e.File}}
		who, file := f.join(about)
		if !f.wants(e.PID, who, file) {
			continue
		}
		f.tally.over(e)
		if e.End == diagnose.EndSilent || e.End == diagnose.EndLost {
			at := time.Now()
			if l != nil {
				at = l.Time
			}
			f.out.ended(at, e, about, who, file)
		}
	}
	f.ended = f.ended[:0]
}

func (f *follower) advance(now time.Time) {
	f.fold.Advance(now)
	f.tellEnded(nil)
}

// waitOf is the wait that a line is of, if that goes on.
func (f *follower) waitOf(l evidence.LogLine) *diagnose.Episode {
	if l.Message == nil || l.Message.Kind != evidence.LogSleeping {
		return nil
	}
	return f.fold.Wait(l.Host, l.About())
}

// join finds the process of a line, and the file, in the last two looks.
func (f *follower) join(l evidence.LogLine) (*evidence.Process, *evidence.File) {
	for _, p := range []*diagnose.Present{f.now, f.before} {
		if who := p.Process(l); who != nil {
			return who, p.File(l, who)
		}
	}
	return nil, f.now.File(l, nil)
}

// glimpse looks at the machine if that is worth it: not for each line, and never for
// long.
func (f *follower) glimpse(ctx context.Context, pids []int) {
	since := time.Since(f.looked)
	if len(pids) == 0 || since < f.took*lookPart || since < lookSoon || since < lookAfter && f.now.Knows(pids) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookBound)
	defer cancel()
	begin := time.Now()
	present, err := f.look(ctx, pids)
	f.looked = time.Now()
	f.took = f.looked.Sub(begin)
	switch {
	case present != nil:
		f.before, f.now = f.now, present
	case ctx.Err() == context.Canceled:
	case !f.blind:
		f.blind = true
		f.out.trouble(fmt.Sprintf("this machine cannot be looked at, lines are told without their processes: %v", err))
	}
}
