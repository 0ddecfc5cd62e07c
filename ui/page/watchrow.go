package page

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"cyrlock/diagnose"
	"cyrlock/ui/draw"
	"cyrlock/ui/scene"
)

// entryRow is one entry in w cells: when, who, what; of a wait that goes on, how far it
// is from being given up.
func (p *Watch) entryRow(s *scene.Scene, e *scene.Entry, w int) string {
	said := s.Said(e)
	text := said.Words
	switch {
	case said.Alarm != "":
		text = s.Bad.Render(said.Alarm) + " " + text
	case said.Calm != "":
		text = s.Good.Render(said.Calm) + " " + text
	}
	if said.Who != "" {
		text = s.Fit(said.Who, max(ansi.StringWidth(said.Who), whoWidth(w))) + " " + text
	}
	text = e.At.Format("15:04:05") + " " + text
	if wait, ok := p.story.Waits(s, e); ok {
		return s.Ends(text, p.progress(s, &wait, w-ansi.StringWidth(text)-1), w)
	}
	if said.Dim {
		return s.Dim.Render(s.Fit(text, w))
	}
	return s.Fit(text, w)
}

// whoWidth is the room for a process and its user.
func whoWidth(w int) int {
	if w < draw.RoomyWidth {
		return 0
	}
	return 17
}

// progress is how far a wait is towards being given up: as much of it as there is room
// for, but at least when.
func (p *Watch) progress(s *scene.Scene, wait *diagnose.Episode, room int) string {
	const cells = 6
	when, bar := s.GivesUp(wait, p.now), s.Progress(wait, p.now, cells)
	if whole := strings.TrimSpace(when + " " + bar); ansi.StringWidth(whole) <= room {
		return whole
	}
	return when
}
