package page

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/ui/keys"
	"cyrlock/ui/scene"
)

// Keys are the page's own.
func (p *Stacks) Keys(s *scene.Scene) []key.Binding {
	var own []key.Binding
	add := func(is bool, k key.Binding, does string) {
		if is {
			own = append(own, keys.Named(k, does))
		}
	}
	b := p.bucket()
	several := b != nil && len(b.Members) > 1
	switch {
	case p.depth == process:
		_, exact := s.Exact(p.who)
		several = p.mine() != nil && several
		add(true, s.Keys.Enter, "verdict")
		add(exact, s.Keys.Fold, exactWord(p.unhurt))
		add(!p.looks, s.Keys.Exact, "exact")
		add(several, s.Keys.Right, "next process")
		add(true, s.Keys.Back, "back")
		add(several, s.Keys.Left, "process before")
	case b == nil:
	case p.depth == members:
		add(true, s.Keys.Enter, "its stack")
		add(!p.looks, s.Keys.Exact, "exact")
		add(true, s.Keys.Back, "all stacks")
	default:
		add(true, s.Keys.Fold, foldWord(p.whole[b.Key]))
		add(several, s.Keys.Enter, "the processes")
		add(!several, s.Keys.Enter, "the process")
		add(!p.looks, s.Keys.Exact, "exact")
		add(len(p.buckets) > 1, s.Keys.NextChain, "next stack")
		add(several, s.Keys.Right, "next process")
		add(several, s.Keys.Left, "process before")
		add(len(p.buckets) > 1, s.Keys.PreviousChain, "stack before")
	}
	return own
}

func foldWord(whole bool) string {
	if whole {
		return "fewer frames"
	}
	return "all frames"
}

func exactWord(unhurt bool) string {
	if unhurt {
		return "the exact one"
	}
	return "as it is now"
}

// Press moves, unfolds and goes deeper.
func (p *Stacks) Press(s *scene.Scene, k tea.KeyMsg) Action {
	b := p.bucket()
	switch {
	case keys.Is(k, s.Keys.Back):
		return p.back(s)
	case keys.Is(k, s.Keys.Exact):
		if p.proc(s) != nil {
			return Exact{p.who.PID, p.who.Start}
		}
	case p.depth == process:
		return p.pressProcess(s, k)
	case b == nil:
	case keys.Is(k, s.Keys.Right):
		p.next(s, 1)
	case keys.Is(k, s.Keys.Left):
		p.next(s, -1)
	case p.depth == members:
		switch {
		case keys.Is(k, s.Keys.Enter):
			p.depth = process
		case p.members.Press(k, s.Keys, len(b.Members), p.height):
			p.choose(s, b, p.members.Cursor)
		}
	default:
		p.pressPlaces(s, b, k)
	}
	return nil
}

func (p *Stacks) pressPlaces(s *scene.Scene, b *scene.Bucket, k tea.KeyMsg) {
	at, _ := p.place(p.Cursor)
	switch {
	case keys.Is(k, s.Keys.Enter):
		p.depth = process
		if len(b.Members) > 1 {
			p.depth = members
		}
	case keys.Is(k, s.Keys.Fold):
		p.fold(b, at)
	case keys.Is(k, s.Keys.NextChain):
		p.stand(min(at+1, len(p.buckets)-1), -1)
		p.mark(s)
		p.show = true
	case keys.Is(k, s.Keys.PreviousChain):
		p.stand(max(at-1, 0), -1)
		p.mark(s)
	default:
		if p.List.Press(k, s.Keys, p.entries(), p.height) {
			p.mark(s)
		}
	}
}

// fold shows all frames of a bucket, or only those that matter, and stays on the
// frame where it can.
func (p *Stacks) fold(b *scene.Bucket, at int) {
	number := p.frame()
	if p.whole == nil {
		p.whole = map[string]bool{}
	}
	if p.whole[b.Key] = !p.whole[b.Key]; !p.whole[b.Key] {
		delete(p.whole, b.Key)
	}
	p.measure()
	frame := -1
	for n := range p.shown(b) {
		if number >= 0 && p.number(b, n) <= number {
			frame = n
		}
	}
	p.stand(at, frame)
	p.show = true
}

func (p *Stacks) pressProcess(s *scene.Scene, k tea.KeyMsg) Action {
	switch {
	case keys.Is(k, s.Keys.Enter):
		if p.proc(s) != nil {
			return GoTo{StepVerdict, p.who.PID}
		}
	case keys.Is(k, s.Keys.Fold):
		if _, ok := s.Exact(p.who); ok {
			p.unhurt, p.one = !p.unhurt, List{}
		}
	case keys.Is(k, s.Keys.Right):
		p.next(s, 1)
	case keys.Is(k, s.Keys.Left):
		p.next(s, -1)
	default:
		p.one.Press(k, s.Keys, len(p.lines(s)), p.height)
	}
	return nil
}

// next goes to another member of the bucket.
func (p *Stacks) next(s *scene.Scene, by int) {
	if b := p.mine(); b != nil {
		n := len(b.Members)
		p.choose(s, b, (b.Find(p.who, p.tid)+by+n)%n)
	}
}

// back is one step out.
func (p *Stacks) back(s *scene.Scene) Action {
	b := p.mine()
	switch {
	case p.depth == places:
		return Back{}
	case p.depth == process && b != nil && len(b.Members) > 1:
		p.depth = members
	default:
		p.depth = places
		p.Refresh(s)
	}
	return nil
}
