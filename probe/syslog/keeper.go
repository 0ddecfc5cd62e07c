package syslog

import (
	"bytes"
	"strings"
	"time"

	"cyrlock/evidence"
)

// A keeper gives the lines of one file that matter. Hosts and programs are few: it
// keeps those it met last, so that a line costs one allocation.
type keeper struct {
	source      string
	since       time.Time
	host, ident string

	last  evidence.LogLine
	given bool // last is the line just before the next
}

func (k *keeper) take(text []byte, near time.Time, to Sink) {
	before := k.given
	k.given = false
	if before {
		if n := repeats(text); n > 0 {
			l := k.last
			l.Time, l.Repeated = Parse(text).Time(near), n
			to.Line(l)
			k.given = true
			return
		}
	}
	if to.Maybe != nil && !to.Maybe(text) {
		return
	}
	l := Parse(text)
	at := l.Time(near)
	if !at.IsZero() && at.Before(k.since) {
		return
	}
	k.last = evidence.LogLine{
		Time: at, Host: again(&k.host, l.Host), Ident: again(&k.ident, l.Ident), PID: l.PID,
		Text: string(l.Text), Repeated: l.Repeated, Source: k.source,
	}
	k.given = true
	to.Line(k.last)
}

// repeats reads the note that older syslogds write in place of the same line again:
// "Nov  3 05:26:53 vm last message repeated 3 times". 0: it is another line.
func repeats(text []byte) int {
	_, after, ok := bytes.Cut(text, []byte(" last message repeated "))
	if !ok {
		return 0
	}
	count, rest, _ := bytes.Cut(after, []byte(" "))
	n, ok := decimal(count)
	if !ok || !bytes.HasPrefix(rest, []byte("time")) {
		return 0
	}
	return n
}

func again(last *string, b []byte) string {
	if *last != string(b) {
		*last = strings.Clone(string(b))
	}
	return *last
}
