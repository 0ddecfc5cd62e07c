package diagnose

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"cyrlock/evidence"
)

var logBegan = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

const seenFile = "/var/imap/user/p/jwade.seen"

// logAt is a line of imapd 24876, that many seconds after the beginning.
func logAt(s float64, m *evidence.LogMessage) evidence.LogLine {
	return evidence.LogLine{Time: logBegan.Add(seconds(s)), Host: "mail1", Ident: "imapd", PID: 24876, Source: "/var/log/mail.log", Message: m}
}

// slept is the timed lock's message before its n-th sleep.
func slept(n int) *evidence.LogMessage {
	return &evidence.LogMessage{Kind: evidence.LogSleeping, Sleep: float64(n * n), Attempt: n + 1, Of: 11, Bound: 285, PID: 24876, File: seenFile}
}

func seed() *evidence.LogMessage { return &evidence.LogMessage{Kind: evidence.LogSleeping} }

// folded are the episodes of these lines, in the order in which they ended.
func folded(lines ...evidence.LogLine) (all []Episode) {
	f := Fold{Patience: 2 * time.Minute, Ended: func(e Episode) { all = append(all, e) }}
	for _, l := range lines {
		f.Add(l)
	}
	f.Finish()
	return all
}

func TestEpisodes(t *testing.T) {
	again := func(l evidence.LogLine, change func(*evidence.LogLine)) evidence.LogLine { change(&l); return l }
	later := logAt(900, nil)
	later.PID = 1
	died := logAt(6.5, &evidence.LogMessage{Kind: evidence.LogDied, PID: 24876, Detail: "signal 9 (Killed)"})
	died.PID, died.Ident = 700, "master"
	busy := &evidence.LogMessage{Kind: evidence.LogLockError, File: seenFile, Detail: "Resource temporarily unavailable"}
	for _, c := range []struct {
		name  string
		lines []evidence.LogLine
		want  string // end, least to most, messages
	}{
		{"it got the lock in silence", []evidence.LogLine{logAt(0, slept(1)), logAt(1, slept(2)), logAt(5, slept(3)), later}, "silent 5-14 3"},
		{"the library tells it", []evidence.LogLine{logAt(0, slept(1)), logAt(1, slept(2)), logAt(3, &evidence.LogMessage{Kind: evidence.LogGot, Waited: 3, Attempt: 4, Of: 11, Bound: 285, File: seenFile})}, "got 3-4 3"},
		{"it gave up, and Cyrus says so too", []evidence.LogLine{logAt(204, slept(9)), logAt(285, &evidence.LogMessage{Kind: evidence.LogGaveUp, Waited: 285, Attempt: 11, Of: 11, Bound: 285, File: seenFile}), logAt(285, busy)}, "gave-up 285-0 2"},
		{"the first messages are of level debug", []evidence.LogLine{logAt(1, slept(2)), logAt(5, slept(3)), later}, "silent 5-14 2"},
		{"the seed's message tells nothing", []evidence.LogLine{logAt(0, seed()), logAt(1, seed()), logAt(5, seed()), later}, "silent 5-14 3"},
		{"the seed gives up", []evidence.LogLine{logAt(0, seed()), logAt(1, seed()), logAt(5, seed()), logAt(14, seed()), logAt(30, busy)}, "gave-up 30-0 4"},
		{"the seed's, written together", []evidence.LogLine{logAt(0, seed()), again(logAt(14, seed()), func(l *evidence.LogLine) { l.Repeated = 3 }), later}, "silent 14-30 4"},
		{"the seed's twice in a row", []evidence.LogLine{logAt(0, seed()), logAt(60, seed()), later}, "silent 0-1 1, silent 0-1 1"},
		{"the next wait, and no message of level debug", []evidence.LogLine{logAt(1, slept(2)), logAt(2.5, slept(2)), later}, "silent 1-3.5 1, silent 1-5 1"},
		{"the seed's next wait, too early to be the next try", []evidence.LogLine{logAt(0, seed()), logAt(1, seed()), logAt(2.5, seed()), later}, "silent 1-3.5 2, silent 0-1 1"},
		{"an error of later", []evidence.LogLine{logAt(0, slept(1)), logAt(1, slept(2)), logAt(60, busy), later}, "silent 1-5 2"},
		{"another error", []evidence.LogLine{logAt(0, slept(1)), logAt(1, slept(2)), logAt(3, &evidence.LogMessage{Kind: evidence.LogLockError, File: seenFile, Detail: "No locks available"})}, "error 3-0 2"},
		{"master tells of its end", []evidence.LogLine{logAt(0, slept(1)), logAt(1, slept(2)), logAt(5, slept(3)), died}, "died 6.5-0 3"},
		{"it says something else", []evidence.LogLine{logAt(0, slept(1)), logAt(1, slept(2)), logAt(5, slept(3)), logAt(7, nil)}, "silent 5-8 3"},
		{"a line before is late", []evidence.LogLine{logAt(0, slept(1)), logAt(1, slept(2)), logAt(0.5, nil), logAt(5, slept(3)), later}, "silent 5-14 3"},
		{"the next wait of the same process", []evidence.LogLine{logAt(0, slept(1)), logAt(1, slept(2)), logAt(3, slept(1)), logAt(4, slept(2)), later}, "silent 1-4 2, silent 1-5 2"},
		{"another file", []evidence.LogLine{logAt(0, slept(1)), logAt(1, slept(2)), again(logAt(2, slept(3)), func(l *evidence.LogLine) { l.Message.File = "/other" }), later}, "silent 1-3 2, silent 5-14 1"},
		{"another program has its pid", []evidence.LogLine{logAt(1, slept(2)), again(logAt(4, slept(3)), func(l *evidence.LogLine) { l.Ident = "lmtpd" }), later}, "silent 1-5 1, silent 5-14 1"},
		{"another host", []evidence.LogLine{logAt(1, slept(2)), again(logAt(5, slept(3)), func(l *evidence.LogLine) { l.Host = "mail2" }), later}, "silent 1-5 1, silent 5-14 1"},
		{"lost lines", []evidence.LogLine{logAt(0, slept(1)), logAt(14, slept(4)), logAt(55, slept(6)), later}, "silent 55-91 3"},
		{"in two logs", []evidence.LogLine{logAt(0, slept(1)), again(logAt(0.3, slept(1)), func(l *evidence.LogLine) { l.Source = "/var/log/syslog" }), logAt(1, slept(2)), again(logAt(1, slept(2)), func(l *evidence.LogLine) { l.Source = "/var/log/syslog" }), later}, "silent 1-5 2"},
		{"the clock was set back", []evidence.LogLine{logAt(9000, slept(1)), logAt(9001, slept(2)), logAt(1, nil), logAt(2, slept(1)), later}, "lost 1-0 2, silent 0-1 1"},
		{"without the timed lock", []evidence.LogLine{logAt(20, &evidence.LogMessage{Kind: evidence.LogTimer, Waited: 12.3, File: seenFile})}, "got 12.3-12.3 1"},
		{"it still waits", []evidence.LogLine{logAt(0, slept(1)), logAt(1, slept(2))}, " 1-0 2"},
		{"a patch with times of its own", []evidence.LogLine{logAt(0, &evidence.LogMessage{Kind: evidence.LogSleeping, Sleep: 2}), logAt(2, &evidence.LogMessage{Kind: evidence.LogSleeping, Sleep: 3}), later}, "silent 2-5 2"},
		{"errors and held locks of others", []evidence.LogLine{logAt(0, busy), logAt(1, &evidence.LogMessage{Kind: evidence.LogLong, Waited: 9}), died}, ""},
	} {
		var got string
		for i, e := range folded(c.lines...) {
			got += fmt.Sprintf("%s%s %v-%v %d", map[bool]string{true: ", "}[i > 0], e.End, e.Least, e.Most, e.Messages)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestEpisodeTimes(t *testing.T) {
	var f Fold
	f.Add(logAt(5, slept(3)))
	open := f.Open()
	if len(open) != 1 || !f.Waits("mail1", 24876) || f.Waits("mail2", 24876) {
		t.Fatalf("%+v", open)
	}
	e := open[0]
	if !e.Began.Equal(logBegan) || !e.Next.Equal(logBegan.Add(14*time.Second)) || !e.GivesUp().Equal(logBegan.Add(285*time.Second)) || e.Attempt != 4 {
		t.Errorf("%+v, gives up %v", e, e.GivesUp())
	}
	nobody := logAt(1, slept(1))
	nobody.PID, nobody.Message.PID = 0, 0
	if f.Add(nobody); f.Nameless != 1 || len(f.Open()) != 1 {
		t.Errorf("a message of nobody: %d", f.Nameless)
	}
	f.Add(logAt(5, slept(3)))
	f.Advance(logBegan.Add(16 * time.Second)) // late, but not too late
	if len(f.Open()) != 1 {
		t.Error("given up too early")
	}
	f.Advance(logBegan.Add(18 * time.Second))
	if len(f.Open()) != 0 {
		t.Error("it has its lock for long")
	}
}

// A wait that really happened, and what its process logged.
type realWait struct {
	pid      int
	began, d float64
	end      EpisodeEnd
}

// writers are the three that log waits: the seed's patch, the timed lock in the source,
// the library.
const (
	bySeed = iota
	bySource
	byLibrary
)

// log writes what a wait logs that would take d seconds, with a bound of 285 s.
func (w *realWait) log(writer int, quiet bool) (lines []evidence.LogLine) {
	say := func(s float64, m *evidence.LogMessage) {
		l := logAt(w.began+s, m)
		l.PID = w.pid
		lines = append(lines, l)
	}
	w.end = EndSilent
	for n := 1; n <= 9 && sleptBefore(n) < w.d; n++ {
		m := slept(n)
		m.PID = w.pid
		if writer == bySeed {
			m = seed()
		}
		if !quiet || n > 1 {
			say(sleptBefore(n), m)
		}
	}
	switch {
	case w.d >= 285:
		w.end = EndGaveUp
		if writer != bySeed {
			say(285, &evidence.LogMessage{Kind: evidence.LogGaveUp, Waited: 285, Attempt: 11, Of: 11, Bound: 285, File: seenFile})
		}
		say(285, &evidence.LogMessage{Kind: evidence.LogLockError, File: seenFile, Detail: "Resource temporarily unavailable"})
	case writer == byLibrary:
		w.end = EndGot
		say(w.d, &evidence.LogMessage{Kind: evidence.LogGot, Waited: float64(int(w.d)), Attempt: 3, Of: 11, Bound: 285, File: seenFile})
	}
	return lines
}

// Any waits, mixed: each is found again, and took what its episode says.
func TestEpisodesOfAnyWaits(t *testing.T) {
	for round := range uint64(300) {
		r := rand.New(rand.NewPCG(round, 7))
		writer, quiet, whole, double := r.IntN(3), r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(2) == 0
		quiet = quiet && writer != bySeed // its messages are all of one level
		var waits []realWait
		var lines []evidence.LogLine
		for pid := range 5 + r.IntN(20) {
			for began := r.Float64() * 1000; began < 3000; {
				w := realWait{pid: 100 + pid, began: began, d: 1.2 + r.ExpFloat64()*60}
				lines = append(lines, w.log(writer, quiet)...)
				waits = append(waits, w)
				began += min(w.d, 285) + 3 + r.Float64()*600
				if writer == bySeed { // its messages do not tell where a wait begins
					began += 100
				}
			}
		}
		if double {
			for _, l := range lines {
				l.Source, l.Time = "/var/log/syslog", l.Time.Add(time.Millisecond)
				lines = append(lines, l)
			}
		}
		slices.SortStableFunc(lines, func(a, b evidence.LogLine) int { return a.Time.Compare(b.Time) })
		if whole {
			for i := range lines {
				lines[i].Time = lines[i].Time.Truncate(time.Second)
			}
		}
		end := logAt(9000, nil)
		end.PID = 1
		got := folded(append(lines, end)...)
		slices.SortFunc(got, byBegin)
		slices.SortFunc(waits, func(a, b realWait) int { return cmp.Compare(a.began, b.began) })
		if len(got) != len(waits) {
			t.Fatalf("round %d: %d episodes of %d waits", round, len(got), len(waits))
		}
		for _, w := range waits {
			i := slices.IndexFunc(got, func(e Episode) bool {
				return e.PID == w.pid && e.Began.Sub(logBegan.Add(seconds(w.began))).Abs() < 1100*time.Millisecond
			})
			if i < 0 {
				t.Fatalf("round %d: nothing of %+v", round, w)
			}
			e := got[i]
			known := e.End == EndGaveUp && e.Least == 285 && e.Most == 0 || e.Least <= w.d && w.d <= e.Most
			if e.End != w.end || !known {
				t.Errorf("round %d: %s %v-%v for %+v", round, e.End, e.Least, e.Most, w)
			}
		}
	}
}

// Whatever the lines are: no episode claims what cannot be, room is bounded, and each
// message is of one episode at most.
func FuzzEpisodes(f *testing.F) {
	f.Add([]byte{0, 1, 0, 0, 1, 2, 0, 4, 1, 3, 0, 9})
	f.Add([]byte{1, 0, 0, 1, 1, 0, 1, 255, 6, 5, 9, 9, 3, 200, 200, 1})
	f.Fuzz(func(t *testing.T, script []byte) {
		now, messages, told := logBegan, 0, 0
		fold := Fold{Ended: func(e Episode) {
			told += e.Messages
			if e.Least < 0 || e.Most != 0 && e.Most < e.Least || e.Got() && e.End == EndSilent && e.Most == 0 || e.Messages < 1 {
				t.Errorf("%+v", e)
			}
		}}
		for ; len(script) >= 4; script = script[4:] {
			kind, who, n, gap := script[0], script[1], int(script[2]), float64(int8(script[3]))
			now = now.Add(seconds(gap * gap * gap / 100))
			kinds := []evidence.LogKind{evidence.LogSleeping, evidence.LogSleeping, evidence.LogGot, evidence.LogGaveUp, evidence.LogTimer, evidence.LogLockError, evidence.LogDied, evidence.LogLong, evidence.LogRefused}
			l := evidence.LogLine{Time: now, PID: int(who % 4), Ident: []string{"imapd", "lmtpd"}[who/128]}
			if k := int(kind) % (len(kinds) + 1); k < len(kinds) {
				l.Message = &evidence.LogMessage{Kind: kinds[k], PID: l.PID, Waited: float64(n)}
				if kind&0x40 != 0 {
					l.Message.Attempt = n
				}
				if kind&0x80 != 0 {
					l.Message.Sleep = float64(n * n)
				}
				if who&0x40 != 0 {
					l.Repeated = n
				}
				if who&0x20 != 0 {
					l.Message.File = seenFile
				}
				messages += max(l.Repeated, 1)
			}
			fold.Add(l)
			for _, e := range fold.Open() {
				if e.Next.Before(e.Last) {
					t.Errorf("it tries again before it sleeps: %+v", e)
				}
			}
		}
		fold.Finish()
		if told > messages {
			t.Errorf("%d messages, %d in episodes", messages, told)
		}
		if len(fold.open) != 0 || len(fold.recent) > mostRecent {
			t.Error("something is left")
		}
	})
}

// Room is bounded: whoever has said nothing for longest gives way.
func TestEpisodesBounded(t *testing.T) {
	lost := 0
	f := Fold{Ended: func(e Episode) {
		if e.End == EndLost {
			lost++
		}
	}}
	for pid := range mostOpen + 10 {
		l := logAt(float64(pid)/1e5, slept(9))
		l.PID = pid + 1
		f.Add(l)
	}
	if len(f.open) != mostOpen || lost != 10 || f.Waits("mail1", 1) {
		t.Errorf("%d are open, %d were given up", len(f.open), lost)
	}
}
