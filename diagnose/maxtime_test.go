package diagnose

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// record has waits of so many seconds, over so many days; a negative one gave up after
// that time.
func record(days float64, took ...float64) Record {
	r := Record{From: logBegan, To: logBegan.Add(seconds(days * 86400))}
	for i, s := range took {
		e := Episode{PID: i + 1, Began: logBegan.Add(time.Duration(i) * time.Minute), End: EndGot, Least: s, Most: s, Messages: 1}
		if s < 0 {
			e.End, e.Least, e.Most = EndGaveUp, -s, 0
		}
		r.Add(e)
	}
	return r
}

// alike is n waits of s seconds.
func alike(n int, s float64) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = s
	}
	return all
}

func TestMaxtime(t *testing.T) {
	with := func(a []float64, more ...float64) []float64 { return append(a, more...) }
	for _, c := range []struct {
		name   string
		record Record
		value  int
		sure   bool
		again  int
		says   string
	}{
		{"nothing", record(30), 99, false, 7, "--test"},
		{"a few waits", record(14, alike(10, 3)...), 99, false, 28, "10 waits that got their lock in 14 days"},
		{"many waits in a day", record(1, alike(400, 3)...), 99, false, 6, "to go lower takes 30 in 7 days"},
		{"short waits", record(7, alike(400, 3)...), 17, true, 0, "none of them would have been cut short; 30 s are 10 times the longest"},
		{"twice the longest", record(7, with(alike(400, 3), 16)...), 26, true, 0, "the longest took 16 s"},
		{"long waits", record(7, with(alike(400, 3), 120)...), 99, true, 0, "1 in 133"},
		{"longer than the seed's bound", record(7, with(alike(400, 3), 300)...), 145, true, 0, "longest took 5m00s"},
		{"hangs", record(7, with(alike(400, 3), -285, -285)...), 17, true, 0, "2 waits gave up, after 4m45s at the earliest"},
		{"cut short now and then", record(7, with(alike(400, 3), -30)...), 17, true, 0, "1 wait gave up"},
		{"cut short too often", record(7, with(alike(400, 3), alike(20, -30)...)...), 99, false, 7, "Only a higher value tells them apart"},
	} {
		m := c.record.Maxtime()
		if m.Value != c.value || m.Sure != c.sure || m.AgainIn != c.again || m.BoundS != Bound(m.Value) {
			t.Errorf("%s: %+v", c.name, m)
		}
		if said := strings.Join(m.Reasons, "\n"); !strings.Contains(said, c.says) {
			t.Errorf("%s: it does not say %q:\n%s", c.name, c.says, said)
		}
		for _, row := range m.Rows {
			if row.Maxtime == m.Value && m.Sure && row.Cut > 0 {
				t.Errorf("%s: the advice cuts %d short", c.name, row.Cut)
			}
		}
	}
}

func TestMaxtimeRows(t *testing.T) {
	r := record(7, 3, 14, 20, 60, -30, -285)
	r.Add(Episode{End: EndSilent, Least: 14, Most: 30})
	r.Add(Episode{End: EndSilent, Least: 50, Most: 60}) // of a patch with other times
	r.Add(Episode{End: EndDied, Least: 100})
	var got string
	m := r.Maxtime()
	for _, row := range m.Rows {
		got += fmt.Sprintf("%d:%v %d+%d %d; ", row.Maxtime, row.BoundS, row.Cut, row.Perhaps, row.Longer)
	}
	want := "10:14 5+0 0; 17:30 2+0 0; 26:55 1+1 1; 37:91 0+0 1; 50:140 0+0 1; 65:204 0+0 1; 99:285 0+0 1; "
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if m.Got != 6 || m.GaveUp != 2 || m.Other != 1 || m.GaveAt != 30 {
		t.Errorf("%+v", m)
	}
}

func TestHistogram(t *testing.T) {
	r := record(7, 0.5, 1, 4.9, 5, 285, 4000, -285)
	r.Add(Episode{End: EndSilent, Least: 5, Most: 14})
	var got string
	for _, b := range r.Histogram() {
		got += fmt.Sprintf("%v-%v:%d/%d ", b.From, b.To, b.Count, b.Between)
	}
	if want := "0-1:1/0 1-5:2/0 5-14:2/1 14-30:0/0 30-55:0/0 55-91:0/0 91-140:0/0 140-204:0/0 204-285:0/0 285-0:2/0 "; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// The readme gives 285 s for 99 and 30 s for 17.
func TestBound(t *testing.T) {
	for maxtime, want := range map[int]float64{1: 1, 10: 14, 15: 14, 16: 30, 17: 30, 25: 55, 26: 55, 37: 91, 50: 140, 65: 204, 81: 285, 99: 285, 100: 385, 3600: 73810} {
		if got := Bound(maxtime); got != want {
			t.Errorf("%d: %v s, want %v", maxtime, got, want)
		}
	}
	for sleep, want := range map[float64]int{0: 0, 1: 1, 2: 0, 4: 2, 81: 9, 3600: 60, 3721: 0, 9.5: 0} {
		if got := stepOf(sleep); got != want {
			t.Errorf("a sleep of %v s is the %d-th, want %d", sleep, got, want)
		}
	}
}

// A wait that two logs tell of is one.
func TestTogether(t *testing.T) {
	mail, all := record(7, 3, 20, -30), record(2, 3, 20, -30)
	all.From, all.To = logBegan.Add(24*time.Hour), logBegan.Add(10*24*time.Hour)
	all.Waits[0].Began = all.Waits[0].Began.Add(time.Second)
	all.Waits[1].End, all.Waits[1].Messages = EndSilent, 9
	all.Waits[2].Host = "mail2"
	all.Add(Episode{PID: 1, Began: logBegan.Add(time.Hour), End: EndSilent, Most: 1})
	r := Together(mail, all)
	if len(r.Waits) != 5 || !r.From.Equal(logBegan) || !r.To.Equal(all.To) {
		t.Errorf("%d waits, %v to %v", len(r.Waits), r.From, r.To)
	}
	if r.Waits[1].End != EndGot {
		t.Errorf("the one that tells more is kept: %+v", r.Waits[1])
	}
}

// There is room for so many; none is forgotten.
func TestRecordBounded(t *testing.T) {
	r := Record{From: logBegan, To: logBegan.Add(30 * 24 * time.Hour)}
	for i := range mostWaits * 3 {
		r.Add(Episode{PID: i, End: EndGot, Least: float64(i % 10), Most: float64(i % 10)})
	}
	r.Add(Episode{PID: 1, End: EndSilent, Least: 14, Most: 30})
	if m := r.Maxtime(); len(r.Waits) > mostWaits || m.Got != mostWaits*3+1 || m.Most != 30 || m.Value != 37 {
		t.Errorf("%d are kept, %d counted: %+v", len(r.Waits), m.Got, m)
	}
}
