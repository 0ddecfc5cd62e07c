package diagnose

import (
	"slices"
	"strings"
	"testing"

	"cyrlock/evidence"
)

// Where nothing hangs, the timed lock is offered against the next hang, as fits the
// release, with what it loses.
func TestAdviceWhereNothingHangs(t *testing.T) {
	on := func(version string, change func(*evidence.Snapshot)) []Advice {
		s := scene{idle: []int{71, 72}, host: evidence.Host{Cyrus: evidence.Cyrus{Version: version, Master: 801}}}.snapshot()
		if change != nil {
			change(&s)
		}
		return Diagnose(s, Options{}).Advice
	}
	packaged := func(s *evidence.Snapshot) { s.Processes[0].Exe = "/usr/lib/cyrus/bin/imapd" }
	for _, c := range []struct {
		name string
		got  []Advice
		want string
		says []string
	}{
		{"of a package", on("3.6.1", packaged), "nothing shim source", []string{"waits for seen files end after 285 s", "marked as read", "the 2 processes"}},
		{"built by hand, of old", on("2.0.16", nil), "nothing source shim", []string{"all of them in Cyrus 2.0 and 2.1"}},
		{"its imapd ends", on("2.3.7", nil), "nothing shim source", []string{"the imapd of this version ends afterwards"}},
		{"unknown", on("", nil), "nothing shim source", []string{"an imapd of 2.1 to 2.3 ends"}},
		{"loaded", on("3.6.1", func(s *evidence.Snapshot) { s.Processes[0].Code = shimmed(285) }), "nothing verify", []string{"is loaded"}},
		{"nobody was looked at", on("3.6.1", func(s *evidence.Snapshot) { s.Processes = nil }), "nothing shim source", []string{"what runs now keeps the old code"}},
		{"somebody was asked about", on("3.6.1", func(s *evidence.Snapshot) { s.Focus = &evidence.Focus{User: "lsmith"} }), "nothing shim source", nil},
	} {
		var actions, text []string
		for i, a := range c.got {
			actions, text = append(actions, a.Action), append(text, a.Why, a.Loses)
			if (i > 0) != (a.When == Next) {
				t.Errorf("%s: %s is for %s", c.name, a.Action, a.When)
			}
		}
		if got := strings.Join(actions, " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		for _, want := range c.says {
			if !strings.Contains(strings.Join(text, "\n"), want) {
				t.Errorf("%s: %q is not said in %q", c.name, want, text)
			}
		}
	}
	if got := (scene{}).report().Advice; slices.ContainsFunc(got, func(a Advice) bool { return a.When == Next }) {
		t.Errorf("no Cyrus: %+v", got)
	}
}
