package page

import (
	"fmt"

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
		return s.Ends(text, p.progress(s, &wait, w), w)
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
	return 18
}

// progress is how far a wait is towards being given up, as far as there is room.
func (p *Watch) progress(s *scene.Scene, wait *diagnose.Episode, w int) string {
	const cells = 6
	bar := s.Progress(wait, p.now, cells)
	if w < draw.RoomyWidth {
		if wait.Attempt > 0 && wait.Of > 0 {
			return fmt.Sprintf(" %d/%d", wait.Attempt, wait.Of)
		}
		return ""
	}
	return scene.JoinWords(s.GivesUp(wait, p.now), bar)
}
