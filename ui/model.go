package ui

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/page"
	"cyrlock/ui/scene"
)

// model is the one tea.Model: it owns the size, the step, the looks and what
// lies over the page, and interprets the pages' actions.
type model struct {
	ctx     context.Context
	machine Machine
	options Options
	send    func(seq string) error // an escape sequence that draws nothing
	redraw  func()                 // somebody else may have written to the terminal
	end     context.CancelFunc     // ends the program; View can return no command
	one     sync.Mutex             // held while the machine looks

	*scene.Scene
	pages         [page.Steps]page.Page
	step          page.Step
	before        []page.Step // for esc
	carried       int         // pid that goes along from page to page
	stood         int         // pid on which the page stood when it was come to
	over          *sheet      // help or commands, above the page
	prompt        *prompt     // after a colon
	dialog        *dialog     // asks, above everything
	width, height int

	now      time.Time // as the last message told
	looking  bool
	lookedAt time.Time // start of the look under way
	dataAt   time.Time // when the data on the screen came
	pace     time.Duration
	paused   bool
	failure  error     // of the last look
	note     string    // said once, until the next key or for some seconds
	noted    string    // the note at the last tick
	since    time.Time // that it is there
	resumed  context.CancelFunc
	deeds    []deed
	// attaching is set while an exact stack is being taken.
	attaching bool
	work      *work            // under way; nil: none
	own       []diagnose.Event // what was done from here
	log       listening
	crash     error
}

func newModel(ctx context.Context, m Machine, o Options, t draw.Theme) *model {
	if o.Every == 0 {
		o.Every = everyDefault
	}
	if o.Label == recordedLabel {
		o.Every = -1 // it does not change
	}
	limit := o.Threshold
	if limit == 0 {
		limit = diagnose.DefaultThreshold
	}
	s := &model{ctx: ctx, machine: m, options: o, send: func(string) error { return nil }, redraw: func() {}, end: func() {}, step: page.StepVerdict, pace: o.Every}
	s.Scene = scene.New(t, limit)
	s.pages = page.New()
	if o.Log == nil {
		s.watch().NoLog = s.Scene.NoLog(o.Label)
	}
	s.fixPage().Allow(s.cannotFix())
	if s.recorded() || o.ReadOnly {
		s.pages[page.StepStacks].(*page.Stacks).OnlyLook()
	}
	return s
}

// Init starts the first look at once and draws nothing of it yet.
func (m *model) Init() tea.Cmd {
	m.looking = true
	return tea.Batch(m.look(), tick(), m.listen())
}

// Update turns a programming error into an orderly end: the terminal is restored
// first, then [Run] tells.
func (m *model) Update(msg tea.Msg) (next tea.Model, cmd tea.Cmd) {
	defer func() {
		if r := recover(); r != nil {
			m.crash = fmt.Errorf("screens: internal error: %v\n%s", r, debug.Stack())
			next, cmd = m, tea.Quit
		}
	}()
	return m, m.update(msg)
}

func (m *model) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		if m.over != nil && m.over.title == helpTitle {
			m.over = m.helpSheet()
		}
	case tea.ResumeMsg:
		if m.resumed != nil {
			m.resumed()
		}
		return m.again()
	case ticked:
		m.now = time.Time(msg)
		m.fade()
		m.countLog()
		return tea.Batch(tick(), m.lookIfDue())
	case looked:
		m.took(msg)
	case page.Searched:
		find := m.pages[page.StepFind].(*page.Find)
		find.Found(m.Scene, msg)
	case copied:
		m.note = fmt.Sprintf("copied %s, if this terminal takes it (OSC 52)", evidence.Plural(msg.bytes, "byte", "bytes"))
		if msg.err != nil {
			m.note = m.Text("not copied: " + msg.err.Error())
		}
	case saved:
		m.wrote(msg)
	case settled:
		m.settle(msg)
	case prepared:
		return m.planned(msg)
	case undoable:
		return m.mayUndo(msg)
	case moved:
		return m.move(msg)
	case worked:
		return m.finish(msg)
	case attached:
		m.showExact(msg)
	case heard, learnt, tested:
		return m.logged(msg)
	case crashed:
		m.crash = msg.err
		return tea.Quit
	case tea.KeyMsg:
		m.note = ""
		return tea.Batch(m.typed(msg), m.learn())
	}
	return nil
}

// fade takes a note away that was there for long enough to be read.
func (m *model) fade() {
	const readable = 8 * time.Second
	switch {
	case m.note != m.noted:
		m.noted, m.since = m.note, m.now
	case m.now.Sub(m.since) >= readable:
		m.note, m.noted = "", ""
	}
}

// took keeps the old data where a look brought none.
func (m *model) took(l looked) {
	m.looking, m.failure, m.now = false, l.err, l.at
	if l.scene == nil {
		return
	}
	m.dataAt = l.at
	// Less than a hundredth of one core, a fiftieth while something hangs, but for a
	// machine where that takes minutes. The first look is dearer than the rest: it
	// opens what later ones know.
	if m.pace = m.options.Every; m.Seen {
		share := time.Duration(150)
		if l.scene.Report.Waiting > 0 {
			share = 50
		}
		m.pace = max(m.pace, min(share*l.cost, slowest))
	}
	m.Scene = l.scene.Keep(m.Scene) // also of stacks that came while it looked
	m.remember()
	m.near()
	for _, p := range m.pages {
		p.Refresh(m.Scene)
	}
}

// slowest is how far apart looks get that cost much.
const slowest = 30 * time.Second

func (m *model) lookIfDue() tea.Cmd {
	if m.paused || m.looking || m.options.Every < 0 || m.now.Sub(m.lookedAt) < m.pace {
		return nil
	}
	return m.again()
}

func (m *model) again() tea.Cmd {
	if m.looking {
		return nil
	}
	m.looking, m.lookedAt = true, m.now
	return m.look()
}
