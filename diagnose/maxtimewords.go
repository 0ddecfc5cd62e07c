package diagnose

import (
	"fmt"
	"math"

	"cyrlock/evidence"
)

// Sentence is the advice.
func (m Maxtime) Sentence() string {
	switch {
	case !m.Sure && m.tooMany():
		return fmt.Sprintf("Set MAXTIME to %d, and look again in %s: too many waits were cut short to go by the rest.", m.Value, days(m.AgainIn))
	case !m.Sure:
		return fmt.Sprintf("Too little to go by: leave MAXTIME at %d (a wait is given up after %s) and look again in %s.", m.Value, Span(m.BoundS), days(m.AgainIn))
	case m.Value > startHigh:
		return fmt.Sprintf("MAXTIME %d is needed: lawful waits take long here. A wait is then given up after %s.", m.Value, Span(m.BoundS))
	case m.Value == startHigh:
		return fmt.Sprintf("Leave MAXTIME at %d: a wait is given up after %s.", m.Value, Span(m.BoundS))
	}
	return fmt.Sprintf("MAXTIME %d is enough: a wait is given up after %s, not %s.", m.Value, Span(m.BoundS), Span(Bound(startHigh)))
}

func (m *Maxtime) reasons() (why []string) {
	say := func(format string, args ...any) { why = append(why, fmt.Sprintf(format, args...)) }
	longest := Episode{Least: m.Least, Most: m.Most}.Took()
	switch {
	case m.Got == 0:
		say("No wait that got its lock is in the log, which covers %s. That may mean that none took long, or that the messages do not get there: cyrlock log --test tells.", covered(m.Days))
	case !m.Sure && !m.tooMany():
		say("%s in %s: to go lower takes %d in %d days.", evidence.Plural(m.Got, "wait that got its lock", "waits that got their lock"), covered(m.Days), enoughWaits, enoughDays)
		say("The longest took %s.", longest)
	default:
		say("Of %s in %s the longest took %s.", evidence.Plural(m.Got, "wait that got its lock", "waits that got their lock"), covered(m.Days), longest)
	}
	if m.Sure {
		cut := 0
		for _, row := range m.Rows {
			if row.Maxtime == m.Value {
				cut = row.Cut + row.Perhaps
			}
		}
		say("With %d, %s would have been cut short; %s are %.3g times the longest.", m.Value, none(cut), Span(m.BoundS), m.BoundS/math.Max(m.Most, 1))
		say("Of those to come, no more than 1 in %s should be longer than all that were seen (95 %% confidence).", evidence.Thousands(int(1/m.mayExceed())))
	}
	switch {
	case m.GaveUp == 0:
	case m.tooMany():
		say("%s gave up, after %s at the earliest: hangs, or waits that would have ended. Only a higher value tells them apart.", evidence.Plural(m.GaveUp, "wait", "waits"), Span(m.GaveAt))
	default:
		say("%s gave up, after %s at the earliest: taken for hangs here. Whether the lock would have come later the log cannot tell.", evidence.Plural(m.GaveUp, "wait", "waits"), Span(m.GaveAt))
	}
	if m.Now > 0 && m.Now != m.BoundS {
		say("At present a wait is given up after %s.", Span(m.Now))
	}
	if m.Other > 0 {
		say("%s ended otherwise, or had not ended: not counted.", evidence.Plural(m.Other, "wait", "waits"))
	}
	return why
}

func covered(d float64) string {
	switch {
	case d < 0.05:
		return "less than an hour"
	case d < 1.95:
		return fmt.Sprintf("%.0f hours", d*24)
	}
	return fmt.Sprintf("%.0f days", d)
}

func days(n int) string { return evidence.Plural(n, "day", "days") }

func none(n int) string {
	if n == 0 {
		return "none of them"
	}
	return evidence.Thousands(n) + " of them"
}
