package diagnose

import (
	"testing"
	"time"

	"cyrlock/evidence"
)

// joined is a look five seconds after the beginning: 24876 waits for a seen file that
// 24870 holds, 24901 began two seconds ago.
func joined() *Present {
	s := Annotate(evidence.Snapshot{
		Taken: logBegan.Add(5 * time.Second), Host: evidence.Host{Name: "mail1"},
		Files: []evidence.File{
			{Path: seenFile, Holders: []evidence.Holder{{PID: 24870, FD: 22}}, Waiters: []evidence.Waiter{{PID: 24876, TID: 24876, FD: 22}}},
			{Path: "/var/imap/socket/imap-0.lock", Holders: []evidence.Holder{{PID: 9}}, Waiters: []evidence.Waiter{{PID: 24902, TID: 24902}}},
		},
		Processes: []evidence.Process{
			{PID: 24870, Exe: "/usr/cyrus/bin/imapd", User: "jwade", StartedAgoS: 600},
			{PID: 24876, Exe: "/usr/cyrus/bin/imapd", User: "jwade", Mailbox: "INBOX.FaMiLy", StartedAgoS: 300},
			{PID: 24901, Exe: "/usr/cyrus/bin/imapd", StartedAgoS: 2},
			{PID: 24902, Exe: "/usr/cyrus/bin/imapd", StartedAgoS: 300},
		},
	})
	return NewPresent(&s)
}

func TestJoin(t *testing.T) {
	p := joined()
	line := func(s float64, host string, pid int) evidence.LogLine {
		l := logAt(s, seed())
		l.Host, l.PID = host, pid
		return l
	}
	for name, c := range map[string]struct {
		line evidence.LogLine
		want int // 0: nobody
	}{
		"its process":               {line(4, "mail1", 24876), 24876},
		"with a domain":             {line(4, "MAIL1.example.org", 24876), 24876},
		"without a host":            {line(4, "", 24876), 24876},
		"another host":              {line(4, "mail2", 24876), 0},
		"nobody of that pid":        {line(4, "mail1", 7), 0},
		"it began later":            {line(1, "mail1", 24901), 0},
		"it began in that second":   {line(2, "mail1", 24901), 24901},
		"it had begun by then":      {line(3.5, "mail1", 24901), 24901},
		"it began in that moment":   {line(2.96, "mail1", 24901), 24901},
		"shortly after the look":    {line(50, "mail1", 24876), 24876},
		"long after the look":       {line(90, "mail1", 24876), 0},
		"the child, not the master": {evidence.LogLine{Time: logBegan.Add(4 * time.Second), PID: 24870, Message: &evidence.LogMessage{Kind: evidence.LogDied, PID: 24876}}, 24876},
	} {
		got := 0
		if who := p.Process(c.line); who != nil {
			got = who.PID
		}
		if got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	if (*Present)(nil).Process(line(4, "mail1", 24876)) != nil {
		t.Error("nobody has looked")
	}
}

func TestJoinFile(t *testing.T) {
	p := joined()
	l := logAt(4, seed())
	who := p.Process(l)
	if f := p.File(l, who); f == nil || f.Path != seenFile || FileName(*f) != "jwade's seen file" {
		t.Errorf("the file that it waits for: %+v", f)
	}
	l.Message.File = "/var/imap/user/l/lsmith.seen"
	for _, p := range []*Present{p, nil} {
		if f := p.File(l, who); f == nil || f.User != "lsmith" || FileName(*f) != "lsmith's seen file" {
			t.Errorf("a file that no look has shown: %+v", f)
		}
	}
	for pid, want := range map[int]bool{24870: true, 24876: true, 24901: false, 24902: false} {
		if p.Near(p.people[pid]) != want {
			t.Errorf("%d is near a contended file: %v", pid, !want)
		}
	}
}

func TestLiveWaits(t *testing.T) {
	var f Fold
	f.Add(logAt(5, slept(3)))
	gone := logAt(5, slept(3))
	gone.PID = 5
	f.Add(gone)
	waits := joined().LiveWaits(f.Open())
	if len(waits) != 2 || waits[0].Process != nil || waits[1].Process == nil || waits[1].File.Path != seenFile {
		t.Fatalf("%+v", waits)
	}
	w := waits[1]
	if got := w.Progress(logBegan.Add(57 * time.Second)); got != 0.2 {
		t.Errorf("after 57 of 285 s: %v", got)
	}
	if w.Progress(logBegan) != 0 || w.Progress(logBegan.Add(time.Hour)) != 1 {
		t.Error("progress is not between none and all")
	}
}

func TestLogSentences(t *testing.T) {
	var f Fold
	l := logAt(5, slept(3))
	f.Add(l)
	e := f.Open()[0]
	file := joined().Named(seenFile)
	for want, got := range map[string]string{
		"has waited 5 s for jwade's seen file, tries again in 9 s, gives up in 4m40s (4 of 11)": LogSentence(l, file, &e),
		"waits for a lock": LogSentence(logAt(0, seed()), nil, nil),
		"waits for jwade's seen file, tries again in 1 s, gives up in 4m45s (2 of 11)": LogSentence(logAt(0, slept(1)), file, nil),
		"gave up on jwade's seen file after 4m45s":                                     LogSentence(logAt(0, &evidence.LogMessage{Kind: evidence.LogGaveUp, Waited: 285}), file, nil),
		"got jwade's seen file after 12 s":                                             LogSentence(logAt(0, &evidence.LogMessage{Kind: evidence.LogTimer, Waited: 12.34}), file, nil),
		"could not lock mailbox user.jwade: No locks available":                        LogSentence(logAt(0, &evidence.LogMessage{Kind: evidence.LogLockError, Mailbox: "user.jwade", Detail: "No locks available"}), nil, nil),
		"was ended by signal 9 (Killed)":                                               LogSentence(logAt(0, &evidence.LogMessage{Kind: evidence.LogDied, Detail: "signal 9 (Killed)"}), nil, nil),
		`said: \x1b[31mred`:                                                            LogSentence(evidence.LogLine{Text: "\x1b[31mred"}, nil, nil),
		"must have jwade's seen file by now: it waited 5 to 14 s":                      EpisodeSentence(Episode{End: EndSilent, Least: 5, Most: 14}, file),
		"ended while it waited for its lock, by signal 9 (Killed)":                     EpisodeSentence(Episode{End: EndDied, Detail: "signal 9 (Killed)"}, nil),
		"still waits for jwade's seen file, for 1m31s or longer":                       EpisodeSentence(Episode{Least: 91}, file),
		"was refused jwade's seen file: its session could not read it before":          LogSentence(logAt(0, &evidence.LogMessage{Kind: evidence.LogRefused}), file, nil),
		"held mailbox user.jwade for 3.5 s":                                            LogSentence(logAt(0, &evidence.LogMessage{Kind: evidence.LogLong, Mailbox: "user.jwade", Waited: 3.5}), nil, nil),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for want, l := range map[string]evidence.LogLine{
		"imap 24876":    {Ident: "cyrus/imap", PID: 24876},
		"process 7":     {Ident: "master", PID: 1, Message: &evidence.LogMessage{Kind: evidence.LogDied, PID: 7}},
		`\x1b[2J 24876`: {Ident: "\x1b[2J", PID: 24876},
		"somebody":      {},
	} {
		if got := LogName(l, nil); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
