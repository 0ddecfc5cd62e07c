package ui

import (
	"context"
	"fmt"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/evidence"
	"cyrlock/ui/keys"
	"cyrlock/ui/page"
	"cyrlock/ui/scene"
)

// A Stopper is a [Machine] that can also attach to a process for an exact stack.
type Stopper interface {
	// Exact stops each thread of a process for a moment, one after the other, and
	// returns them with their stacks; what was stopped for how long is in each
	// thread. It touches nothing if the pid has gone to another process, that is
	// one with another start time. The error is a sentence that names the process;
	// what was got is returned beside it.
	Exact(ctx context.Context, pid int, start uint64) (evidence.Process, error)
}

// attached is what attaching brought.
type attached struct {
	who     scene.Who
	name    string
	process evidence.Process
	err     error
	at      time.Time
}

// exactLimit is when attaching is given up.
const exactLimit = 10 * time.Second

// askExact asks before it attaches to a process, or says why it does not.
func (m *model) askExact(who scene.Who) tea.Cmd {
	stopper, can := m.machine.(Stopper)
	cost, why := m.Cost(who)
	switch {
	case m.recorded():
		why = "a recording has no processes: nothing to attach to"
	case m.options.ReadOnly:
		why = "read-only: nothing is attached to"
	case !can:
		why = "nothing can be attached to here: this is not a live machine"
	case m.attaching:
		why = "still attaching"
	}
	if why != "" {
		m.note = m.Text(why)
		return nil
	}
	var text []paragraph
	for _, c := range cost {
		text = append(text, paragraph{text: c.Text, warns: c.Warns})
	}
	return m.open(&dialog{title: "Attach to " + m.Name(who.PID) + "?", text: text, yes: keys.Named(m.Keys.Exact, "attach"), do: func() tea.Cmd {
		if now, why := m.Cost(who); why != "" || !slices.Equal(warnings(now), warnings(cost)) {
			return m.askExact(who) // it is another question by now
		}
		return m.attach(stopper, who)
	}})
}

// warnings are what must be the same when the answer comes.
func warnings(cost []scene.Cost) (out []string) {
	for _, c := range cost {
		if c.Warns {
			out = append(out, c.Kind)
		}
	}
	return out
}

// attach does it, away from the screen, and not while a look is under way: being
// stopped, the process would show that look something that is not so.
func (m *model) attach(stopper Stopper, who scene.Who) tea.Cmd {
	name := m.Name(who.PID)
	m.attaching, m.note = true, "attaching to "+name+m.Dots
	return func() tea.Msg {
		return guard("exact stack", func() tea.Msg {
			m.one.Lock()
			defer m.one.Unlock()
			ctx, cancel := context.WithTimeout(m.ctx, exactLimit)
			defer cancel()
			p, err := stopper.Exact(ctx, who.PID, who.Start)
			return attached{who, name, p, err, time.Now()}
		})
	}
}

// showExact takes what attaching brought: the stack to the page, the deed to the log.
func (m *model) showExact(a attached) {
	m.attaching, m.now = false, a.at
	got := slices.ContainsFunc(a.process.Threads, func(t evidence.Thread) bool { return len(t.Frames) > 0 })
	why := fmt.Sprintf("no exact stack of %s: %s", a.name, firstError(a.process.Threads))
	if a.err != nil {
		why = scene.FirstLine(a.err) // says of which process
	}
	m.note = m.Text(why)
	done := m.note
	if got {
		a.process.PID, a.process.Start = a.who.PID, a.who.Start
		m.Scene = m.With(a.process, a.at)
		stacks := m.pages[page.StepStacks].(*page.Stacks)
		stacks.Refresh(m.Scene)
		stacks.Show(a.who)
		m.note = a.name + " stood still " + m.Stood(&a.process)
		done = "attached for an exact stack: " + m.note
		if a.err != nil {
			done += "; not all of it: " + m.Text(why)
		}
	}
	m.did(done)
}

// firstError is why threads have no stack.
func firstError(threads []evidence.Thread) string {
	for _, t := range threads {
		if t.Error != "" {
			return t.Error
		}
	}
	return "it showed none"
}
