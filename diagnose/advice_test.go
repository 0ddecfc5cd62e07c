package diagnose

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cyrlock/evidence"
)

// releases are those that advice is tested for; "" is unknown.
var releases = []string{"2.0.16", "2.3.16", "3.6.1", ""}

// lost is the one class that cannot be provoked: the kernel forgot a waiter.
func lost() evidence.Snapshot {
	return scene{locks: []locked{{file: "jwade.seen", waiters: []int{7}, since: 20, change: func(f *evidence.File) { f.HolderSeen = 0 }}}}.snapshot()
}

// provoked are all recorded ones by name, and lost.
func provoked(t *testing.T) map[string]evidence.Snapshot {
	t.Helper()
	files, err := filepath.Glob("testdata/*.*.json")
	if err != nil || len(files) < 14 {
		t.Fatalf("%d recorded hangs, %v", len(files), err)
	}
	all := map[string]evidence.Snapshot{"lost-wakeup": lost()}
	for _, file := range files {
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		all[name] = load(t, file)
	}
	return all
}

// ranked are the actions in their order, with what each does.
func ranked(advice []Advice) string {
	var out []string
	for _, a := range advice {
		out = append(out, fmt.Sprintf("%s (%s, %s)", a.Action, a.Effect, a.Risk))
	}
	return strings.Join(out, ", ")
}

// What is advised on each class, the best first. It is about a seen file, but for
// the two that are about a header.
func TestAdvice(t *testing.T) {
	const (
		cancel = "cancel (relieves, some)"
		wait   = "wait (no cure, none)"
		shim   = "shim (contains, some)"
		source = "source (contains, some)"
		avoid  = "avoid (contains, none)"
	)
	end := "end (cures, low), " + cancel + ", " + wait
	for name, want := range map[string]string{
		"seed": end, "stalled-client": end, "idle-holder": end, "forgotten-lock": end,
		"orphan-lock": end, "signal-reentry": end, "stale-inode": end,
		"self-deadlock":          "end (cures, low), cancel (may cure, some), " + wait,
		"cycle-of-two":           "end (cures, low), cancel (may cure, some), " + wait,
		"cycle-of-three":         "end (cures, low), cancel (may cure, low), " + wait,
		"stopped-holder":         "continue (cures, low), " + end,
		"traced-holder":          "look (finds out, none), continue (may cure, some), " + end, // by a debugger that nobody knows
		"shared-crowd":           "wait (may pass, none), end (cures, some), cancel (relieves, low)",
		"uninterruptible-holder": "look (finds out, none), end (may cure, some), " + cancel + ", wait (may pass, none)",
		"outside-holder":         "look (finds out, none), end (cures, some), " + cancel + ", " + wait,
		"foreign-holder":         "look (finds out, none), " + cancel + ", " + wait,
		"working-holder":         "wait (may pass, none), " + cancel + ", end (cures, some)",
		"lost-wakeup":            "rejoin (may cure, low), " + wait,
	} {
		s, ok := provoked(t)[name]
		if !ok {
			t.Fatalf("%s was not recorded", name)
		}
		for _, release := range releases {
			s.Host.Cyrus.Version = release
			root := Diagnose(s, Options{Threshold: 1}).Roots[0]
			if got := ranked(root.AdviceFor(Now)); got != want {
				t.Errorf("%s, Cyrus %q, now: %s\nwant %s", name, release, got, want)
			}
			next := shim + ", " + source
			switch {
			case name == "working-holder":
				next = "nothing (no cure, none)"
			case root.Kind == Header && release == "3.6.1":
				next = shim // which locks it otherwise
			case release == "2.0.16", root.Kind == Header && release == "2.3.16":
				next = source + ", " + shim
			}
			if slices.Contains([]string{"stopped-holder", "traced-holder", "stale-inode", "outside-holder"}, name) {
				next = avoid + ", " + next
			}
			if got := ranked(root.AdviceFor(Next)); got != next {
				t.Errorf("%s, Cyrus %q, next: %s\nwant %s", name, release, got, next)
			}
		}
	}
}

// What a wait loses that times out, and what each way to bound it leaves out.
func TestAdviceByRelease(t *testing.T) {
	s := provoked(t)["seed"]
	for release, want := range map[string][]string{
		"2.0.16": {"all of them in Cyrus 2.0 and 2.1", `\Seen) may be lost, although the client is told OK`},
		"2.3.13": {"who opens or reads waits as before; fix shim bounds both", "the imapd of this version ends afterwards"},
		"2.3.16": {"who opens or reads waits as before; fix shim bounds both", "the imapd of this version may end"},
		"3.6.1":  {"unless --also-shared is said; fix shim bounds both", `\Seen) may be lost`},
		"":       {"from 2.5 on: --also-shared", "an imapd of 2.1 to 2.3 ends"},
	} {
		s.Host.Cyrus.Version = release
		said := ""
		for _, a := range Diagnose(s, Options{}).Roots[0].Advice {
			if a.Action == "source" {
				said = a.Why + " | " + a.Loses
			}
		}
		for _, text := range append(want, "the 16 processes that run now keep the old code until Cyrus is restarted") {
			if !strings.Contains(said, text) {
				t.Errorf("Cyrus %q: %s\nlacks %q", release, said, text)
			}
		}
	}
	for i := range s.Processes { // from a package: who would build it?
		s.Processes[i].Exe = strings.Replace(s.Processes[i].Exe, "/usr/cyrus/bin", "/usr/lib/cyrus/bin", 1)
	}
	s.Host.Cyrus.Version = "2.0.16"
	if got := Diagnose(s, Options{}).Roots[0].AdviceFor(Next)[0].Action; got != "shim" {
		t.Errorf("a package: %s first", got)
	}
}

// A wait that is young is waited for first, unless it never ends by itself.
func TestAdviceOnYoungWaits(t *testing.T) {
	for name, s := range provoked(t) {
		root := Diagnose(s, Options{Threshold: 3600e9}).Roots[0]
		first := root.Advice[0].Action
		never := slices.Contains([]Class{SelfDeadlock, Cycle, OrphanLock, StoppedHolder, SignalReentry}, root.Class)
		if never == (first == "wait") {
			t.Errorf("%s: %s comes first", name, first)
		}
	}
}

// Who is in the middle of delicate work is ended last, if at all, and it is said
// what stays half done. The master and process 1 are never ended.
func TestAdviceSparesThem(t *testing.T) {
	base := func() evidence.Snapshot { return provoked(t)["idle-holder"] }
	holder := Diagnose(base(), Options{}).Roots[0].PID
	of := func(s evidence.Snapshot, change func(*evidence.Process)) []Advice {
		s.Processes = slices.Clone(s.Processes)
		for i := range s.Processes {
			if p := &s.Processes[i]; p.PID == holder {
				change(p)
			}
		}
		return Diagnose(s, Options{Threshold: 1}).Roots[0].AdviceFor(Now)
	}
	for work, half := range map[string]string{"cyr_expire": "reconstruct", "reconstruct": "run it again", "mailbox_expunge": "reconstruct it afterwards", "mboxlist_renamemailbox": "there twice", "__db_get": "ctl_cyrusdb -r"} {
		all := of(base(), func(p *evidence.Process) {
			if strings.HasPrefix(work, "m") || strings.HasPrefix(work, "_") {
				p.Threads = slices.Clone(p.Threads)
				p.Threads[0].Frames = append([]evidence.Frame{{Func: work}}, p.Threads[0].Frames...)
			} else {
				p.Exe = "/usr/cyrus/bin/" + work
			}
		})
		last := all[len(all)-1]
		if last.Action != "end" || last.Risk != "high" || last.Command != fmt.Sprintf("cyrlock fix end %d --force", holder) || !strings.Contains(last.Loses, half) || !strings.Contains(last.Loses, work) {
			t.Errorf("%s: %+v", work, last)
		}
		for _, a := range all[:len(all)-1] {
			if a.Action == "end" {
				t.Errorf("%s is ended before the last: %+v", work, all)
			}
		}
	}
	for name, all := range map[string][]Advice{
		"the master":     of(base(), func(p *evidence.Process) { p.Exe = "/usr/cyrus/bin/master" }),
		"another master": of(base(), func(p *evidence.Process) { p.Exe, p.Cyrus = "/usr/lib/cyrus/bin/cyrmaster", true }),
	} {
		if strings.Contains(ranked(all), "end") || !strings.Contains(ranked(all), "wait") {
			t.Errorf("%s: %s", name, ranked(all))
		}
	}
}

// A tracer that lets go is ended; one that may have started its process is not.
func TestAdviceOnTracers(t *testing.T) {
	for tracer, c := range map[string]struct {
		pid  int
		want string
	}{
		"gdb":    {90000, "cyrlock fix continue 8266"},
		"strace": {90000, "cyrlock fix continue 8266"},
		"rr":     {90000, "ps -fp 90000"},
		"gdb ":   {8000, "ps -fp 8000"},
		"":       {0, ""},
	} {
		s := provoked(t)["traced-holder"]
		s.Processes = slices.Clone(s.Processes)
		for i := range s.Processes {
			if p := &s.Processes[i]; p.PID == 8266 {
				p.Tracer, p.TracerName = c.pid, strings.TrimSpace(tracer)
			}
		}
		if got := Diagnose(s, Options{Threshold: 1}).Roots[0].Advice[0]; got.Command != c.want {
			t.Errorf("%q %d: %+v", tracer, c.pid, got)
		}
	}
}

// Of all that wait the one is cancelled that gets the most out; never one that
// fix cancel refuses.
func TestAdviceCancels(t *testing.T) {
	look := func(change func(*evidence.Snapshot)) string {
		s := scene{locks: []locked{
			{file: "jwade.seen", holders: []int{1}, waiters: []int{2, 3, 4}, since: 20},
			{file: "cyrus.header", holders: []int{3}, waiters: []int{5, 6}, since: 15},
			{file: "cyrus.index", holders: []int{4}, waiters: []int{7}, since: 15},
		}}.snapshot()
		change(&s)
		for _, a := range Diagnose(s, Options{}).Roots[0].Advice {
			if a.Action == "cancel" {
				return a.Command
			}
		}
		return ""
	}
	process := func(s *evidence.Snapshot, pid int) *evidence.Process { return s.Process(pid) }
	for name, c := range map[string]struct {
		change func(*evidence.Snapshot)
		want   string
	}{
		"who holds the most":       {func(*evidence.Snapshot) {}, "cyrlock fix cancel 3"},
		"traced":                   {func(s *evidence.Snapshot) { process(s, 3).Tracer = 99 }, "cyrlock fix cancel 4"},
		"stopped":                  {func(s *evidence.Snapshot) { process(s, 3).State = "T" }, "cyrlock fix cancel 4"},
		"no part of Cyrus":         {func(s *evidence.Snapshot) { process(s, 3).Cyrus = false }, "cyrlock fix cancel 4"},
		"sleeps between two tries": {func(s *evidence.Snapshot) { s.Files[0].Waiters[1].Polls = true }, "cyrlock fix cancel 4"},
		"unknown descriptor":       {func(s *evidence.Snapshot) { s.Files[0].Waiters[1].FD = -1 }, "cyrlock fix cancel 4"},
		"waits twice": {func(s *evidence.Snapshot) {
			s.Files[2].Waiters = append(s.Files[2].Waiters, evidence.Waiter{PID: 3, TID: 33, FD: 9, Mode: evidence.Write, Lock: evidence.Flock})
		}, "cyrlock fix cancel 4"},
		"mailboxes.db":  {func(s *evidence.Snapshot) { s.Files[0].Path = "/var/imap/mailboxes.db" }, "cyrlock fix cancel 5"}, // who waits for the header
		"a user's lock": {func(s *evidence.Snapshot) { s.Files[0].Path = "/var/imap/lock/*U*jwade.lock" }, "cyrlock fix cancel 5"},
	} {
		if got := look(c.change); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// Who waits for two roots is not freed by the end of one.
func TestAdviceOnTwoRoots(t *testing.T) {
	two := scene{locks: []locked{{file: "a", holders: []int{6}, waiters: []int{3}, since: 20}, {file: "b", holders: []int{2}, waiters: []int{3}, since: 20}, {file: "c", holders: []int{4}, waiters: []int{5}, since: 20}}}.snapshot()
	two.Files[1].Waiters[0].TID = 33
	for _, root := range Diagnose(two, Options{}).Roots {
		want := mayCure
		if root.PID == 4 {
			want = cures
		}
		if a := root.Advice[0]; a.Action != "end" || a.Effect != want {
			t.Errorf("%d: %+v", root.PID, a)
		}
	}
}

// Where there is no root, there is a word as well.
func TestAdviceWithoutARoot(t *testing.T) {
	healthy := scene{}.report()
	if len(healthy.Advice) != 1 || healthy.Advice[0].Action != "nothing" || healthy.Advice[0].When != Now {
		t.Errorf("healthy: %+v", healthy.Advice)
	}
	blind := scene{blank: true, gaps: []evidence.Gap{{What: evidence.LockTable, Why: "permission denied"}}}.report()
	if len(blind.Advice) != 1 || blind.Advice[0].Action != "look" || !strings.Contains(blind.Advice[0].Why, "as root") {
		t.Errorf("blind: %+v", blind.Advice)
	}
	if hung := Diagnose(lost(), Options{}); hung.Advice != nil {
		t.Errorf("hung: %+v", hung.Advice)
	}
}
