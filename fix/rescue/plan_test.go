package rescue

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"cyrlock/evidence"
	"cyrlock/fix"
)

// Between preview and apply a lot may happen; then nothing is done to anybody.
func TestEndNoLonger(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(t *testing.T, cmd *exec.Cmd, m *fake)
		want      string
		ended     bool
	}{
		"it has ended": {func(t *testing.T, cmd *exec.Cmd, m *fake) { _, _ = cmd.Process.Kill(), cmd.Wait() }, "it has ended", true},
		"it lets go":   {func(t *testing.T, cmd *exec.Cmd, m *fake) { m.looks = append(m.looks, peace(m.looks[0])) }, "keeps nobody waiting", false},
		"it began delicate work": {func(t *testing.T, cmd *exec.Cmd, m *fake) {
			s := hang(t, cmd.Process.Pid)
			s.Processes[0].Threads[0].Frames = []evidence.Frame{{Func: "write"}, {Func: "mailbox_rename"}}
			m.looks = append(m.looks, s)
		}, "in the middle of mailbox_rename", false},
		"the look shows another of this number": {func(t *testing.T, cmd *exec.Cmd, m *fake) {
			s := hang(t, cmd.Process.Pid)
			s.Processes[0].Start++
			m.looks = append(m.looks, s)
		}, "another process has its number", false},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := child(t, obedient)
			m := &fake{looks: []evidence.Snapshot{hang(t, cmd.Process.Pid)}}
			r, err := End(t.Context(), m, []int{cmd.Process.Pid}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			c.meanwhile(t, cmd, m)
			receipt, err := apply(t, r.Plan)
			if err == nil || !strings.Contains(err.Error(), c.want) || receipt.State != fix.Failed {
				t.Errorf("%v; %+v", err, receipt)
			}
			if runs(cmd) == c.ended {
				t.Errorf("it runs: %v", runs(cmd))
			}
		})
	}
}

// A pid that was given to another process between the look and the apply.
func TestEndReused(t *testing.T) {
	cmd := child(t, obedient)
	s := hang(t, cmd.Process.Pid)
	s.Processes[0].Start--
	r, err := End(t.Context(), &fake{looks: []evidence.Snapshot{s}}, []int{cmd.Process.Pid}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := apply(t, r.Plan); !errors.Is(err, errReused) || !runs(cmd) {
		t.Errorf("%v; runs: %v", err, runs(cmd))
	}
}

// TERM, and KILL only for who is still in the way.
func TestEndSteps(t *testing.T) {
	for name, c := range map[string]struct {
		script      string
		looks       func(evidence.Snapshot) []evidence.Snapshot
		ended       bool
		said, proof string
	}{
		"answers TERM": {obedient, func(s evidence.Snapshot) []evidence.Snapshot { return []evidence.Snapshot{s, s, peace(s)} }, true, "not needed: it ended ", "1 waiter drained"},
		"does not":     {deaf, func(s evidence.Snapshot) []evidence.Snapshot { return []evidence.Snapshot{s, s, s, peace(s)} }, true, "without an answer to SIGTERM", "1 waiter drained"},
		"lets go":      {deaf, func(s evidence.Snapshot) []evidence.Snapshot { return []evidence.Snapshot{s, s, peace(s)} }, false, "in nobody's way any more", "1 waiter drained"},
		"is stopped": {deaf, func(s evidence.Snapshot) []evidence.Snapshot {
			s.Processes[0].State, s.Processes[0].Threads[0].State = "T", "T"
			return []evidence.Snapshot{s, s, peace(s)}
		}, true, "it ended within ", "1 waiter drained"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := child(t, c.script)
			m := &fake{looks: c.looks(hang(t, cmd.Process.Pid))}
			r, err := End(t.Context(), m, []int{cmd.Process.Pid}, Options{Patience: 150 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			receipt, err := apply(t, r.Plan)
			if err != nil {
				t.Fatal(err)
			}
			if said := receipt.Steps[len(receipt.Steps)-1].Said; !strings.Contains(said, c.said) || runs(cmd) == c.ended {
				t.Errorf("%q; runs: %v", said, runs(cmd))
			}
			if name == "is stopped" && len(receipt.Steps) != 1 {
				t.Errorf("TERM reaches nobody who is stopped: %+v", receipt.Plan.Changes)
			}
			proof, err := r.Verify(t.Context())
			if err != nil || !proof.Good || !strings.HasPrefix(proof.Sentence, c.proof) {
				t.Errorf("%+v %v", proof, err)
			}
		})
	}
}

// What must not be ended, and what to do instead.
func TestEndRefused(t *testing.T) {
	a, b := child(t, obedient), child(t, obedient)
	one, two := hang(t, a.Process.Pid), hang(t, a.Process.Pid, b.Process.Pid)
	delicate := hang(t, a.Process.Pid)
	delicate.Processes[0].Threads[0].Frames = []evidence.Frame{{Func: "__db_pwrite", Module: "/usr/lib/libdb-5.3.so"}}
	expire := hang(t, a.Process.Pid)
	expire.Processes[0].Exe = "/usr/sbin/cyr_expire"
	master := hang(t, a.Process.Pid)
	master.Host.Cyrus.Master = a.Process.Pid
	other := hang(t, a.Process.Pid)
	other.Processes[0].Exe = "/usr/sbin/cyrmaster"
	for _, c := range []struct {
		name   string
		seen   evidence.Snapshot
		pids   []int
		want   string
		forced bool // force overrides it
	}{
		{"init", one, []int{1}, "never ended", false},
		{"itself", one, []int{os.Getpid()}, "cyrlock itself", false},
		{"nobody", one, []int{-7}, "none of this number", false},
		{"the master", master, []int{a.Process.Pid}, "Cyrus's master", false},
		{"another master", other, []int{a.Process.Pid}, "Cyrus's master", false},
		{"libdb", delicate, []int{a.Process.Pid}, "in the middle of __db_pwrite", true},
		{"cyr_expire", expire, []int{a.Process.Pid}, "in the middle of its work", true},
		{"a waiter", one, []int{waiter}, "waits itself, for imapd", true},
		{"a stranger", one, []int{b.Process.Pid}, "keeps nobody waiting", true},
		{"one of two", two, []int{a.Process.Pid}, "one alone frees nobody: cyrlock fix end ", true},
		{"not one hang", one, []int{a.Process.Pid, waiter}, "not the root of one hang", true},
		{"peace", peace(one), []int{a.Process.Pid}, "keeps nobody waiting", true},
	} {
		if _, err := End(t.Context(), &fake{looks: []evidence.Snapshot{c.seen}}, c.pids, Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, err := End(t.Context(), &fake{looks: []evidence.Snapshot{c.seen}}, c.pids, Options{Force: true}); (err == nil) != c.forced {
			t.Errorf("%s, forced: %v", c.name, err)
		}
	}
	if r, err := End(t.Context(), &fake{looks: []evidence.Snapshot{two}}, []int{a.Process.Pid, b.Process.Pid}, Options{}); err != nil || len(r.Plan.Changes) != 4 {
		t.Error(err)
	}
}

// Which waits are not to be ended.
func TestCancelRefused(t *testing.T) {
	a := child(t, obedient)
	of := func(change func(*evidence.File, *evidence.Process)) evidence.Snapshot {
		s := hang(t, a.Process.Pid)
		change(&s.Files[0], &s.Processes[1])
		return s
	}
	for _, c := range []struct {
		name, want string
		seen       evidence.Snapshot
		forced     bool
	}{
		{"the mailbox list", "must not go on without it: mailboxes then seem not to exist", of(func(f *evidence.File, _ *evidence.Process) { f.Path = "/var/imap/mailboxes.db" }), true},
		{"a user lock", "goes on WITHOUT the lock", of(func(f *evidence.File, _ *evidence.Process) { f.Path = "/run/cyrus/lock/*U*jwade.lock" }), true},
		{"an idle worker", "as idle workers do", of(func(f *evidence.File, _ *evidence.Process) { f.Path = "/var/imap/socket/imap-0.lock" }), false},
		{"one that polls", "in no lock call", of(func(f *evidence.File, _ *evidence.Process) { f.Waiters[0].Polls = true }), false},
		{"on a descriptor that is not known", "run as root", of(func(f *evidence.File, _ *evidence.Process) { f.Waiters[0].FD = -1 }), false},
		{"stopped", "cyrlock fix continue 4200001", of(func(_ *evidence.File, p *evidence.Process) { p.State = "T" }), false},
		{"traced", "traced by gdb (77)", of(func(_ *evidence.File, p *evidence.Process) { p.Tracer, p.TracerName = 77, "gdb" }), false},
		{"several threads", "--thread: 4200001 4200002", of(func(f *evidence.File, _ *evidence.Process) {
			w := f.Waiters[0]
			w.TID++
			f.Waiters = append(f.Waiters, w)
		}), false},
		{"nobody", "waits for no lock", of(func(f *evidence.File, _ *evidence.Process) { f.Waiters = nil }), false},
	} {
		m := &fake{looks: []evidence.Snapshot{c.seen}}
		if _, err := Cancel(t.Context(), m, waiter, Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, err := Cancel(t.Context(), m, waiter, Options{Force: true}); (err == nil) != c.forced {
			t.Errorf("%s, forced: %v", c.name, err)
		}
	}
	m := &fake{looks: []evidence.Snapshot{hang(t, a.Process.Pid)}}
	if _, err := Cancel(t.Context(), m, a.Process.Pid, Options{}); err == nil || !strings.Contains(err.Error(), "cyrlock fix end") {
		t.Errorf("the holder: %v", err)
	}
	r, err := Cancel(t.Context(), m, waiter, Options{})
	if err != nil || !strings.Contains(strings.Join(r.Plan.Warnings, ""), "marked as read") {
		t.Fatalf("%v %+v", err, r)
	}
	if _, err := apply(t, r.Plan); !errors.Is(err, errGone) { // there is no such process
		t.Error(err)
	}
}
