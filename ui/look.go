package ui

import (
	"context"
	"fmt"
	"runtime/debug"
	"syscall"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/page"
	"cyrlock/ui/scene"
)

// Messages, each a fact in the past tense. Times come in messages, so that the
// model has no clock.
type (
	looked struct {
		scene *scene.Scene // nil: nothing could be seen
		err   error
		at    time.Time
		cost  time.Duration // processor time
	}
	ticked time.Time
	copied struct {
		bytes int
		err   error
	}
	crashed struct{ err error }
)

// lookLimit is when a look is told to give up. What it has seen by then counts.
const lookLimit = 30 * time.Second

// look asks the machine and explains what came back, away from the screen.
func (m *model) look() tea.Cmd {
	last := m.Scene
	return func() tea.Msg {
		return guard("look", func() tea.Msg {
			before := processorTime()
			report, err := m.ask(m.options.Query)
			var next *scene.Scene
			switch {
			case report.Taken.IsZero():
			case err != nil:
				next = last.Part(report)
			default:
				next = last.Next(report)
			}
			return looked{next, err, time.Now(), processorTime() - before}
		})
	}
}

func (m *model) search(q evidence.Query) tea.Cmd {
	last := m.Scene
	return func() tea.Msg {
		return guard("search", func() tea.Msg {
			report, err := m.ask(q)
			answer := page.Searched{Query: q, Err: err}
			if err == nil || !report.Taken.IsZero() {
				answer.Scene = last.Answer(report)
			}
			return answer
		})
	}
}

func (m *model) ask(q evidence.Query) (diagnose.Report, error) {
	ctx, cancel := context.WithTimeout(m.ctx, lookLimit)
	defer cancel()
	m.one.Lock() // one look at a time, as [Machine] promises
	defer m.one.Unlock()
	snapshot, err := m.machine.Look(ctx, q)
	return diagnose.Diagnose(snapshot, diagnose.Options{Threshold: m.options.Threshold}), err
}

// tick brings the time once a second: it makes the age of old data visible.
func tick() tea.Cmd {
	return tea.Tick(time.Second, func(t time.Time) tea.Msg { return ticked(t) })
}

// guard turns a panic in a command into a message. Bubble Tea would print the
// stack on the alternate screen, where it vanishes.
func guard(what string, f func() tea.Msg) (msg tea.Msg) {
	defer func() {
		if r := recover(); r != nil {
			msg = crashed{fmt.Errorf("%s: internal error: %v\n%s", what, r, debug.Stack())}
		}
	}()
	return f()
}

// processorTime is what the program has used so far (getrusage(2)).
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
