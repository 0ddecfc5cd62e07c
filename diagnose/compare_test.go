package diagnose

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"cyrlock/evidence"
)

func texts(events []Event) []string {
	out := []string{}
	for _, e := range events {
		out = append(out, e.Text)
	}
	return out
}

// seen is jwade's seen file, held by imapd 70 or by whom the test says.
func seen(since float64, waiters ...int) locked {
	return locked{file: "jwade.seen", holders: []int{70}, waiters: waiters, since: since}
}

func by(h locked, holders ...int) locked { h.holders = holders; return h }

func with(h locked, change func(*evidence.File)) locked { h.change = change; return h }

var unreadable = []evidence.Gap{{What: evidence.LockTable, Why: "permission denied"}}

// What is said of two looks, and what is proven of the first root of the earlier one.
func TestCompare(t *testing.T) {
	hang := scene{locks: []locked{seen(14, 71, 72, 73)}}
	for _, tt := range []struct {
		name          string
		before, after scene
		events        []string
		outcome       Outcome
		proof         string
	}{
		{"nothing happened", hang, scene{after: 2, locks: []locked{seen(16, 71, 72, 73)}},
			nil, Unchanged, "All 3 still wait behind imapd 70, after 2.0s."},
		{"the holder is out of the way and nobody is left", hang, scene{after: 3.1},
			[]string{"healthy now, hung before", "imapd 71 no longer waits for jwade's seen file", "imapd 72 no longer waits for jwade's seen file", "imapd 73 no longer waits for jwade's seen file"},
			Drained, "3 waiters drained within 3.1s."},
		{"the next one has the lock", hang, scene{after: 2, locks: []locked{by(seen(16, 72, 73), 71)}},
			[]string{"imapd 70 let go of jwade's seen file", "imapd 71 got its lock on jwade's seen file after 14s to 16s"},
			NextRoot, "2 of 3 still wait, but no longer behind imapd 70, after 2.0s: 2 processes wait for jwade's seen file. imapd 71 holds it and waits to read for 16s."},
		{"the holder is gone for sure: its pid is another's", hang, scene{after: 2, locks: []locked{by(seen(16, 72, 73), 71)}, idle: []int{70}, born: map[int]uint64{70: 9999}},
			[]string{"imapd 70 is gone", "imapd 71 got its lock on jwade's seen file after 14s to 16s"},
			NextRoot, "2 of 3 still wait, but no longer behind imapd 70, after 2.0s: 2 processes wait for jwade's seen file. imapd 71 holds it and waits to read for 16s."},
		{"the holder has it open and does not hold it", scene{locks: hang.locks, focus: &evidence.Focus{User: "jwade"}},
			scene{after: 2, focus: &evidence.Focus{User: "jwade"}, idle: []int{70}, locks: []locked{with(by(seen(0)), func(f *evidence.File) { f.Lock, f.Open = "", []evidence.Opener{{PID: 70, FD: 3}} })}},
			[]string{"healthy now, hung before", "imapd 70 let go of jwade's seen file", "imapd 71 no longer waits for jwade's seen file", "imapd 72 no longer waits for jwade's seen file", "imapd 73 no longer waits for jwade's seen file"},
			Drained, "3 waiters drained within 2.0s."},
		{"at once", hang, scene{after: 0.057},
			[]string{"healthy now, hung before", "imapd 71 no longer waits for jwade's seen file", "imapd 72 no longer waits for jwade's seen file", "imapd 73 no longer waits for jwade's seen file"},
			Drained, "3 waiters drained within 57 ms."},
		{"one gave up", hang, scene{after: 2, locks: []locked{seen(16, 71, 73)}, idle: []int{72}},
			[]string{"imapd 72 no longer waits for jwade's seen file"},
			Fewer, "1 of 3 no longer waits behind imapd 70, 2 still do, after 2.0s."},
		{"one is gone: its pid is another's, and that one waits as well", hang, scene{after: 2, locks: []locked{seen(16, 71, 72, 73)}, born: map[int]uint64{72: 9999}},
			[]string{"imapd 72 is gone", "imapd 72 waits for jwade's seen file, and has for 16s"},
			Fewer, "1 of 3 no longer waits behind imapd 70, 2 still do, after 2.0s; 1 other does now."},
		{"one more came", hang, scene{after: 2, locks: []locked{with(seen(16, 71, 72, 73, 74), func(f *evidence.File) { f.Waiters[3].SinceS = 1 })}},
			[]string{"imapd 74 began to wait for jwade's seen file"},
			Unchanged, "All 3 still wait behind imapd 70, after 2.0s; 1 other does now."},
		{"all gave up, and another came: the holder is still there", hang, scene{after: 2, locks: []locked{seen(1, 74)}},
			[]string{"slow now, hung before", "imapd 71 no longer waits for jwade's seen file", "imapd 72 no longer waits for jwade's seen file", "imapd 73 no longer waits for jwade's seen file", "imapd 74 began to wait for jwade's seen file"},
			Fewer, "None of the 3 still waits behind imapd 70, after 2.0s; 1 other does now."},
		{"drained, and they wait elsewhere", hang, scene{after: 2, locks: []locked{{file: "anna.seen", holders: []int{80}, waiters: []int{71, 72}, since: 1}}},
			[]string{"slow now, hung before", "imapd 71 no longer waits for jwade's seen file", "imapd 72 no longer waits for jwade's seen file", "imapd 73 no longer waits for jwade's seen file", "imapd 71 began to wait for anna's seen file", "imapd 72 began to wait for anna's seen file"},
			NextRoot, "3 waiters drained within 2.0s, but not all of them go on: 2 processes wait for anna's seen file. imapd 80 holds it and waits to read for 1.0s."},
		{"drained, and strangers wait elsewhere", hang, scene{after: 2, locks: []locked{{file: "anna.seen", holders: []int{80}, waiters: []int{81}, since: 30}}},
			[]string{"imapd 71 no longer waits for jwade's seen file", "imapd 72 no longer waits for jwade's seen file", "imapd 73 no longer waits for jwade's seen file", "imapd 81 waits for anna's seen file, and has for 30s"},
			Drained, "3 waiters drained within 2.0s. Others wait: imapd 81 waits for anna's seen file. imapd 80 holds it and waits to read for 30s."},
		{"the later look is blind", hang, scene{after: 2, gaps: unreadable},
			nil, NotSeen, "Whether the 3 waiters still wait cannot be told: the lock table could not be read."},
		{"the later look was broken off", hang, scene{after: 2, blank: true},
			nil, NotSeen, "Whether the 3 waiters still wait cannot be told: the lock table was not read."},
		{"the later look saw less", hang, scene{after: 2, host: evidence.Host{UID: 1000}},
			nil, NotSeen, "Whether the 3 waiters still wait cannot be told: the look was taken by a user who may see less."},
		{"one could not be read", hang, scene{after: 2, gaps: []evidence.Gap{{PID: 72, What: "system calls", Why: "no answer"}, {PID: 71, What: "stack", Why: "no unwind table"}}},
			[]string{"imapd 71 no longer waits for jwade's seen file", "imapd 73 no longer waits for jwade's seen file"},
			NotSeen, "2 of 3 waiters no longer wait; the rest could not be seen: look again."},
		{"known from the lock table alone", scene{locks: []locked{with(seen(14, 71), func(f *evidence.File) { f.Waiters[0].FD = -1 })}}, scene{after: 2},
			nil, NotSeen, "Whether the 1 waiter still waits could not be seen: look again."},
		{"known from the lock table alone, and seen to go on", scene{locks: []locked{with(seen(14, 71), func(f *evidence.File) { f.Waiters[0].FD = -1 })}}, scene{after: 2, idle: []int{71}},
			[]string{"healthy now, hung before", "imapd 71 no longer waits for jwade's seen file"}, Drained, "1 waiter drained within 2.0s."},
		{"the holder was not seen in one look", hang, scene{after: 2, locks: []locked{with(by(seen(16, 71, 72, 73)), func(f *evidence.File) { f.HolderSeen = 0 })}},
			nil, Unchanged, "All 3 still wait, after 2.0s; who holds it now was not seen."},
		{"a reader of a crowd left", scene{locks: []locked{{file: "jwade.seen", holders: []int{60, 61, 62}, mode: evidence.Read, waiters: []int{71}, since: 14}}},
			scene{after: 2, locks: []locked{{file: "jwade.seen", holders: []int{61, 62}, mode: evidence.Read, waiters: []int{71}, since: 16}}},
			[]string{"imapd 60 let go of jwade's seen file"}, Unchanged, "It still waits behind the 3 that share it, after 2.0s."},
		{"a reader that one table without holders does not show", scene{locks: []locked{{file: "jwade.seen", holders: []int{60, 61, 62}, mode: evidence.Read, waiters: []int{71}, since: 14}}},
			scene{after: 2, locks: []locked{with(locked{file: "jwade.seen", holders: []int{61, 62}, mode: evidence.Read, waiters: []int{71}, since: 16}, func(f *evidence.File) { f.HolderSeen = 3 })}},
			nil, Unchanged, "It still waits behind the 3 that share it, after 2.0s."},
		{"a circle is broken", scene{locks: []locked{{file: "a.seen", holders: []int{71}, waiters: []int{72}, since: 14}, {file: "b.seen", holders: []int{72}, waiters: []int{71, 73}, since: 14}}}, scene{after: 2},
			[]string{"healthy now, hung before", "imapd 71 no longer waits for b's seen file", "imapd 72 no longer waits for a's seen file", "imapd 73 no longer waits for b's seen file"},
			Drained, "3 waiters drained within 2.0s."},
		{"a circle stays, whoever comes", scene{locks: []locked{{file: "a.seen", holders: []int{71}, waiters: []int{72}, since: 14}, {file: "b.seen", holders: []int{72}, waiters: []int{71}, since: 14}}},
			scene{after: 2, locks: []locked{{file: "a.seen", holders: []int{71}, waiters: []int{72}, since: 16}, with(locked{file: "b.seen", holders: []int{72}, waiters: []int{71, 73}, since: 16}, func(f *evidence.File) { f.Waiters[1].SinceS = 1 })}},
			[]string{"imapd 73 began to wait for b's seen file"}, Unchanged, "All 2 still wait behind the circle of 2, after 2.0s; 1 other does now."},
		{"another boot", scene{locks: hang.locks, host: evidence.Host{Name: "mail1", BootID: "a"}}, scene{after: 600, host: evidence.Host{Name: "mail1", BootID: "b"}},
			nil, NotSeen, "Whether the 3 waiters still wait cannot be told: the machine was started anew between the two looks."},
		{"another machine", scene{locks: hang.locks, host: evidence.Host{Name: "mail1"}}, scene{after: 600, host: evidence.Host{Name: "mail2"}},
			nil, NotSeen, "Whether the 3 waiters still wait cannot be told: the two looks are of different machines."},
		{"from outside into a container", scene{locks: hang.locks}, scene{after: 2, host: evidence.Host{Container: true}},
			nil, NotSeen, "Whether the 3 waiters still wait cannot be told: one look was taken inside a container and one outside."},
		{"a machine that was renamed is the same", scene{locks: hang.locks, host: evidence.Host{Name: "mail1", BootID: "a"}}, scene{after: 2, host: evidence.Host{Name: "mail2", BootID: "a"}, locks: []locked{seen(16, 71, 72, 73)}},
			nil, Unchanged, "All 3 still wait behind imapd 70, after 2.0s."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before, after := tt.before.report(), tt.after.report()
			c := Compare(before, after)
			if got := texts(c.Events(9)); !slices.Equal(got, append([]string{}, tt.events...)) {
				t.Errorf("events:\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(tt.events, "\n     "))
			}
			if p := c.Proof(before.Roots[0]); p.Outcome != tt.outcome || p.Sentence != tt.proof || p.Freed+p.Left+p.Unsure != p.Waited {
				t.Errorf("proof %s (%d of %d free, %d left, %d not seen):\n got %s\nwant %s, %s", p.Outcome, p.Freed, p.Waited, p.Left, p.Unsure, p.Sentence, tt.outcome, tt.proof)
			}
		})
	}
}

// A focus leaves most of a machine out of the report. Who waits outside of it is
// not free for that.
func TestCompareWithFocus(t *testing.T) {
	focus := &evidence.Focus{User: "jwade"}
	chain := []locked{seen(14, 71, 72), {file: "cyrus.header", holders: []int{71}, waiters: []int{81, 82}, since: 13}}
	later := []locked{{file: "cyrus.header", holders: []int{71}, waiters: []int{81, 82}, since: 15}}
	before, after := scene{locks: chain, focus: focus}.report(), scene{after: 2, locks: later, focus: focus}.report()
	if len(before.Roots) != 1 || len(before.Roots[0].Victims) != 4 || len(after.Roots) != 0 {
		t.Fatalf("%d roots with %v, then %d", len(before.Roots), before.Roots[0].Victims, len(after.Roots))
	}
	c := Compare(before, after)
	want := "2 of 4 still wait, but no longer behind imapd 70, after 2.0s: 2 processes wait for the header of mailbox user.j. imapd 71 holds it and waits to read for 15s."
	if p := c.Proof(before.Roots[0]); p.Outcome != NextRoot || p.Sentence != want {
		t.Errorf("%s: %s", p.Outcome, p.Sentence)
	}
	if len(c.Went) != 2 || len(c.Unsure) != 0 || len(c.Came) != 0 {
		t.Errorf("went %v, unsure %v, came %v", c.Went, c.Unsure, c.Came)
	}
	// Without a focus the other two are not new, either.
	if c := Compare(after, scene{after: 4, locks: later}.report()); len(c.Came) != 0 || len(c.Began) != 0 {
		t.Errorf("came %v, began %v", c.Came, c.Began)
	}
	// A report that came out of JSON has only what the focus left.
	saved := after
	saved.index = nil
	c = Compare(before, saved)
	if p := c.Proof(before.Roots[0]); p.Outcome != NotSeen || p.Unsure != 2 || p.Freed != 2 {
		t.Errorf("saved: %s: %s", p.Outcome, p.Sentence)
	}
	if len(c.Hidden) != 1 || len(c.Ended) != 0 {
		t.Errorf("saved: hidden %d, ended %d", len(c.Hidden), len(c.Ended))
	}
}

// The same hang from look to look.
func TestSameHang(t *testing.T) {
	two := func(most string) []locked { // imapd 70 holds both; for one of them more wait
		n := map[string][2][]int{"a.seen": {{71, 72}, {73}}, "b.seen": {{71}, {72, 73}}}[most]
		return []locked{{file: "a.seen", holders: []int{70}, waiters: n[0], since: 9}, {file: "b.seen", holders: []int{70}, waiters: n[1], since: 9}}
	}
	for _, tt := range []struct {
		name          string
		before, after scene
		same          bool
	}{
		{"other waiters", scene{locks: []locked{seen(14, 71)}}, scene{locks: []locked{seen(1, 72)}}, true},
		{"for another of its locks the most wait", scene{locks: two("a.seen")}, scene{locks: two("b.seen")}, true},
		{"another file, and the first is free", scene{locks: []locked{seen(14, 71)}}, scene{locks: []locked{{file: "b.seen", holders: []int{70}, waiters: []int{71}, since: 1}}}, false},
		{"another holder", scene{locks: []locked{seen(14, 71, 72)}}, scene{locks: []locked{by(seen(15, 72), 71)}}, false},
		{"another process with the pid", scene{locks: []locked{seen(14, 71)}}, scene{locks: []locked{seen(15, 71)}, born: map[int]uint64{70: 5}}, false},
		{"nobody visible, then somebody", scene{locks: []locked{by(seen(14, 71))}}, scene{locks: []locked{seen(15, 71)}}, true},
		{"a crowd that grew", scene{locks: []locked{{file: "a", holders: []int{1, 2}, mode: evidence.Read, waiters: []int{71}}}}, scene{locks: []locked{{file: "a", holders: []int{2, 3}, mode: evidence.Read, waiters: []int{71}}}}, true},
		{"a crowd of others", scene{locks: []locked{{file: "a", holders: []int{1, 2}, mode: evidence.Read, waiters: []int{71}}}}, scene{locks: []locked{{file: "a", holders: []int{3, 4}, mode: evidence.Read, waiters: []int{71}}}}, false},
	} {
		c := Compare(tt.before.report(), tt.after.report())
		if got := len(c.Stay) == 1; got != tt.same || len(c.Ended) == len(c.Stay) || len(c.Began) == len(c.Stay) {
			t.Errorf("%s: %d stay, %d ended, %d began", tt.name, len(c.Stay), len(c.Ended), len(c.Began))
		}
	}
}

func TestMarks(t *testing.T) {
	c := Compare(scene{locks: []locked{seen(14, 71, 72), {file: "a.seen", holders: []int{60, 61}, mode: evidence.Read, waiters: []int{73}, since: 14}}}.report(),
		scene{after: 2, locks: []locked{by(seen(16, 72, 74), 71), {file: "a.seen", holders: []int{61, 62}, mode: evidence.Read, waiters: []int{73}, since: 16}}}.report())
	want := map[int]EventKind{71: WaiterGot, 74: WaiterCame, 62: HolderTook}
	if got := c.Marks(); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Hundreds of events are a few lines.
func TestEventsAreBounded(t *testing.T) {
	var many []int
	for pid := 100; pid < 140; pid++ {
		many = append(many, pid)
	}
	c := Compare(scene{locks: []locked{seen(1)}}.report(), scene{after: 2, locks: []locked{seen(1, many...)}}.report())
	got := texts(c.Events(3))
	if len(got) != 5 || got[1] != "imapd 100 began to wait for jwade's seen file" || got[4] != "37 more began to wait" {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}

// What strangers wrote does not reach the screen as it is.
func TestEventsAreClean(t *testing.T) {
	evil := "\x1b]0;x\x07\n.seen"
	c := Compare(scene{locks: []locked{{file: evil, holders: []int{70}, waiters: []int{71}, since: 20}}}.report(), scene{after: 2}.report())
	for _, e := range c.Events(9) {
		if strings.ContainsAny(e.Text, "\x1b\n\x07") {
			t.Errorf("%q", e.Text)
		}
	}
}
