package page

import (
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"

	"cyrlock/ui/keys"
	"cyrlock/ui/scene"
)

// Watch shows how the waiting goes on: how many wait, which hangs there were, and what
// happened, from look to look and in the log, the newest last. On the last entry the
// page follows: what happens next is selected.
type Watch struct {
	List
	NoLog string // why no log is read; empty: one is
	story scene.Story

	past   *scene.LogPast // nil: not known yet
	test   scene.LogTest  // the last one; without a sentence: there was none
	tested time.Time

	all    []*scene.Entry // the story's, or what it was when the list was paused
	rows   []*scene.Entry // those that the filter finds
	apart  bool           // the user has left the last entry
	paused bool           // nothing moves until space is pressed again
	before int            // how much had come until then

	filter  string
	editing bool
	said    string // once, instead of the selected entry
	now     time.Time
	height  int
}

// About is for the help.
func (p *Watch) About() string {
	return "How the waiting goes on: how many wait over time, which hangs there were and how they ended, and what happened: what changed from look to look, and what Cyrus logs about locks, each line joined to its process. What comes and goes between two looks only the log can show. A silent log proves nothing: t tests it."
}

// Keys are the page's own.
func (p *Watch) Keys(s *scene.Scene) []key.Binding {
	pause := keys.Named(s.Keys.Fold, "pause list")
	if p.paused {
		pause = keys.Named(s.Keys.Fold, "go on")
	}
	own := []key.Binding{pause, keys.Named(s.Keys.NextChain, "next problem"), s.Keys.Filter, keys.Named(s.Keys.Enter, "stack"), s.Keys.Test}
	if p.apart || p.paused {
		own = append(own, keys.Named(s.Keys.End, "follow"))
	}
	return append(own, keys.Named(s.Keys.PreviousChain, "problem before"))
}

// Refresh takes what a new look shows.
func (p *Watch) Refresh(s *scene.Scene) {
	p.story.Look(s)
	p.now = later(p.now, s.Report.Taken)
	p.list()
}

// Hear takes what came from the log.
func (p *Watch) Hear(s *scene.Scene, b scene.LogBatch) {
	p.story.Hear(s, b)
	p.list()
}

// Tick brings the time, and what is only counted.
func (p *Watch) Tick(now time.Time, l scene.LogState) { p.now, p.story.State = later(p.now, now), l }

// Learnt tells how long the waits of the last days took.
func (p *Watch) Learnt(past *scene.LogPast) { p.past = past }

// Tested tells what became of a test message.
func (p *Watch) Tested(t scene.LogTest, at time.Time) { p.test, p.tested = t, at }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// list filters anew, and stays on the selected entry or follows.
func (p *Watch) list() {
	selected := p.entry()
	if !p.paused {
		p.all = p.story.All()
	}
	p.rows = p.all
	if p.filter != "" {
		filter := strings.ToLower(p.filter)
		p.rows = make([]*scene.Entry, 0, len(p.all))
		for _, e := range p.all {
			if e.Finds(filter) {
				p.rows = append(p.rows, e)
			}
		}
	}
	if !p.apart || selected == nil {
		p.follow()
		return
	}
	// The oldest drop out: the same entry now stands earlier. If it is gone itself, the
	// nearest one in time is what the eye was at.
	at := slices.Index(p.rows, selected)
	if at < 0 {
		at, _ = slices.BinarySearchFunc(p.rows, selected, func(a, b *scene.Entry) int { return a.At.Compare(b.At) })
	}
	p.Cursor = max(0, min(at, len(p.rows)-1))
}

func (p *Watch) follow() { p.Cursor, p.apart = max(0, len(p.rows)-1), false }

func (p *Watch) entry() *scene.Entry {
	if p.Cursor < 0 || p.Cursor >= len(p.rows) {
		return nil
	}
	return p.rows[p.Cursor]
}

// newer counts what has come since the list was paused.
func (p *Watch) newer() int { return p.story.Came() - p.before }

// pause keeps the list as it is, or goes on with all that has come since.
func (p *Watch) pause() {
	if p.paused = !p.paused; p.paused {
		p.before = p.story.Came()
		return
	}
	p.list()
}

// jump goes to the next entry that is a problem, or its end.
func (p *Watch) jump(by int) {
	for i := p.Cursor + by; i >= 0 && i < len(p.rows); i += by {
		if p.rows[i].Problem() {
			p.Cursor, p.apart = i, i < len(p.rows)-1
			return
		}
	}
	if by < 0 {
		p.said = "No problem before this one."
		return
	}
	p.said = "No problem after this one."
}

// Selected is the process of the entry, if it still is that process.
func (p *Watch) Selected(s *scene.Scene) scene.Target {
	e, t := p.entry(), scene.Target{}
	if e == nil {
		return t
	}
	who, file := e.Who, ""
	switch {
	case e.Event != nil:
		who, file = scene.Who{PID: e.Event.PID, Start: e.Event.Start}, e.Event.File
	case e.Line != nil && e.Line.Message != nil:
		file = e.Line.Message.File
	}
	if who.PID != 0 && s.Lives(who) {
		t.PID = who.PID
	}
	for i := range s.Report.Files {
		if f := &s.Report.Files[i]; file != "" && f.Path == file {
			t.File = f
		}
	}
	return t
}
