package diagnose

import (
	"slices"
	"testing"
	"time"

	"cyrlock/evidence"
)

func TestTwins(t *testing.T) {
	at := time.Now()
	said := func(pid int, at time.Time, source, text string) evidence.LogLine {
		return evidence.LogLine{Time: at, Host: "mail1", Ident: "cyrus/imap", PID: pid, Text: text, Source: source}
	}
	var w Twins
	var got []bool
	for _, l := range []evidence.LogLine{
		said(1, at, "a", "x"), said(1, at.Add(time.Millisecond), "b", "x"), said(1, at.Add(time.Second), "a", "x"), said(2, at, "b", "x"), said(1, at.Add(time.Minute), "b", "x"),
	} {
		got = append(got, w.Has(l))
	}
	if want := []bool{false, true, false, false, false}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for i := range 3 * mostTwins {
		w.Has(said(i, at, "a", "y"))
	}
	if len(w.seen) > mostTwins {
		t.Errorf("%d are kept", len(w.seen))
	}
	for host, want := range map[string]bool{"": true, "mail1": true, "mail2": false} {
		var w Twins
		w.Has(said(1, at, "a", "x"))
		l := said(1, at, "b", "x")
		if l.Host = host; w.Has(l) != want {
			t.Errorf("the same of host %q", host)
		}
	}
}
