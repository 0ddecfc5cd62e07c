package ui

import "time"

// A deed is something that was done because a key was pressed: asked of the
// machine, written, copied, attached to. The command sheet lists them.
type deed struct {
	at   time.Time
	text string
}

// did notes a deed.
func (m *model) did(text string) {
	const most = 200
	m.deeds = append(m.deeds[max(0, len(m.deeds)-most+1):], deed{m.now, text})
}
