package ui

import (
	"fmt"
	"strings"
	"time"
)

// mode is where the data comes from, in one word.
func (m *model) mode() string {
	switch {
	case m.failure != nil:
		return "OLD DATA"
	case m.recorded():
		return "RECORDED"
	case m.paused:
		return "PAUSED"
	case m.behind():
		return "LATE"
	case m.options.Label != "":
		return strings.ToUpper(m.Text(m.options.Label))
	}
	return "LIVE"
}

// recorded tells of a machine that does not change any more.
func (m *model) recorded() bool { return m.options.Label == recordedLabel }

// status is what one must know about all that is on the screen: whether it is of
// now, how old, what is missing from it, and whether anything can be touched.
func (m *model) status() string {
	if !m.Seen {
		return ""
	}
	mode := m.mode()
	switch {
	case m.failure != nil:
		mode = m.Bad.Render(mode) + " " + m.aged() + ", r looks again"
	case m.recorded():
		mode += " " + m.Report.Taken.Format("2006-01-02 15:04:05 -0700")
	case m.paused:
		mode = m.Warn.Render(mode) + " " + m.aged()
	case m.behind():
		mode = m.Warn.Render(mode) + " " + m.aged()
		if m.looking {
			mode += ", still looking"
		}
	default:
		mode += " " + m.rhythm()
	}
	parts := []string{mode, m.touch()}
	if n := len(m.Report.Gaps); n > 0 {
		parts = append(parts, m.Warn.Render(fmt.Sprintf("%d not read: e", n)))
	}
	if !m.recorded() {
		parts = append(parts, "seen "+m.Report.Taken.Format("15:04:05"))
	}
	return strings.Join(parts, " "+m.Dot+" ")
}

// behind tells that the look that is due does not come: fresh data needs no age.
func (m *model) behind() bool {
	const patience = 3 * time.Second
	return m.options.Every >= 0 && m.now.Sub(m.dataAt) > m.pace+patience
}

// rhythm is how often it looks.
func (m *model) rhythm() string {
	switch {
	case m.options.Every < 0:
		return "on r"
	case m.pace >= 2*m.options.Every && m.width >= 100: // why not as often as asked
		return "every " + seconds(m.pace) + ", a look is dear"
	}
	return "every " + seconds(m.pace)
}

// aged is the age of the data.
func (m *model) aged() string { return seconds(m.now.Sub(m.dataAt)) + " old" }

// touch says whether anything here can touch a process.
func (m *model) touch() string {
	if m.options.ReadOnly || m.recorded() {
		return "read-only"
	}
	return "read-only off"
}

// shortStatus is the same in a few letters.
func (m *model) shortStatus() string {
	if !m.Seen {
		return ""
	}
	parts := []string{strings.ToLower(m.mode())}
	if m.failure != nil || m.paused && !m.recorded() {
		parts = []string{strings.ToLower(m.mode()) + " " + seconds(m.now.Sub(m.dataAt))}
	}
	if m.options.ReadOnly {
		parts = append(parts, "ro")
	}
	if n := len(m.Report.Gaps); n > 0 {
		parts = append(parts, fmt.Sprintf("!%d", n))
	}
	return strings.Join(parts, " ")
}

// seconds are whole seconds, where it is any: an age changes every second at most.
func seconds(d time.Duration) string {
	if d < time.Second {
		return d.Truncate(100 * time.Millisecond).String()
	}
	return d.Truncate(time.Second).String()
}
