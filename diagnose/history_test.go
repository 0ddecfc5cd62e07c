package diagnose

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"cyrlock/evidence"
)

func clock(seconds float64) time.Time { return nine.Add(time.Duration(seconds * float64(time.Second))) }

// told is a hang in one line, times in seconds after nine.
func told(g Hang) string {
	s := fmt.Sprintf("%s by %q since %.0f seen %.0f most %d oldest %.0f", g.Class, g.Holder, g.Began.Sub(nine).Seconds(), g.Seen.Sub(nine).Seconds(), g.Most, g.OldestS)
	if !g.Cleared.IsZero() {
		s += fmt.Sprintf(" cleared %.0f: %s", g.Cleared.Sub(nine).Seconds(), g.How)
	}
	return s
}

func TestHistory(t *testing.T) {
	table := func(h locked) locked { // known from the lock table alone
		return with(h, func(f *evidence.File) {
			for i := range f.Waiters {
				f.Waiters[i].FD = -1
			}
		})
	}
	for _, tt := range []struct {
		name  string
		looks []scene
		want  []string
	}{
		{"young waits are no hang", []scene{{locks: []locked{seen(2, 71)}}, {after: 2}}, nil},
		{"one hang, from its first wait to its end", []scene{
			{}, {after: 2, locks: []locked{seen(1, 71)}}, {after: 12, locks: []locked{seen(11, 71, 72)}}, {after: 14, locks: []locked{seen(13, 71, 72, 73)}},
			{after: 16, locks: []locked{seen(3, 73)}}, {after: 18}},
			[]string{`idle-holder by "imapd 70" since 1 seen 12 most 3 oldest 13 cleared 18: 1 waiter drained within 2.0s.`}},
		{"it lasts", []scene{{locks: []locked{seen(20, 71)}}, {after: 2, locks: []locked{seen(22, 71)}}},
			[]string{`idle-holder by "imapd 70" since -20 seen 0 most 1 oldest 22`}},
		{"the next in the queue hangs as well", []scene{{locks: []locked{seen(20, 71, 72)}}, {after: 2, locks: []locked{by(seen(22, 72), 71)}}},
			[]string{`idle-holder by "imapd 71" since -20 seen 2 most 1 oldest 22`,
				`idle-holder by "imapd 70" since -20 seen 0 most 2 oldest 20 cleared 2: 1 of 2 still waits, but no longer behind imapd 70, after 2.0s: imapd 72 waits for jwade's seen file. imapd 71 holds it and waits to read for 22s.`}},
		{"a blind look ends nothing", []scene{{locks: []locked{seen(20, 71)}}, {after: 2, gaps: unreadable}, {after: 4, blank: true}},
			[]string{`idle-holder by "imapd 70" since -20 seen 0 most 1 oldest 20`}},
		{"and the look after it does", []scene{{locks: []locked{seen(20, 71)}}, {after: 2, gaps: unreadable}, {after: 4}},
			[]string{`idle-holder by "imapd 70" since -20 seen 0 most 1 oldest 20 cleared 4: 1 waiter drained within 4.0s.`}},
		{"it comes back after a blind look: still the same", []scene{{locks: []locked{seen(20, 71)}}, {after: 2, gaps: unreadable}, {after: 4, locks: []locked{seen(24, 71)}}},
			[]string{`idle-holder by "imapd 70" since -20 seen 0 most 1 oldest 24`}},
		{"it flickers, as the lock table does", []scene{{locks: []locked{table(seen(20, 71))}}, {after: 2}, {after: 4, locks: []locked{table(seen(24, 71))}}},
			[]string{`idle-holder by "imapd 70" since -20 seen 0 most 1 oldest 24`}},
		{"absent from the lock table twice", []scene{{locks: []locked{table(seen(20, 71))}}, {after: 2}, {after: 4}},
			[]string{`idle-holder by "imapd 70" since -20 seen 0 most 1 oldest 20 cleared 4: 1 waiter is not in the lock table any more, in 2 looks.`}},
		{"its holder flickers", []scene{{locks: []locked{seen(20, 71)}}, {after: 2, locks: []locked{with(by(seen(22, 71)), func(f *evidence.File) { f.HolderSeen = 0 })}}, {after: 4, locks: []locked{seen(24, 71)}}},
			[]string{`idle-holder by "imapd 70" since -20 seen 0 most 1 oldest 24`}},
		{"the holder flickers and is another then", []scene{{locks: []locked{seen(20, 71, 72)}}, {after: 2, locks: []locked{by(seen(22, 71, 72))}}, {after: 4, locks: []locked{by(seen(24, 72), 71)}}},
			[]string{`idle-holder by "imapd 71" since -20 seen 4 most 1 oldest 24`,
				`idle-holder by "imapd 70" since -20 seen 0 most 2 oldest 22 cleared 4: 1 of 2 still waits, but no longer behind imapd 70, after 4.0s: imapd 72 waits for jwade's seen file. imapd 71 holds it and waits to read for 24s.`}},
		{"a waiter that could not be read may still wait", []scene{{locks: []locked{seen(20, 71)}}, {after: 2, gaps: []evidence.Gap{{PID: 71, What: "system calls", Why: "no answer"}}}},
			[]string{`idle-holder by "imapd 70" since -20 seen 0 most 1 oldest 20`}},
		{"a circle is one at once", []scene{{locks: []locked{{file: "a", holders: []int{71}, waiters: []int{72}}, {file: "b", holders: []int{72}, waiters: []int{71}}}}},
			[]string{`cycle by "imapd 72" since 0 seen 0 most 2 oldest 0`}},
		{"another boot: another history", []scene{{locks: []locked{seen(20, 71)}, host: evidence.Host{BootID: "a"}}, {after: 99, host: evidence.Host{BootID: "b"}}}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var h History
			for _, look := range tt.looks {
				h.Add(look.report())
			}
			var got []string
			for _, g := range h.Hangs() {
				got = append(got, told(g))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("hangs:\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(tt.want, "\n     "))
			}
		})
	}
}

func TestHistoryTellsWhatHappened(t *testing.T) {
	var h History
	for _, look := range []scene{
		{}, {after: 2, locks: []locked{seen(1, 71)}}, {after: 12, locks: []locked{seen(11, 71)}},
		{after: 13, gaps: unreadable}, // nothing is told of what it does not show
		{after: 14},
	} {
		r := look.report()
		h.Add(r)
		n := len(h.Events())
		if h.Add(r); len(h.Events()) != n {
			t.Errorf("the same look again is told as %q", texts(h.Events()[n:]))
		}
	}
	want := []string{
		"slow now, healthy before", "imapd 71 began to wait for jwade's seen file",
		"imapd 71 waits for jwade's seen file. imapd 70 holds it and waits to read for 11s.", "hung now, slow before",
		"imapd 70: 1 waiter drained within 2.0s.", "healthy now, hung before", "imapd 71 no longer waits for jwade's seen file",
	}
	if got := texts(h.Events()); !slices.Equal(got, want) {
		t.Errorf("got %s\nwant %s", strings.Join(got, "\n    "), strings.Join(want, "\n     "))
	}
	var curve []int
	for _, p := range h.Points() {
		curve = append(curve, p.Waiting)
	}
	if !slices.Equal(curve, []int{0, 1, 1, 0}) {
		t.Errorf("curve: %v; a look that sees nothing is no zero", curve)
	}
}

// However long it runs, no peak of the curve is lost, and the room is bounded.
func TestPoints(t *testing.T) {
	var p points
	random := rand.New(rand.NewPCG(1, 2))
	highest := 0
	for i := range 10000 {
		n := random.IntN(50)
		if i == 10 {
			n = 5000
		}
		highest = max(highest, n)
		p.add(Point{clock(float64(i)), n})
		if len(p) > mostPoints {
			t.Fatalf("%d points after %d", len(p), i)
		}
	}
	if got := slices.MaxFunc(p, func(a, b Point) int { return a.Waiting - b.Waiting }).Waiting; got != highest {
		t.Errorf("the peak is %d, was %d", got, highest)
	}
	if !slices.IsSortedFunc(p, func(a, b Point) int { return a.At.Compare(b.At) }) || len(p) < mostPoints/2 {
		t.Errorf("%d points, not in order", len(p))
	}
	if last := p[len(p)-1]; !last.At.Equal(clock(9999)) {
		t.Errorf("the last is of %v", last.At)
	}
}

// A history of a bad year is no larger than one of a bad day.
func TestHistoryIsBounded(t *testing.T) {
	var h History
	for i := range 300 {
		s := scene{after: float64(4 * i)}
		for n := range 3 {
			s.locks = append(s.locks, locked{file: fmt.Sprintf("u%d-%d.seen", i, n), holders: []int{1000 + 10*i + n}, waiters: []int{1005 + 10*i + n}, since: 20})
		}
		h.Add(s.report())
		h.Add(scene{after: float64(4*i + 2)}.report())
	}
	if n := len(h.Hangs()); n != mostHangs {
		t.Errorf("%d hangs", n)
	}
	if n := len(h.Events()); n != mostEvents {
		t.Errorf("%d events", n)
	}
	if newest := h.Hangs()[0]; !newest.Cleared.Equal(clock(4*299 + 2)) {
		t.Errorf("the newest was cleared %v", newest.Cleared)
	}
}

func BenchmarkHistory(b *testing.B) {
	for _, chains := range []int{1, 200} {
		b.Run(fmt.Sprintf("5000 in %d", chains), func(b *testing.B) {
			one, other := Diagnose(many(5000, chains), Options{}), Diagnose(many(2500, chains), Options{})
			var h History
			for i := 0; b.Loop(); i++ { // by turns 2,500 come and go
				r := one
				if i%2 == 1 {
					r = other
				}
				r.Taken = clock(float64(2 * i))
				h.Add(r)
			}
		})
	}
}
