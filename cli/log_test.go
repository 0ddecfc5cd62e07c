package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/fix/timedlock"
	"cyrlock/probe/syslog"
)

func TestSince(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 14, 0, 0, time.UTC)
	for in, want := range map[string]string{
		"2h": "2026-11-23 07:14", "7d": "2026-11-16 09:14", "1.5d": "2026-11-21 21:14", "2w": "2026-11-09 09:14", "90m": "2026-11-23 07:44",
		"2026-11-01": "2026-11-01 00:00", "2026-11-01 12:30": "2026-11-01 12:30", "2026-11-01T12:30:00+01:00": "2026-11-01 11:30",
	} {
		if got, err := parseSince(in, now); err != nil || got.UTC().Format("2006-01-02 15:04") != want {
			t.Errorf("%s: %v, %v; want %s", in, got, err, want)
		}
	}
	for _, bad := range []string{"yesterday", "-2h", "7", "d", "1e9d", "99999999w", "2026-13-01"} {
		var wrong usageError
		if _, err := parseSince(bad, now); !errors.As(err, &wrong) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestLogFilter(t *testing.T) {
	seen := (*diagnose.Present)(nil).Named("/var/imap/user/j/jwade.seen")
	smith := &evidence.Process{PID: 7, User: "lsmith"}
	for _, c := range []struct {
		f    logFilter
		want bool
	}{
		{logFilter{}, true}, {logFilter{user: "jwade"}, true}, {logFilter{user: "lsmith"}, true}, {logFilter{user: "bob"}, false},
		{logFilter{file: "jwade.seen"}, true}, {logFilter{file: "/j/jwade.seen"}, true}, {logFilter{file: "ade.seen"}, false},
		{logFilter{file: "/var/imap/user/j/jwade.seen"}, true}, {logFilter{pids: []int{8, 7}}, true}, {logFilter{pids: []int{8}}, false},
		{logFilter{user: "jwade", pids: []int{8}}, false},
	} {
		if got := c.f.wants(7, smith, seen); got != c.want {
			t.Errorf("%+v: %v", c.f, got)
		}
	}
	if (logFilter{user: "jwade"}).wants(7, nil, nil) || (logFilter{file: "a"}).wants(7, nil, nil) {
		t.Error("nothing is known of it, and it is taken")
	}
}

// Both sides of the house have the schedule.
func TestSchedules(t *testing.T) {
	for maxtime := 1; maxtime <= timedlock.MaxtimeLimit; maxtime++ {
		if got, want := diagnose.Bound(maxtime), float64((timedlock.Schedule{Maxtime: maxtime}).Bound()); got != want {
			t.Fatalf("%d: %v s, the timed lock gives up after %v s", maxtime, got, want)
		}
	}
}

// logBed is a follower whose looks are counted.
type logBed struct {
	*follower
	out, errs bytes.Buffer
	looks     int
	seen      *diagnose.Present
	fails     error
}

func newLogBed(asJSON bool) *logBed {
	b := &logBed{}
	l := &logging{settings: &settings{}, asJSON: asJSON}
	b.follower = &follower{logging: l, out: &logWriter{out: &b.out, errs: &b.errs}}
	b.follower.look = func(context.Context, []int) (*diagnose.Present, error) { b.looks++; return b.seen, b.fails }
	b.fold.Ended = func(e diagnose.Episode) { b.ended = append(b.ended, e) }
	return b
}

func said(pid int, at time.Time, source, text string) news {
	return news{line: evidence.LogLine{Time: at, Host: "mail1", Ident: "cyrus/imap", PID: pid, Text: text, Source: source}}
}

func sleeping(pid, n int) string {
	return fmt.Sprintf("lock_reopen-blocked: sleeping %d s, attempt %d of 11, bound 285 s, pid %d, file /var/imap/user/j/jwade.seen", n*n, n+1, pid)
}

// One look for a burst of lines, and none for the next one that comes at once.
func TestLogLooksRarely(t *testing.T) {
	b := newLogBed(false)
	at := time.Now()
	s := diagnose.Annotate(evidence.Snapshot{Taken: at, Host: evidence.Host{Name: "mail1"}, Files: []evidence.File{{Path: "/x", Holders: []evidence.Holder{{PID: 9}}, Waiters: []evidence.Waiter{{PID: 8}}}},
		Processes: []evidence.Process{{PID: 1, Exe: "/usr/cyrus/bin/imapd", StartedAgoS: 60, User: "jwade", Mailbox: "INBOX.a"}, {PID: 9, Exe: "/usr/cyrus/bin/lmtpd", StartedAgoS: 60}, {PID: 2, Exe: "/usr/cyrus/bin/imapd", StartedAgoS: -60}}})
	b.seen = diagnose.NewPresent(&s)
	var burst []news
	for pid := 1; pid <= 100; pid++ {
		burst = append(burst, said(pid, at, "a", sleeping(pid, 1)))
	}
	burst = append(burst, said(9, at, "a", "holding on\x1b[2J"), said(777, at, "a", "nothing to do with it"), said(1, at, "b", sleeping(1, 1)))
	b.take(t.Context(), burst)
	b.take(t.Context(), []news{said(1000, at, "a", sleeping(1000, 1))})
	if b.looks != 1 {
		t.Errorf("%d looks", b.looks)
	}
	lines := strings.Split(strings.TrimSpace(b.out.String()), "\n")
	if len(lines) != 102 {
		t.Errorf("%d lines of 100 waits, one remark and another wait:\n%s", len(lines), b.out.String())
	}
	for i, want := range map[int]string{0: "imapd 1 ", 1: "imap 2 ", 100: `lmtpd 9        said: holding on\x1b[2J`} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d: %q, want %q", i, lines[i], want)
		}
	}
	if !strings.HasSuffix(lines[0], "waits for jwade's seen file, tries again in 1 s, gives up in 4m45s (2 of 11)  [INBOX.a]") {
		t.Errorf("%q", lines[0])
	}
}

// Where nobody can look, lines come as they are, and that is told once.
func TestLogBlind(t *testing.T) {
	b := newLogBed(false)
	b.fails = errors.New("/proc: not mounted")
	for i := range 3 {
		b.looked, b.took = time.Time{}, 0
		b.take(t.Context(), []news{said(7, time.Now(), "a", sleeping(7, i+1))})
	}
	if b.looks != 3 || strings.Count(b.errs.String(), "cannot be looked at") != 1 || strings.Count(b.out.String(), "imap 7 ") != 3 {
		t.Errorf("%d looks\n%s\n%s", b.looks, b.out.String(), b.errs.String())
	}
}

func TestLogSummary(t *testing.T) {
	b := newLogBed(false)
	b.tally.sources = []syslog.Source{{Path: "/var/log/mail.log"}}
	at := time.Now().Add(-time.Hour)
	b.take(t.Context(), []news{
		said(1, at, "a", sleeping(1, 1)), said(1, at.Add(time.Second), "a", sleeping(1, 2)), said(2, at, "a", sleeping(2, 1)),
		said(3, at, "a", "lock_reopen-blocked: gave up after 285 s, attempt 11 of 11, bound 285 s, pid 3, file /a"),
		said(4, at, "a", "IOERROR: locking /a: No locks available"),
	})
	b.tally.began = time.Now().Add(-90 * time.Second)
	if err := b.end(context.Background()); err == nil { // the readers ended, nobody else
		t.Error("all is well")
	}
	text := b.out.String()
	for _, want := range []string{"3 waits, in 1m30s from /var/log/mail.log: 2 got the lock (the longest took 1 to 5 s), 1 gave up.", "Also: errors of locks: 1."} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

// Of a line in two logs one is told, wherever it is read first; the same line in one log
// is another.
// Lines of several logs that were there before are told in the order of their times.
func TestByTime(t *testing.T) {
	at := time.Now()
	all := byTime([]news{said(3, at.Add(3), "a", ""), said(1, at.Add(1), "b", ""), said(2, at.Add(2), "a", "")})
	for i, n := range all {
		if n.line.PID != i+1 {
			t.Errorf("%+v", all)
		}
	}
}
