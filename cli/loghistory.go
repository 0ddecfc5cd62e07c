package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/probe/syslog"
)

// A logHistory is what cyrlock log --history says.
type logHistory struct {
	diagnose.Maxtime
	Sentence  string         `json:"sentence"`
	From      time.Time      `json:"from,omitzero"`
	To        time.Time      `json:"to,omitzero"`
	Lines     int64          `json:"lines"` // read
	Files     []string       `json:"files"`
	Nameless  int            `json:"without_pid,omitempty"` // messages that belong to no wait, for they tell no pid
	Histogram []diagnose.Bar `json:"histogram"`
	Waits     []wait         `json:"waits"`
}

// A wait is an episode with whose file it is about.
type wait struct {
	diagnose.Episode
	Kind string `json:"kind,omitempty"`
	User string `json:"user,omitempty"` // whose file it is
}

// patientFor is how late a message may come, and still be of its wait: log daemons hold
// repeated ones back.
const patientFor = 5 * time.Minute

// stillWritten is how old the last line of a log may be that is taken for one that goes on.
const stillWritten = time.Hour

func (l *logging) tellHistory(cmd *cobra.Command, sources []syslog.Source) error {
	var h logHistory
	var records []diagnose.Record
	var errs []error
	for _, s := range sources {
		r, p, nameless, err := l.record(cmd.Context(), s)
		if err := cmd.Context().Err(); err != nil {
			return context.Cause(cmd.Context())
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.Path, err))
		}
		records = append(records, r)
		h.Lines, h.Files, h.Nameless = h.Lines+p.Lines, append(h.Files, p.Files...), h.Nameless+nameless
	}
	all := diagnose.Together(records...)
	h.Maxtime, h.Histogram = all.Maxtime(), all.Histogram()
	h.Sentence, h.From, h.To = h.Maxtime.Sentence(), all.From, all.To
	h.Waits = []wait{}
	for _, e := range all.Waits {
		w := wait{Episode: e}
		if f := fileOf(e); f != nil {
			w.Kind, w.User = f.Kind, f.User
		}
		h.Waits = append(h.Waits, w)
	}
	var err error
	if l.asJSON {
		err = writeJSON(cmd.OutOrStdout(), h)
	} else {
		err = writeHistory(cmd.OutOrStdout(), h, l.block())
	}
	if missed := errors.Join(errs...); missed != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "cyrlock: not all could be read: %s\n", evidence.Clean(oneLine(missed)))
		err = errors.Join(err, exit(failed))
	}
	return err
}

// record reads one log and makes waits of its messages.
func (l *logging) record(ctx context.Context, s syslog.Source) (r diagnose.Record, p syslog.Past, nameless int, err error) {
	fold := diagnose.Fold{Patience: patientFor, Ended: func(e diagnose.Episode) {
		if l.wants(e.PID, nil, fileOf(e)) {
			r.Add(e)
		}
	}}
	var last []byte // the last line tells when the log ends; not every line is taken apart
	now := time.Now()
	p, err = past(ctx, s, l.from, syslog.Sink{
		Maybe: func(line []byte) bool {
			last = append(last[:0], line...)
			return syslog.MayMatter(line)
		},
		Line: func(line evidence.LogLine) {
			if line.Message = syslog.Understand(line.Text); line.Message != nil {
				fold.Add(line)
			}
			if line.Time.After(r.To) {
				r.To = line.Time
			}
		},
	})
	written := now // against which a date without a year is read
	if info, err := stat(ctx, s.Path); err == nil {
		written = info.ModTime()
	}
	if end := syslog.Parse(last).Time(written); end.After(r.To) {
		r.To = end
	}
	if quiet := now.Sub(r.To); quiet > 0 && quiet < stillWritten {
		r.To = now // whoever has said nothing since has nothing to say
	}
	fold.Patience = 0
	fold.Advance(r.To)
	fold.Finish()
	r.From = p.First
	if r.From.Before(l.from) {
		r.From = l.from
	}
	return r, p, fold.Nameless, err
}

func fileOf(e diagnose.Episode) *evidence.File {
	if e.File == "" {
		return nil
	}
	return (*diagnose.Present)(nil).Named(e.File)
}

func writeHistory(out io.Writer, h logHistory, block string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", h.Sentence)
	writeList(&b, "Why", h.Reasons)
	if h.Got > 0 {
		b.WriteString("  How long waits took that got their lock\n")
		writeBars(&b, h.Histogram, block)
		writeValues(&b, h)
	}
	var read []string
	if !h.From.IsZero() && !h.To.IsZero() {
		read = append(read, fmt.Sprintf("%s to %s", h.From.Format("2006-01-02 15:04"), h.To.Format("2006-01-02 15:04")))
	}
	read = append(read, fmt.Sprintf("%s of %s", evidence.Plural(int(h.Lines), "line", "lines"), evidence.Clean(strings.Join(h.Files, ", "))))
	if h.Nameless > 0 {
		read = append(read, fmt.Sprintf("messages that tell no pid, and so are of no wait: %s", evidence.Thousands(h.Nameless)))
	}
	writeList(&b, "What was read", read)
	_, err := io.WriteString(out, b.String())
	return err
}

const barWidth = 40

// block is what bars are made of.
func (s *settings) block() string {
	if s.plain().here == "<-" {
		return "#"
	}
	return "▇"
}

// writeBars draws the histogram from its first to its last bar that is not empty.
func writeBars(b *strings.Builder, bars []diagnose.Bar, block string) {
	most, last := 1, 0
	for i, bar := range bars {
		if most = max(most, bar.Count); bar.Count > 0 {
			last = i
		}
	}
	between := 0
	for _, bar := range bars[:last+1] {
		between += bar.Between
		n := bar.Count * barWidth / most
		if bar.Count > 0 {
			n = max(n, 1)
		}
		count := evidence.Thousands(bar.Count)
		if n > 0 {
			count = " " + count
		}
		fmt.Fprintf(b, "    %-12s %s%s\n", barName(bar), strings.Repeat(block, n), count)
	}
	if between > 0 {
		fmt.Fprintf(b, "    %s of them are known to that only: nothing was logged when they got it\n", evidence.Thousands(between))
	}
}

func barName(bar diagnose.Bar) string {
	switch {
	case bar.From == 0:
		return "under " + diagnose.Span(bar.To)
	case bar.To == 0:
		return "over " + diagnose.Span(bar.From)
	}
	return strings.TrimSuffix(diagnose.Span(bar.From), " s") + " to " + diagnose.Span(bar.To)
}

func writeValues(b *strings.Builder, h logHistory) {
	b.WriteString("  What each MAXTIME would have done to them\n")
	b.WriteString("    MAXTIME  gives up after  cut short\n")
	for _, row := range h.Rows {
		mark, cut := " ", evidence.Thousands(row.Cut)
		if row.Maxtime == h.Value {
			mark = ">"
		}
		if row.Perhaps > 0 {
			cut += fmt.Sprintf(", perhaps %s more", evidence.Thousands(row.Perhaps))
		}
		fmt.Fprintf(b, "  %s %7d  %14s  %s of %s\n", mark, row.Maxtime, diagnose.Span(row.BoundS), cut, evidence.Thousands(h.Got))
	}
}
