package ui

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/page"
	"cyrlock/ui/sample"
	"cyrlock/ui/scene"
)

// A tape is a Log of the test's own; its lines are put into the box by hand.
type tape struct {
	record diagnose.Record
	test   scene.LogTest
	err    error
	sent   int
}

func (l *tape) Follow(ctx context.Context, _ *scene.LogBox) error { <-ctx.Done(); return ctx.Err() }

func (l *tape) History(context.Context) (diagnose.Record, error) { return l.record, nil }

func (l *tape) Test(context.Context) (scene.LogTest, error) {
	l.sent++
	return l.test, l.err
}

// followed are screens on Watch that follow a log, with a look at the epoch.
func followed(t testing.TB, m Machine, o Options, env func(string) string, w, h int) *model {
	t.Helper()
	if o.Every = 2 * time.Second; o.Log == nil {
		o.Log = &tape{}
	}
	s := newModel(t.Context(), m, o, draw.NewTheme(nil, false, false, env))
	s.listen()
	s.log.box.Begin(epoch)
	s.log.box.Note(scene.LogNote{At: epoch, Source: "/var/log/mail.log", Text: "is being read"})
	logs(s, 0)
	s.Update(tea.WindowSizeMsg{Width: w, Height: h})
	look(t, s, epoch)
	s.Update(keyMsg("5"))
	if past, _ := o.Log.History(t.Context()); len(past.Waits) > 0 {
		s.Update(learnt{scene.NewLogPast(past, nil)})
	}
	return s
}

// logs has lines come, some seconds after the epoch.
func logs(s *model, after float64, lines ...evidence.LogLine) {
	now := epoch.Add(time.Duration(after * float64(time.Second)))
	for _, l := range lines {
		if l.Time.IsZero() {
			l.Time = now
		}
		if l.Source == "" {
			l.Source = "/var/log/mail.log"
		}
		s.log.box.Line(l, now)
	}
	s.Update(heard{s.log.box.Take(now)})
	s.Update(ticked(now))
}

// says is a line of a process about a lock.
func says(pid int, text string, m *evidence.LogMessage) evidence.LogLine {
	return evidence.LogLine{Host: "mail1", Ident: "cyrus/imap", PID: pid, Text: text, Message: m}
}

func sleeps(pid, n int) evidence.LogLine {
	return says(pid, fmt.Sprintf("lock_reopen-blocked: sleeping %d s, attempt %d of 11, bound 285 s, pid %d, file %s", n*n, n+1, pid, sample.SeenFile),
		&evidence.LogMessage{Kind: evidence.LogSleeping, PID: pid, File: sample.SeenFile, Sleep: float64(n * n), Attempt: n + 1, Of: 11, Bound: 285})
}

func gaveUp(pid int) evidence.LogLine {
	return says(pid, "lock_reopen-blocked: gave up after 285 s", &evidence.LogMessage{Kind: evidence.LogGaveUp, File: sample.SeenFile, Waited: 285, Attempt: 11, Of: 11, Bound: 285})
}

// incident is the made-up hang, of processes that were there before.
func incident() evidence.Snapshot {
	s := sample.Incident()
	for i := range s.Processes {
		s.Processes[i].StartedAgoS = 600
	}
	return s
}

// days is a record with waits of some length.
func days(n int) diagnose.Record {
	r := diagnose.Record{From: epoch.AddDate(0, 0, -n), To: epoch}
	for i := range 447 {
		took := 0.5
		switch {
		case i%100 == 0:
			took = 8
		case i%12 == 0:
			took = 3
		}
		r.Add(diagnose.Episode{PID: 100 + i, Began: r.From.Add(time.Duration(i) * time.Hour / 4), Least: took, Most: took, End: diagnose.EndGot})
	}
	return r
}

// TestWatchLog: what the log says stands among what the looks show, in every size.
func TestWatchLog(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {40, 12}, {200, 60}} {
		for name, env := range map[string][2]func(string) string{"utf8": {without, colour}, "ascii": {vt100, console}} {
			var frames [2]*model
			for i, env := range env {
				s := followed(t, &one{snapshot: incident()}, Options{Log: &tape{record: days(7)}}, env, size[0], size[1])
				logs(s, 1, sleeps(24876, 1), sleeps(24901, 1), says(24870, "fetching history of user.jwade", nil), says(4711, "login: lsmith", nil))
				logs(s, 2, sleeps(24876, 2), gaveUp(24950), says(25010, "IOERROR: locking header for user.jwade: No locks available",
					&evidence.LogMessage{Kind: evidence.LogLockError, Mailbox: "user.jwade", Detail: "No locks available"}))
				s.log.box.Note(scene.LogNote{At: epoch.Add(3 * time.Second), Source: "/var/log/mail.log", Text: "was emptied in place; some lines may not have been read", Loss: true})
				logs(s, 60, sleeps(24901, 5))
				frames[i] = s
			}
			file := fmt.Sprintf("log-watch-%dx%d-%s", size[0], size[1], name)
			golden(t, file, frame(t, frames[0]))
			golden(t, file+"-colour", paint(t, frames[1]))
		}
	}
}

// TestWatchPauses: nothing moves while the list is paused, and nothing is lost.
func TestWatchPauses(t *testing.T) {
	s := followed(t, &one{snapshot: incident()}, Options{}, without, 80, 24)
	logs(s, 1, sleeps(24876, 1))
	shows(t, s, "follows", "sleeping 1 s", "mail.log: 1 line, 1 about locks")
	press(t, s, " ")
	logs(s, 2, sleeps(24876, 2), sleeps(24901, 1))
	shows(t, s, "PAUSED, 2 new, space goes on")
	hides(t, s, "sleeping 4 s")
	press(t, s, " ")
	shows(t, s, "follows", "sleeping 4 s, try 3 of 11")
	press(t, s, "up")
	logs(s, 3, sleeps(24950, 1))
	shows(t, s, "2 newer, G follows")
	press(t, s, " ", "G")
	shows(t, s, "follows")
	hides(t, s, "PAUSED")
}

// TestWatchFilters: by user, file, pid and text; on this page, not on Find.
func TestWatchFilters(t *testing.T) {
	s := followed(t, &one{snapshot: incident()}, Options{}, without, 80, 24)
	other := gaveUp(99)
	other.Message.File = "/var/imap/user/l/lsmith.seen"
	logs(s, 1, sleeps(24876, 1), other, sleeps(25010, 1))
	for filter, finds := range map[string]string{"24876": "imapd 24876 jwade", "LSMITH": "imap 99", "gave up": "imap 99", "lmtpd": "lmtpd 25010"} {
		press(t, s, append([]string{"/"}, strings.Split(filter, "")...)...)
		shows(t, s, "WATCH", "Only with: "+filter+"_", finds)
		press(t, s, "enter")
		shows(t, s, "ONLY WITH "+filter+", esc shows all", finds)
		if rows := len(s.watch().Copy(s.Scene)); rows > 600 {
			t.Errorf("%q does not filter: %d", filter, rows)
		}
		press(t, s, "esc")
		shows(t, s, "WHAT HAPPENED")
	}
	press(t, s, "/", "x", "q", "y")
	shows(t, s, "Nothing that happened has xqy in it.")
	press(t, s, "ctrl+u", "enter")
	shows(t, s, "WATCH", "WHAT HAPPENED", "imapd 24876 jwade")
}

// TestWatchProblems: n and N stop at hangs, at what was given up, at errors.
func TestWatchProblems(t *testing.T) {
	s := followed(t, &one{snapshot: incident()}, Options{}, without, 80, 24)
	logs(s, 1, sleeps(24876, 1), gaveUp(24901), sleeps(24950, 1))
	shows(t, s, "\n>09:14:03 imapd 24950")
	press(t, s, "N")
	shows(t, s, "\n>09:14:03 imapd 24901 jwade GAVE UP on jwade's seen file after 4m45s")
	press(t, s, "N")
	shows(t, s, "\n>09:14:02 HANG")
	press(t, s, "N")
	shows(t, s, "No problem before this one.", "\n>09:14:02 HANG")
	press(t, s, "n", "enter")
	shows(t, s, "STACKS", "imapd 24901")
}

// TestWatchJoins: a line is of the process that had the pid when it was written.
func TestWatchJoins(t *testing.T) {
	m := &one{snapshot: incident()}
	m.snapshot.Processes[1].StartedAgoS = 0.5 // 24876 is new
	s := followed(t, m, Options{}, without, 80, 24)
	early := sleeps(24876, 3)
	early.Time = epoch.Add(-5 * time.Second)
	elsewhere := sleeps(24901, 1)
	elsewhere.Host = "mail2"
	logs(s, 0, early, elsewhere)
	shows(t, s, "imap 24876 ", "imap 24901 ")
	hides(t, s, "imapd 24876 jwade", "imapd 24901 jwade")
	press(t, s, "end", "enter")
	shows(t, s, "WATCH", "imapd 24901 is another process with the same number")
}

// TestWatchDoubts: a log that is silent, or not read, is never taken for health.
func TestWatchDoubts(t *testing.T) {
	quiet := incident()
	quiet.Files, quiet.Processes = nil, nil
	s := followed(t, &one{snapshot: quiet}, Options{}, without, 80, 24)
	shows(t, s, "mail.log: no line since 09:14:02, none about locks", "Silence proves nothing")
	logs(s, 1, says(4711, "login: lsmith", nil))
	s.Update(ticked(epoch.Add(5 * time.Minute)))
	shows(t, s, "mail.log: 1 line, the last 4m59s ago, none about locks", "Silence proves nothing")
	s.log.box.Note(scene.LogNote{At: epoch, Source: "/var/log/mail.log", Text: "may not be read: permission denied", Trouble: true})
	logs(s, 301)
	shows(t, s, "no log is read: mail.log may not be read: permission denied")
	s.log.box.End(errors.New("no log was found: --log FILE names it"))
	logs(s, 302)
	shows(t, s, "no log is read: no log was found: --log FILE names it")

	// A wait whose next message does not come, while a look shows that it goes on.
	m := &one{snapshot: incident()}
	s = followed(t, m, Options{}, without, 80, 24)
	logs(s, 1, sleeps(24876, 1), sleeps(24901, 1))
	m.snapshot = at(incident(), 20)
	m.snapshot.Files[2].Waiters = m.snapshot.Files[2].Waiters[:1]
	m.snapshot.Processes[2].Threads[0].Syscall = "read"
	look(t, s, epoch.Add(20*time.Second))
	logs(s, 21)
	shows(t, s, "imapd 24876 jwade NO WORD of it when one was due", "imapd 24901 jwade must have jwade's seen file by now")
}

// TestLogTest: a test message is sent when it was asked for twice, and its answer shown.
func TestLogTest(t *testing.T) {
	l := &tape{test: scene.LogTest{Sentence: "No: a hang could last for hours and you would see nothing of it.", Lines: []string{"To do: \x1b[31mput debug: yes into imapd.conf"}}}
	s := followed(t, &one{snapshot: incident()}, Options{Log: l}, without, 80, 24)
	press(t, s, "t")
	shows(t, s, "Send a test message?", "Three lines are sent to the log of this machine")
	settles(s)
	_, cmd := s.Update(keyMsg("t"))
	s.Update(cmd())
	shows(t, s, "No: a hang could last for hours", `To do: \x1b[31mput debug`)
	press(t, s, "esc")
	shows(t, s, "tested", "No: a hang could last for hours")
	if l.sent != 1 {
		t.Errorf("sent %d times", l.sent)
	}
	s = followed(t, &one{snapshot: incident()}, Options{Log: l, ReadOnly: true}, without, 80, 24)
	press(t, s, "t")
	shows(t, s, "read-only: no test message is sent")
	s = screens(t, &one{snapshot: incident()}, without, 80, 24, "5", "t")
	shows(t, s, "no log is read here: there is nothing to test")
}

// TestLogFlood: however many lines come, few are kept, the rest is counted, and a key
// is answered at once.
func TestLogFlood(t *testing.T) {
	s := followed(t, &one{snapshot: incident()}, Options{}, colour, 200, 60)
	slowest := time.Duration(0)
	for i := range 8 {
		var lines []evidence.LogLine
		for range 5000 {
			lines = append(lines, sleeps(24876, 1+i))
		}
		logs(s, float64(i), lines...)
		for _, k := range []string{"up", "pgup", "/", "2", "4", "enter", "n", "N", " ", " ", "esc", "end"} {
			began := time.Now()
			press(t, s, k)
			exact(t, s.View(), 200, 60)
			slowest = max(slowest, time.Since(began))
		}
	}
	shows(t, s, "40,000 lines, 40,000 about locks", "without 36,00")
	press(t, s, "N", "N")
	shows(t, s, "TOO FAST 4,000 lines came faster")
	t.Logf("slowest key and frame: %v", slowest)
	if slowest > 2*time.Second { // 50 ms where nothing else runs
		t.Errorf("a key took %v", slowest)
	}
	press(t, s, "home")
	if kept := strings.Count(s.watch().Copy(s.Scene), "\n"); kept > 5000 {
		t.Errorf("%d lines are kept", kept)
	}
}

// FuzzWatchLog plays lines of strangers, keys, sizes and looks.
func FuzzWatchLog(f *testing.F) {
	f.Add(uint64(1), "jwade\x1b[31m", "l/x\rn N\x01\x02lltl")
	f.Add(uint64(2), "a\u0301\u0301\u0301\u202e\u009b2J", "lll \x02lk\x01GnN\rl")
	f.Add(uint64(3), "広\xff\xfe\t\r\n", "\x03l\x01l\x03ll\x02 \x1b l")
	f.Fuzz(func(t *testing.T, seed uint64, text, script string) {
		r := rand.New(rand.NewPCG(seed, 0))
		m := &one{snapshot: incident()}
		s := followed(t, m, Options{Log: &tape{record: days(r.IntN(9))}}, []func(string) string{colour, without, vt100}[r.IntN(3)], 80, 24)
		nasty := func() string {
			if r.IntN(2) == 0 {
				return text
			}
			return sample.Nasty[r.IntN(len(sample.Nasty))]
		}
		now := 0.0
		for _, c := range script[:min(len(script), 100)] {
			switch now += r.Float64() * 30; c {
			case 'l':
				kinds := []evidence.LogKind{evidence.LogSleeping, evidence.LogGaveUp, evidence.LogGot, evidence.LogRefused, evidence.LogLockError, evidence.LogTimer, evidence.LogLong, evidence.LogDied, "x"}
				l := evidence.LogLine{Host: []string{"mail1", "", nasty()}[r.IntN(3)], Ident: nasty(), PID: []int{0, 24870, 24876, 25010, 1 << 40, -1}[r.IntN(6)], Text: nasty(), Repeated: r.IntN(3), Source: nasty()}
				if r.IntN(4) > 0 {
					n := float64(r.IntN(12))
					l.Message = &evidence.LogMessage{Kind: kinds[r.IntN(len(kinds))], PID: r.IntN(3), File: nasty(), Mailbox: nasty(), Detail: nasty(), Sleep: n * n, Waited: n * n * n, Bound: float64(r.IntN(300)), Attempt: r.IntN(14), Of: r.IntN(12)}
				}
				if r.IntN(3) == 0 {
					l.Time = epoch.Add(time.Duration(r.Int64N(int64(time.Hour))) - 30*time.Minute)
				}
				logs(s, now, l)
			case 1:
				m.snapshot = sample.Surprise(r)
				look(t, s, epoch.Add(time.Duration(now)*time.Second))
			case 2:
				s.Update(tea.WindowSizeMsg{Width: 40 + r.IntN(190), Height: 12 + r.IntN(50)})
			case 3:
				s.log.box.Note(scene.LogNote{At: epoch, Source: nasty(), Text: nasty(), Trouble: r.IntN(2) == 0, Loss: r.IntN(2) == 0})
				logs(s, now)
			case 'q':
			case '\r':
				press(t, s, "enter")
			case '\x1b':
				press(t, s, "esc")
			default:
				press(t, s, string(c))
			}
			if s.step != page.StepWatch && s.dialog == nil && s.prompt == nil && !s.editing() {
				press(t, s, "5")
			}
			if s.crash != nil {
				t.Fatal(s.crash)
			}
			view := s.View()
			exact(t, view, s.width, s.height)
			harmless(t, view)
			if s.crash != nil {
				t.Fatal(s.crash)
			}
		}
	})
}
