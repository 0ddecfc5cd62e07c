package ui

import (
	"errors"
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/ui/scene"
)

// errRecorded is the answer to what makes no sense where nothing changes.
var errRecorded = errors.New("this is recorded: it does not change")

// saved tells where a capture was written.
type saved struct {
	path string
	err  error
}

// save writes what is on the screen: the look that is shown, not a newer one.
func (m *model) save() tea.Cmd {
	switch {
	case !m.Seen:
		m.note = "nothing was seen yet: nothing to save"
		return nil
	case m.options.Save == nil:
		m.note = "a capture cannot be saved here"
		return nil
	}
	snapshot := m.Report.Snapshot
	return func() tea.Msg {
		return guard("save", func() tea.Msg {
			path, err := m.options.Save(snapshot)
			return saved{path, err}
		})
	}
}

func (m *model) wrote(s saved) {
	if s.err != nil {
		m.note = m.Text("not saved: " + scene.FirstLine(s.err))
		return
	}
	m.note = m.Text("saved " + s.path)
	m.did(fmt.Sprintf("saved the look of %s as %s", m.Report.Taken.Format("15:04:05"), s.path))
}

// pause stops the looking, and goes on with it.
func (m *model) pause() tea.Cmd {
	if m.recorded() {
		m.note = errRecorded.Error()
		return nil
	}
	m.paused = !m.paused
	return nil
}
