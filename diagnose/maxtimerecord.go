package diagnose

import (
	"slices"
	"time"
)

// A Record is the waits that a log tells of, from a time on.
type Record struct {
	From  time.Time `json:"from,omitzero"` // as far back as it goes
	To    time.Time `json:"to,omitzero"`
	Waits []Episode `json:"waits"`           // the earliest first
	More  int       `json:"more,omitempty"`  // that there was no room for
	Least float64   `json:"least,omitempty"` // these all got their lock within this time, in seconds
}

// mostWaits is how many a Record keeps.
const mostWaits = 100_000

// Add takes a wait. When there is no room for more, the shortest go: they are counted.
func (r *Record) Add(e Episode) {
	if len(r.Waits) >= mostWaits {
		r.thin()
	}
	r.Waits = append(r.Waits, e)
}

// thin makes room by counting the shorter half of those that got their lock.
func (r *Record) thin() {
	var took []float64
	for _, e := range r.Waits {
		if e.Got() {
			took = append(took, e.Most)
		}
	}
	slices.Sort(took)
	limit := -1.0
	if len(took) > 0 {
		limit = took[len(took)/2]
	}
	before := len(r.Waits)
	r.Waits = slices.DeleteFunc(r.Waits, func(e Episode) bool { return e.Got() && e.Most <= limit })
	if len(r.Waits) == before { // none got its lock
		r.Waits = slices.Delete(r.Waits, 0, before/2)
	}
	r.More += before - len(r.Waits)
	r.Least = max(r.Least, limit)
}

// Together lays the records of several logs beside each other. A wait that two of them
// tell of is one: by its host, pid, file and time.
func Together(records ...Record) Record {
	var all Record
	for _, r := range records {
		all.Waits = append(all.Waits, r.Waits...)
		all.More, all.Least = all.More+r.More, max(all.Least, r.Least)
		if !r.From.IsZero() {
			all.From = earlier(all.From, r.From)
		}
		if r.To.After(all.To) {
			all.To = r.To
		}
	}
	slices.SortStableFunc(all.Waits, byBegin)
	kept := all.Waits[:0]
	for _, e := range all.Waits {
		if twin := twinOf(kept, e); twin == nil {
			kept = append(kept, e)
		} else if better(e, *twin) {
			*twin = e
		}
	}
	all.Waits = kept
	return all
}

func twinOf(sorted []Episode, e Episode) *Episode {
	for i := len(sorted) - 1; i >= 0 && e.Began.Sub(sorted[i].Began) <= twice; i-- {
		if o := &sorted[i]; o.PID == e.PID && o.Host == e.Host && (o.File == e.File || o.File == "" || e.File == "") {
			return o
		}
	}
	return nil
}

// better prefers the one that tells more.
func better(a, b Episode) bool {
	known := func(e Episode) bool { return e.End != "" && e.End != EndSilent && e.End != EndLost }
	if known(a) != known(b) {
		return known(a)
	}
	return a.Messages > b.Messages
}

// Days is how much time the record covers.
func (r Record) Days() float64 {
	if r.From.IsZero() || !r.To.After(r.From) {
		return 0
	}
	return r.To.Sub(r.From).Hours() / 24
}

// A Bar is one of a histogram: how many waits got their lock after so long.
type Bar struct {
	From  float64 `json:"from_s"`
	To    float64 `json:"to_s,omitempty"` // 0: no end
	Count int     `json:"count"`
	// Between counts those of which it is only known that it was between these times,
	// or a part of them: nothing was logged when they got it.
	Between int `json:"between,omitempty"`
}

// Histogram counts the waits that got their lock. Its bars end where a sleep of the
// schedule does: so each wait belongs to one, also where only its messages are known.
func (r Record) Histogram() []Bar {
	var bars []Bar
	for n := 1; n <= 10; n++ {
		bars = append(bars, Bar{From: sleptBefore(n), To: sleptBefore(n + 1)})
	}
	last := &bars[len(bars)-1]
	last.To = 0
	for _, e := range r.Waits {
		if !e.Got() {
			continue
		}
		i := 0
		for i+1 < len(bars) && e.Least >= bars[i+1].From {
			i++
		}
		bars[i].Count++
		if e.End == EndSilent {
			bars[i].Between++
		}
	}
	return bars
}
