package ui

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/ui/keys"
	"cyrlock/ui/page"
	"cyrlock/ui/scene"
)

// Messages about the mail server's log.
type (
	heard  struct{ batch scene.LogBatch }
	learnt struct{ past *scene.LogPast }
	tested struct {
		test scene.LogTest
		err  error
		at   time.Time
	}
)

// listening is the root's part on the log.
type listening struct {
	box     *scene.LogBox // nil: no log is followed
	learns  bool          // the waits of the last days were asked for
	testing bool
	at      time.Time // of the last batch
}

func (m *model) watch() *page.Watch { return m.pages[page.StepWatch].(*page.Watch) }

// listen begins to follow the log, if there is one, for as long as the screens are
// there: what came before Watch was opened is worth as much.
func (m *model) listen() tea.Cmd {
	log := m.options.Log
	if log == nil {
		return nil
	}
	box := scene.NewLogBox()
	m.log.box = box
	box.Begin(time.Now())
	follow := func() tea.Msg {
		return guard("log", func() tea.Msg {
			if err := log.Follow(m.ctx, box); m.ctx.Err() == nil {
				box.End(err)
			}
			return nil
		})
	}
	return tea.Batch(follow, m.hear())
}

// between is how far apart batches are. Bubble Tea draws for every message: one for
// each line would be one frame for each.
const between = 250 * time.Millisecond

// hear waits for what is worth a new frame.
func (m *model) hear() tea.Cmd {
	box, next := m.log.box, m.log.at.Add(between)
	return func() tea.Msg {
		select {
		case <-box.More():
		case <-m.ctx.Done():
			return nil
		}
		calm := time.NewTimer(time.Until(next))
		defer calm.Stop()
		select {
		case <-calm.C:
		case <-m.ctx.Done():
			return nil
		}
		return heard{box.Take(time.Now())}
	}
}

// logged takes messages about the log.
func (m *model) logged(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case heard:
		m.log.at = time.Now()
		m.watch().Hear(m.Scene, msg.batch)
		return m.hear()
	case learnt:
		m.watch().Learnt(msg.past)
	case tested:
		m.showTest(msg)
	}
	return nil
}

// learn asks once how long the waits of the last days took, when somebody looks at the
// page: it is a lot to read.
func (m *model) learn() tea.Cmd {
	log := m.options.Log
	if log == nil || m.log.learns || m.step != page.StepWatch {
		return nil
	}
	m.log.learns = true
	return func() tea.Msg {
		return guard("history of the log", func() tea.Msg {
			ctx, cancel := context.WithTimeout(m.ctx, scene.HistoryLimit)
			defer cancel()
			return learnt{scene.NewLogPast(log.History(ctx))}
		})
	}
}

// countLog brings the page the time, and how much was heard that needs no frame.
func (m *model) countLog() {
	state := scene.LogState{}
	if m.log.box != nil {
		state = m.log.box.State(m.now)
	}
	m.watch().Tick(m.now, state)
}

// near has the other lines of those heard, too, that have to do with a hang.
func (m *model) near() {
	if m.log.box != nil {
		m.log.box.Near(m.Involved())
	}
}

// askTest asks before a line is sent to the log, or says why none is.
func (m *model) askTest() tea.Cmd {
	log, can := m.options.Log.(scene.LogTester)
	why := ""
	switch {
	case m.recorded():
		why = "this is recorded: there is no log to test"
	case m.options.ReadOnly:
		why = "read-only: no test message is sent"
	case !can:
		why = "no log is read here: there is nothing to test"
	case m.log.testing:
		why = "still looking for the test message"
	}
	if why != "" {
		m.note = why
		return nil
	}
	return m.open(&dialog{title: "Send a test message?", yes: keys.Named(m.Keys.Test, "send it"), text: []paragraph{
		{text: scene.TestSays + ", and that nothing has happened."},
		{text: "It shows whether the messages of the timed lock would be seen: what Cyrus and the log are set up to drop, nobody sees."},
	}, do: func() tea.Cmd {
		m.log.testing, m.note = true, "looking for the test message"+m.Dots
		return func() tea.Msg {
			return guard("test message", func() tea.Msg {
				ctx, cancel := context.WithTimeout(m.ctx, scene.TestLimit)
				defer cancel()
				test, err := log.Test(ctx)
				return tested{test, err, time.Now()}
			})
		}
	}})
}

// showTest lays what became of the test message over the page.
func (m *model) showTest(t tested) {
	m.log.testing, m.now, m.note = false, t.at, ""
	if t.err != nil {
		m.note = m.Text("no test message was sent: " + scene.FirstLine(t.err))
		m.did(m.note)
		return
	}
	m.watch().Tested(t.test, t.at)
	m.did("sent a test message to the log: " + m.Text(t.test.Sentence))
	rows := []sheetRow{{text: m.Text(t.test.Sentence), prose: true}}
	for _, line := range t.test.Lines {
		rows = append(rows, sheetRow{text: m.Text(line), prose: true})
	}
	if m.step != page.StepWatch || m.editing() || m.prompt != nil || m.dialog != nil {
		m.note = m.Text(t.test.Sentence) // keys would go to a page that came by itself
		return
	}
	m.over = &sheet{title: "test message", rows: rows}
}
