package diagnose

import (
	"strings"

	"cyrlock/evidence"
)

// Twins knows lines that two logs have: the same text of the same process, at about
// the same time. The zero value is ready.
type Twins struct {
	seen map[twin]evidence.LogLine // without their texts
	ring []twin
	next int
}

type twin struct {
	pid  int
	text string
}

const (
	mostTwins  = 1024
	twinPrefix = 256
)

// Has reports whether the line was there already, in another log.
func (t *Twins) Has(l evidence.LogLine) bool {
	key := twin{l.PID, l.Text}
	if len(l.Text) > twinPrefix {
		key.text = strings.Clone(l.Text[:twinPrefix]) // the rest is let go
	}
	if o, ok := t.seen[key]; ok && o.Source != l.Source && sameHost(o.Host, l.Host) && o.Time.Sub(l.Time).Abs() <= twice {
		return true
	}
	if t.seen == nil {
		t.seen, t.ring = map[twin]evidence.LogLine{}, make([]twin, mostTwins)
	}
	if _, ok := t.seen[key]; !ok {
		delete(t.seen, t.ring[t.next])
		t.ring[t.next] = key
		t.next = (t.next + 1) % mostTwins
	}
	t.seen[key] = evidence.LogLine{Source: l.Source, Host: l.Host, Time: l.Time}
	return false
}

// sameHost: not every log tells one.
func sameHost(a, b string) bool { return a == b || a == "" || b == "" }
