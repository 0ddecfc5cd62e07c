package page

import "cyrlock/ui/scene"

// Folding is that of a file tree: right unfolds or goes in, left folds or goes up,
// space does what is left to do.

func (p *Verdict) toggle(s *scene.Scene) {
	switch r := p.row(); {
	case r == nil:
	case r.More > 0:
		p.unfold(s)
	case len(r.Below) > 0:
		p.shut(s, r.ID, !r.Shut)
	case p.folds.Open[r.Count()]:
		n := r.Node
		delete(p.folds.Open, r.Count())
		p.rows = s.Rows(p.folds)
		p.standFor(n)
	}
}

func (p *Verdict) right(s *scene.Scene) {
	switch r := p.row(); {
	case r == nil:
	case r.More > 0:
		p.unfold(s)
	case r.Shut:
		p.shut(s, r.ID, false)
	case len(r.Below) > 0: // its first is the next row
		p.Cursor++
		p.mark()
	}
}

func (p *Verdict) left(s *scene.Scene) {
	switch r := p.row(); {
	case r == nil:
	case r.More == 0 && len(r.Below) > 0 && !r.Shut:
		p.shut(s, r.ID, true)
	case r.Up != nil:
		p.standFor(r.Up)
	}
}

// unfold shows each of those that a row counts.
func (p *Verdict) unfold(s *scene.Scene) {
	if p.folds.Open == nil {
		p.folds.Open = map[scene.ID]bool{}
	}
	r := p.row()
	first := r.Node
	p.folds.Open[r.ID] = true
	p.rows = s.Rows(p.folds)
	p.standFor(first)
}

// shut hides what is below a row, or shows it again.
func (p *Verdict) shut(s *scene.Scene, id scene.ID, shut bool) {
	if p.folds.Shut == nil {
		p.folds.Shut = map[scene.ID]bool{}
	}
	if delete(p.folds.Shut, id); shut {
		p.folds.Shut[id] = true
	}
	p.rows = s.Rows(p.folds)
}
