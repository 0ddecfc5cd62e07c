package page

import (
	"cyrlock/ui/draw"
	"cyrlock/ui/scene"
)

// log is what is read, whether its silence means anything, and how long waits were
// before.
func (p *Watch) log(s *scene.Scene, w, h int) []string {
	reading, wrong := p.NoLog, true
	if reading == "" {
		reading, wrong = s.LogReading(p.story.State, p.now)
	}
	style := s.Dim
	if wrong {
		style = s.Warn
	}
	if cramped(h) && w < draw.RoomyWidth {
		return []string{style.Render(s.Fit(" "+reading, w))}
	}
	rows := []string{style.Render(s.Fit(" log       "+reading, w))}
	switch doubt := s.LogDoubt(p.story.State); {
	case p.test.Sentence != "":
		row := s.Fit(" tested    "+p.tested.Format("15:04:05")+" "+s.Text(p.test.Sentence), w)
		if !p.test.Good {
			row = s.Warn.Render(row)
		}
		rows = append(rows, row)
	case !wrong && doubt != "" && !cramped(h):
		rows = append(rows, s.Fit("           "+doubt+" t tests it", w))
	}
	if !cramped(h) {
		rows = append(rows, p.history(s, w)...)
	}
	return rows
}

// history is how long the waits of the last days took, and what that says about
// MAXTIME.
func (p *Watch) history(s *scene.Scene, w int) []string {
	if p.past == nil {
		return nil
	}
	groups := 4
	if w >= abreast {
		groups = 10
	}
	rows := []string{s.Fit(" waits     "+s.LogPast(p.past, groups), w)}
	if p.past.Advice.Got == 0 {
		return rows
	}
	text := p.past.Advice.Sentence()
	if why := p.past.Advice.Reasons; w >= abreast && len(why) > 0 {
		text += " " + why[0]
	}
	most := 1 // of what is not sure, cyrlock log --history tells the rest
	if p.past.Advice.Sure {
		most = 2
	}
	for i, row := range s.Wrap(text, min(w, draw.Sight)-12, most) {
		rows = append(rows, s.Fit(" "+s.Fit(onlyFirst(i, "advice"), 10)+row, w))
	}
	return rows
}
