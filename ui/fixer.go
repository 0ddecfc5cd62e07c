package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/fix"
	"cyrlock/ui/page"
	"cyrlock/ui/scene"
)

// Messages about what a [scene.Fixer] has found.
type (
	prepared struct {
		dialog *dialog
		of     page.Prepare
		plan   fix.Prepared
		err    error
	}
	undoable struct {
		dialog  *dialog
		receipt fix.Receipt
		err     error
	}
)

// cannotFix says why nothing can be done from here; empty: it can.
func (m *model) cannotFix() string {
	switch {
	case m.recorded():
		return "this is recorded"
	case m.options.ReadOnly:
		return "read-only"
	case m.options.Fixer == nil:
		return "nothing can be done from here"
	}
	return ""
}

// prepare has a plan made, and asks when it is there. Until then there is nothing to
// say but esc.
func (m *model) prepare(p page.Prepare) tea.Cmd {
	f := m.options.Fixer
	ctx, d := m.inquire(m.Named(p.Title), "Looking anew, to plan it. Nothing is done yet.")
	if d == nil {
		return nil
	}
	return func() tea.Msg {
		return guard("plan", func() tea.Msg {
			plan, err := f.Prepare(ctx, p.Advice, p.Dir)
			return prepared{d, p, plan, err}
		})
	}
}

// takeBack asks for what can be taken back.
func (m *model) takeBack(id int) tea.Cmd {
	f := m.options.Fixer
	ctx, d := m.inquire("Undo", "Reading the receipts.")
	if d == nil {
		return nil
	}
	return func() tea.Msg {
		return guard("undo", func() tea.Msg {
			r, err := f.Undoable(ctx, id)
			return undoable{d, r, err}
		})
	}
}

// inquire opens a dialog that waits for the machine; nil: not now.
func (m *model) inquire(title, text string) (context.Context, *dialog) {
	switch why := m.cannotFix(); {
	case why != "":
		m.note = why + ": nothing is done from here"
		return nil, nil
	case m.work != nil:
		m.note = m.Text("still at work: " + m.work.title)
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(m.ctx, scene.PrepareLimit)
	d := &dialog{title: title, text: []paragraph{{text: text}}, asking: cancel}
	m.dialog, m.over = d, nil
	return ctx, d
}

// answered says whether somebody still waits for the answer.
func (m *model) answered(d *dialog) bool {
	d.asking()
	if m.dialog != d {
		return false
	}
	m.dialog = nil
	return true
}

// planned asks whether to carry a plan out.
func (m *model) planned(p prepared) tea.Cmd {
	if !m.answered(p.dialog) {
		return nil
	}
	switch {
	case p.err != nil && p.of.Dir != "":
		m.fixPage().AskFolder(p.of, m.Text(scene.FirstLine(p.err)))
		return nil
	case p.err != nil:
		m.did("not done: " + p.of.Title + ": " + scene.FirstLine(p.err))
		m.showEnd(p.of.Title, false, fix.Receipt{}, p.err)
		return nil
	case len(p.plan.Changes) == 0:
		m.showEnd(p.plan.Title, false, fix.Receipt{}, errors.New(p.plan.What))
		return nil
	}
	risk := ""
	if p.plan.Risk != "" {
		risk = "  risk " + m.Text(p.plan.Risk)
	}
	text := paragraphs(m.Scene.Plan(p.plan.Plan, m.options.Fixer.Receipts()))
	for _, c := range p.plan.Changes {
		if c.File != nil && c.File.Diff != "" {
			text = append(text, paragraph{line: true})
			for line := range strings.Lines(c.File.Diff) {
				text = append(text, paragraph{text: strings.TrimRight(line, "\r\n"), line: true})
			}
		}
	}
	return m.open(&dialog{title: m.Named(p.plan.Title) + "?", risk: risk, text: text, word: p.plan.Word(), do: func() tea.Cmd {
		return m.begin(p.plan.Title, false, func(ctx context.Context, each func(fix.Receipt)) (fix.Receipt, error) {
			return m.options.Fixer.Carry(ctx, p.plan, each)
		})
	}})
}

// mayUndo asks whether to take a receipt back.
func (m *model) mayUndo(u undoable) tea.Cmd {
	if !m.answered(u.dialog) {
		return nil
	}
	if u.err != nil {
		m.showEnd("undo", true, fix.Receipt{}, u.err)
		return nil
	}
	title := fmt.Sprintf("undo receipt %d", u.receipt.ID)
	return m.open(&dialog{title: m.Named(title) + "?", text: paragraphs(m.Undoing(u.receipt)), word: "UNDO", do: func() tea.Cmd {
		return m.begin(title, true, func(ctx context.Context, each func(fix.Receipt)) (fix.Receipt, error) {
			return m.options.Fixer.Undo(ctx, u.receipt.ID, each)
		})
	}})
}

func paragraphs(all []scene.Said) (out []paragraph) {
	for _, s := range all {
		out = append(out, paragraph{text: s.Text, title: s.Title, hangs: true, warns: s.Title == "Warning"})
	}
	return out
}

func (m *model) fixPage() *page.Fix { return m.pages[page.StepFix].(*page.Fix) }
