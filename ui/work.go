package ui

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/diagnose"
	"cyrlock/fix"
	"cyrlock/ui/page"
	"cyrlock/ui/scene"
)

// A work is a plan that is being carried out, or a receipt that is being taken back.
// It outlives the screens: whoever leaves meanwhile waits until its receipt is whole.
type work struct {
	title  string
	undo   bool
	cancel context.CancelFunc // breaks it off between two steps
	news   chan fix.Receipt   // the newest state of the receipt
	end    chan struct{}      // closed when the rest is there

	receipt fix.Receipt
	err     error
	crash   error // a programming error
}

// Messages of a work.
type (
	moved struct {
		work    *work
		receipt fix.Receipt
	}
	worked struct {
		work *work
		at   time.Time
	}
)

// begin sets somebody to work.
func (m *model) begin(title string, undo bool, do func(context.Context, func(fix.Receipt)) (fix.Receipt, error)) tea.Cmd {
	// Not the context of the screens: what has begun is brought to its end.
	ctx, cancel := context.WithCancel(context.WithoutCancel(m.ctx))
	w := &work{title: title, undo: undo, cancel: cancel, news: make(chan fix.Receipt, 1), end: make(chan struct{})}
	m.work = w
	m.fixPage().Show(&page.Run{Title: title, Undo: undo, Working: true})
	go func() {
		defer close(w.end)
		defer cancel()
		defer func() {
			if r := recover(); r != nil {
				w.crash = fmt.Errorf("fix: internal error: %v\n%s", r, debug.Stack())
			}
		}()
		w.receipt, w.err = do(ctx, w.each)
	}()
	return w.next()
}

// each never waits: of two states that nobody has seen, the newer counts.
func (w *work) each(r fix.Receipt) {
	select {
	case <-w.news:
	default:
	}
	w.news <- r
}

// next waits for what is new.
func (w *work) next() tea.Cmd {
	return func() tea.Msg {
		select {
		case r := <-w.news:
			return moved{w, r}
		case <-w.end:
			return worked{w, time.Now()}
		}
	}
}

// move shows a step.
func (m *model) move(n moved) tea.Cmd {
	m.fixPage().Show(&page.Run{Title: n.work.title, Undo: n.work.undo, Working: true, Receipt: n.receipt})
	return n.work.next()
}

// finish shows what came of it, and looks.
func (m *model) finish(f worked) tea.Cmd {
	w := f.work
	m.work, m.now = nil, f.at
	if w.crash != nil {
		m.crash = w.crash
		return tea.Quit
	}
	how := m.showEnd(w.title, w.undo, w.receipt, w.err)
	text := m.Text(w.title) + ": " + how.Text
	if !how.Good {
		text = m.Text(w.title) + ": " + strings.ToLower(how.Word) + ": " + how.Text
	}
	m.did(text)
	if w.receipt.ID != 0 {
		m.own = append(m.own, diagnose.Event{At: w.receipt.Began, Kind: "fix", Text: "you: " + text})
		m.remember()
	}
	if m.step != page.StepFix {
		m.note = text
	}
	return m.again()
}

// showEnd shows how something ended.
func (m *model) showEnd(title string, undo bool, r fix.Receipt, problem error) scene.Fixed {
	how := m.fixed(undo, r, problem)
	m.fixPage().Show(&page.Run{Title: title, Undo: undo, Receipt: r, How: how})
	return how
}

func (m *model) fixed(undo bool, r fix.Receipt, problem error) scene.Fixed {
	return m.Scene.Fixed(r, undo, problem, "u, or "+m.options.Fixer.Typed(fmt.Sprintf("cyrlock fix undo %d", r.ID)))
}

// remember puts what was done from here among what happened.
func (m *model) remember() {
	if len(m.own) == 0 {
		return
	}
	next := *m.Scene
	next.Events = slices.DeleteFunc(slices.Clone(next.Events), func(e diagnose.Event) bool { return e.Kind == "fix" })
	next.Events = append(next.Events, m.own...)
	slices.SortStableFunc(next.Events, func(a, b diagnose.Event) int { return a.At.Compare(b.At) })
	m.Scene = &next
	for _, p := range m.pages {
		p.Refresh(m.Scene)
	}
}

// bring brings a work to its end when the screens are gone, and says what is going on
// and what came of it. A signal to end breaks it off between two steps; after another
// one nobody waits, and the receipt says how far it came.
func (m *model) bring(out io.Writer, signals <-chan os.Signal) {
	w := m.work
	if w == nil {
		return
	}
	out = patient{out}
	select {
	case <-w.end:
	default:
		fmt.Fprintf(out, "cyrlock: still at work: %s. It is brought to its end first; Ctrl-C breaks it off between two steps.\n", m.Text(w.title))
	}
wait:
	for again := false; ; again = true {
		select {
		case <-w.end:
			break wait
		case <-signals:
			if w.cancel(); again {
				fmt.Fprintln(out, "cyrlock: not waited for;", m.options.Fixer.Typed("cyrlock fix list"), "tells how far it came.")
				return
			}
		}
	}
	how := m.fixed(w.undo, w.receipt, w.err)
	fmt.Fprintf(out, "cyrlock: %s: %s: %s\n", m.Text(w.title), how.Word, how.Text)
	for _, more := range how.More {
		fmt.Fprintf(out, "  %s\n", strings.TrimPrefix(more.Title+": "+more.Text, ": "))
	}
	if w.receipt.ID != 0 {
		fmt.Fprintf(out, "  Receipt %d: %s\n", w.receipt.ID, m.options.Fixer.Typed("cyrlock fix list"))
	}
	if w.crash != nil && m.crash == nil {
		m.crash = w.crash
	}
}

// patient writes to a terminal that may be stopped (Ctrl-S), or gone: not for ever.
type patient struct{ out io.Writer }

func (p patient) Write(b []byte) (int, error) {
	done := make(chan struct{})
	go func() { defer close(done); _, _ = p.out.Write(b) }()
	select {
	case <-done:
	case <-time.After(time.Second):
	}
	return len(b), nil
}
