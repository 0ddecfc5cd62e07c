package diagnose

import "math"

// A Maxtime is what a record of waits says about MAXTIME, the longest single sleep.
type Maxtime struct {
	Value   int          `json:"maxtime"` // the advice
	BoundS  float64      `json:"bound_s"` // then a wait is given up after so many seconds
	Sure    bool         `json:"sure"`    // false: there is too little to go by, and Value is the one to begin with
	AgainIn int          `json:"look_again_days,omitempty"`
	Reasons []string     `json:"reasons"`
	Rows    []MaxtimeRow `json:"values"`

	Days   float64 `json:"days"`             // that the log covers
	Got    int     `json:"got"`              // waits that got their lock
	GaveUp int     `json:"gave_up"`          // whether they would have got it nobody knows
	Other  int     `json:"other"`            // that ended otherwise, or have not ended
	Least  float64 `json:"longest_least_s"`  // the longest that got its lock took from
	Most   float64 `json:"longest_most_s"`   // … to
	Now    float64 `json:"now_s,omitempty"`  // the bound that is in force, by the latest message that tells one
	GaveAt float64 `json:"gave_at,omitzero"` // the shortest after which one gave up, in seconds
}

// A MaxtimeRow is what one value would have done.
type MaxtimeRow struct {
	Maxtime int     `json:"maxtime"`
	BoundS  float64 `json:"bound_s"`
	Cut     int     `json:"cut"`              // waits that got their lock, and would have been given up
	Perhaps int     `json:"perhaps"`          // likewise, but it is not known whether they took so long
	Longer  int     `json:"longer,omitempty"` // that gave up, and would have had more time
}

const (
	startHigh   = 99 // the seed's: 285 s
	lowest      = 17 // the least that anybody was happy with: 30 s
	enoughDays  = 7
	enoughWaits = 30
	margin      = 2    // times the longest wait
	tooMany     = 0.01 // that gave up, of all
)

// maxtimes are the values to choose from, one for each bound; the seed's own stands for
// its bound.
func maxtimes(longest float64) []int {
	var values []int
	for n := 3; ; n++ {
		v := n*n + 1
		if n == 9 {
			v = startHigh
		}
		values = append(values, v)
		if n >= 9 && (Bound(v) > margin*longest || n >= 15) {
			return values
		}
	}
}

// Maxtime advises: begin high, then go as low as the waits that were seen allow.
func (r Record) Maxtime() Maxtime {
	m := Maxtime{Days: r.Days(), Got: r.More, Most: r.Least}
	for _, e := range r.Waits {
		switch {
		case e.Got():
			m.Got++
			if e.Most > m.Most || e.Most == m.Most && e.Least > m.Least {
				m.Least, m.Most = e.Least, e.Most
			}
		case e.End == EndGaveUp:
			if m.GaveUp++; m.GaveAt == 0 || e.Least < m.GaveAt {
				m.GaveAt = e.Least
			}
		default:
			m.Other++
		}
		if e.Bound > 0 {
			m.Now = e.Bound
		}
	}
	for _, v := range maxtimes(m.Most) {
		m.Rows = append(m.Rows, r.row(v))
	}
	m.Value = m.choose()
	m.BoundS = Bound(m.Value)
	m.Reasons = m.reasons()
	return m
}

func (r Record) row(value int) MaxtimeRow {
	row := MaxtimeRow{Maxtime: value, BoundS: Bound(value)}
	for _, e := range r.Waits {
		switch {
		case e.Got() && e.Least >= row.BoundS:
			row.Cut++
		case e.Got() && e.Most > row.BoundS:
			row.Perhaps++
		case e.End == EndGaveUp && e.Least < row.BoundS:
			row.Longer++
		}
	}
	return row
}

func (m *Maxtime) choose() int {
	switch {
	case m.tooMany():
		m.AgainIn = enoughDays
		return startHigh
	case m.Got < enoughWaits || m.Days < enoughDays:
		m.AgainIn = m.again()
		return startHigh
	}
	m.Sure = true
	for _, row := range m.Rows {
		if row.Maxtime >= lowest && row.BoundS >= margin*m.Most {
			return row.Maxtime
		}
	}
	return m.Rows[len(m.Rows)-1].Maxtime
}

// tooMany reports whether so many gave up, and so early, that these may well have been
// waits that would have ended.
func (m *Maxtime) tooMany() bool {
	return m.GaveAt > 0 && m.GaveAt < Bound(startHigh) && m.Got > 0 && float64(m.GaveUp) > tooMany*float64(m.Got+m.GaveUp)
}

// again is in how many days there may be enough to go by.
func (m *Maxtime) again() int {
	days := enoughDays - m.Days
	if m.Got > 0 && m.Got < enoughWaits && m.Days > 0 {
		days = max(days, float64(enoughWaits-m.Got)*m.Days/float64(m.Got))
	}
	if m.Got == 0 {
		days = enoughDays
	}
	return int(math.Ceil(min(max(days, 1), 90)))
}

// mayExceed is the share of waits to come that may be longer than all that were seen, at
// most, with 95 % confidence: the rule of three.
func (m *Maxtime) mayExceed() float64 { return 3 / float64(m.Got) }
