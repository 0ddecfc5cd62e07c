package page

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/fix"
	"cyrlock/ui/draw"
	"cyrlock/ui/keys"
	"cyrlock/ui/scene"
)

// A Run is what is being done from the page Fix, what came of it, or why it was not.
type Run struct {
	Title   string // of the plan
	Undo    bool   // a receipt is taken back
	Working bool
	Receipt fix.Receipt // its ID is 0 as long as nothing was begun
	How     scene.Fixed // unless Working
}

// Show shows a run in place of the choices, until esc.
func (p *Fix) Show(r *Run) {
	if p.run == nil || p.run.Title != r.Title || !r.Working && p.run.Working {
		p.at = 0
	}
	p.run, p.folder = r, nil
}

func (p *Fix) runKeys(s *scene.Scene) []key.Binding {
	var own []key.Binding
	switch {
	case p.run.Working:
		return []key.Binding{keys.Named(s.Keys.Enter, "watch")}
	case p.run.CanUndo():
		own = append(own, s.Keys.Undo)
	}
	if p.run.Receipt.ID != 0 {
		own = append(own, keys.Named(s.Keys.Enter, "watch"))
	}
	return append(own, keys.Named(s.Keys.Back, "choices"), keys.Named(s.Keys.Copy, "copy this"))
}

// CanUndo tells whether what was done can be taken back.
func (r *Run) CanUndo() bool { return !r.Working && r.Receipt.ID != 0 && r.Receipt.CanUndo() }

func (p *Fix) pressRun(s *scene.Scene, k tea.KeyMsg) Action {
	switch {
	case keys.Is(k, s.Keys.Back) && p.run.Working:
		return Back{}
	case keys.Is(k, s.Keys.Back):
		p.run = nil
	case keys.Is(k, s.Keys.Enter) && p.run.Receipt.ID != 0:
		return GoTo{Step: StepWatch}
	case keys.Is(k, s.Keys.Undo) && p.run.CanUndo():
		return Undo{p.run.Receipt.ID}
	default:
		const rows = 1 << 10
		l := List{Cursor: p.at}
		if l.Press(k, s.Keys, rows, rows/64) {
			p.at = l.Cursor
		}
	}
	return nil
}

// runView is the run in h rows.
func (p *Fix) runView(s *scene.Scene, w, h int) []string {
	rows := p.runRows(s, min(w, draw.Sight))
	p.at = max(0, min(p.at, len(rows)-h))
	out := append([]string{}, rows[p.at:min(len(rows), p.at+h)]...)
	if p.at+h < len(rows) && h > 1 {
		out[h-1] = s.Dim.Render(" " + s.Dots + " more: down")
	}
	return out
}

func (p *Fix) runRows(s *scene.Scene, w int) []string {
	r := p.run
	const most = 6
	receipt := ""
	if id := r.Receipt.ID; id != 0 && !r.Undo {
		receipt = fmt.Sprintf("receipt %d ", id)
	}
	rows := s.Wrap(s.Named(r.Title), max(1, w-2-len(receipt)), 2)
	for i := range rows {
		rows[i] = " " + s.Strong.Render(rows[i])
	}
	rows[0] = s.Ends(rows[0], receipt, w)
	blank := func() {
		if w >= draw.RoomyWidth {
			rows = append(rows, "")
		}
	}
	blank()
	if r.Working {
		rows = append(rows, s.Hang("AT WORK", "What has begun is brought to its end, even if you leave.", w, most)...)
		blank()
	} else {
		how := r.How
		text := s.Hang(how.Word, how.Text, w, 2*most)
		style := s.Bad
		if how.Good {
			style = s.Good
		}
		text[0] = strings.Replace(text[0], how.Word, style.Render(how.Word), 1)
		rows = append(rows, text...)
		for _, said := range how.More {
			rows = append(rows, s.Hang(said.Title, said.Text, w, most)...)
		}
		if r.Receipt.ID != 0 {
			blank()
		}
	}
	for _, step := range s.Steps(r.Receipt) {
		text := s.Hang(step.Title, step.Text, w, most)
		if step.Title == string(fix.StepDoing) || step.Title == string(fix.StepFailed) {
			text[0] = strings.Replace(text[0], step.Title, s.Warn.Render(step.Title), 1)
		}
		rows = append(rows, text...)
	}
	if r.Working && applied(r.Receipt) {
		rows = append(rows, s.Hang("proof", "looking what came of it"+s.Dots, w, most)...)
	}
	return rows
}

// applied: all steps are done, and it is being proved.
func applied(r fix.Receipt) bool { return r.State == fix.Applied }
