package scene

import (
	"fmt"
	"slices"
	"strings"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A LogPast is what the log of the last days says of how long waits take. It is made
// away from the screen: there may be many.
type LogPast struct {
	Advice diagnose.Maxtime
	Bars   []diagnose.Bar
	Err    error // why it is not all
}

// NewLogPast is that of the waits that could be read.
func NewLogPast(r diagnose.Record, err error) *LogPast {
	return &LogPast{r.Maxtime(), r.Histogram(), err}
}

// LogPast says how many waits took how long, in so many groups.
func (s *Scene) LogPast(p *LogPast, groups int) string {
	days := evidence.Plural(int(p.Advice.Days+0.5), "day", "days")
	if p.Advice.Days < 1 {
		days = "less than a day"
	}
	if p.Advice.Got == 0 {
		return "none that got its lock in the log of " + days + ": no advice on MAXTIME" + s.partly(p)
	}
	return s.bars(p, groups) + "   in " + days + s.partly(p)
}

func (s *Scene) partly(p *LogPast) string {
	if p.Err == nil {
		return ""
	}
	return "; not all could be read: " + s.Text(FirstLine(p.Err))
}

// bars are the groups, each with a bar of one cell: "0-1 s █ 412".
func (s *Scene) bars(p *LogPast, groups int) string {
	bars := slices.Clone(p.Bars)
	for groups > 3 && bars[groups-1].Count == 0 && !longer(bars[groups:]) { // there are none so long
		groups--
	}
	if more := len(bars) - groups; more > 0 {
		last := &bars[groups-1]
		for _, b := range bars[groups:] {
			last.Count += b.Count
		}
		last.To, bars = 0, bars[:groups]
	}
	most := 1
	for _, b := range bars {
		most = max(most, b.Count)
	}
	levels := []rune(s.Levels)
	var parts []string
	for _, b := range bars {
		name := fmt.Sprintf("%.0f-%.0f s", b.From, b.To)
		if b.To == 0 {
			name = fmt.Sprintf("over %.0f s", b.From)
		}
		level := 0
		if b.Count > 0 {
			level = 1 + b.Count*(len(levels)-2)/most
		}
		parts = append(parts, fmt.Sprintf("%s %c %s", name, levels[level], evidence.Thousands(b.Count)))
	}
	return strings.Join(parts, "   ")
}

// longer tells whether a wait is in one of these.
func longer(bars []diagnose.Bar) bool {
	return slices.ContainsFunc(bars, func(b diagnose.Bar) bool { return b.Count > 0 })
}
