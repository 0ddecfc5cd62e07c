package page

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/scene"
)

// A stackLine is one entry of a process's stacks.
type stackLine struct {
	thread int // index
	frame  int // number; threadHead, noFrames
}

const (
	threadHead = -1 // says which thread it is
	noFrames   = -2 // says why there is no stack, or no more of it
)

// shownProcess is the exact one if it was taken, unless the one of the last look
// is asked for; nil: the process is gone.
func (p *Stacks) shownProcess(s *scene.Scene) *evidence.Process {
	if e, ok := s.Exact(p.who); ok && !p.unhurt {
		return e.Process
	}
	return p.proc(s)
}

// lines are the threads of the process, the selected one first, each with its
// frames.
func (p *Stacks) lines(s *scene.Scene) []stackLine {
	proc := p.shownProcess(s)
	if proc == nil {
		return nil
	}
	var out []stackLine
	order := make([]int, 0, len(proc.Threads))
	for i := range proc.Threads {
		if proc.Threads[i].TID == p.tid {
			order = slices.Insert(order, 0, i)
		} else {
			order = append(order, i)
		}
	}
	for _, i := range order {
		t := &proc.Threads[i]
		if len(proc.Threads) > 1 {
			out = append(out, stackLine{i, threadHead})
		}
		for j := range t.Frames {
			out = append(out, stackLine{i, j})
		}
		if t.Error != "" || len(t.Frames) == 0 {
			out = append(out, stackLine{i, noFrames})
		}
	}
	return out
}

// viewProcess is one process: whom it serves, how its stack was read, and every
// frame with all of its arguments.
func (p *Stacks) viewProcess(s *scene.Scene, w, h int) []string {
	proc := p.shownProcess(s)
	if proc == nil {
		rows := s.Wrap(p.name+" is not in this look: it has ended, or neither waits nor holds what others wait for any more. esc goes back.", w-2, h)
		for i := range rows {
			rows[i] = " " + rows[i]
		}
		return rows
	}
	rows := append(p.processHead(s, w), s.Dim.Render(s.Fit(" "+p.how(s), w)))
	lines := p.lines(s)
	height := h - len(rows)
	mine := p.depth == process
	if mine {
		p.height = height
	}
	list := p.one.strip(len(lines), height, func(i int) []string {
		out := p.lineRows(s, proc, lines[i], min(w, draw.Sight)-1)
		for j := range out {
			out[j] = s.Row(out[j], mine && i == p.one.Cursor && j == 0, w)
		}
		return out
	})
	return append(rows, list.draw()...)
}

func (p *Stacks) lineRows(s *scene.Scene, proc *evidence.Process, l stackLine, w int) []string {
	t := &proc.Threads[l.thread]
	switch l.frame {
	case threadHead:
		doing := fmt.Sprintf("thread %d", t.TID)
		if t.Syscall != "" {
			doing += "  " + s.Doing(proc, t)
		}
		if t.StopUS > 0 {
			doing += "  stood still " + s.Micros(t.StopUS)
		}
		return []string{s.Strong.Render(s.Fit(doing, w))}
	case noFrames:
		return missingRows(s, t, w)
	}
	return wholeFrame(s, t, l.frame, w)
}

// processHead is who it is and for whom, and what it waits for and holds: in one
// row, or in several where that does not fit.
func (p *Stacks) processHead(s *scene.Scene, w int) []string {
	left := " " + p.served(s, w)
	right := strings.Join(p.part(s, uncut), ", ")
	if ansi.StringWidth(left)+ansi.StringWidth(right)+2 <= w {
		return []string{s.Ends(left, right+" ", w)}
	}
	rows := []string{s.Fit(left, w)}
	for _, part := range p.part(s, w-2) {
		rows = append(rows, " "+part)
	}
	return rows
}

const uncut = 4096 // cells: wider than any screen

func (p *Stacks) served(s *scene.Scene, w int) string {
	return scene.JoinWords(s.Strong.Render(p.name), s.Session(s.Proc(p.who.PID), w))
}

// part is what the process has to do with the hang, each in at most w cells.
func (p *Stacks) part(s *scene.Scene, w int) []string {
	b := p.mine()
	if b == nil {
		return []string{"neither waits nor holds what others wait for"}
	}
	out := []string{about(s, b, p.member(b), w)}
	if f := s.Holds(p.who.PID); f != nil && b.Part.Waits() {
		const verb = "holds "
		out = append(out, verb+strings.TrimRight(s.FitEnd(s.FileName(f), w-len(verb)), " "))
	}
	return out
}

// how says how the stack that is shown was read.
func (p *Stacks) how(s *scene.Scene) string {
	e, ok := s.Exact(p.who)
	place := ""
	if b := p.mine(); b != nil && len(b.Members) > 1 {
		place = fmt.Sprintf("%s of %s with this stack, ", evidence.Thousands(b.Find(p.who, p.tid)+1), evidence.Thousands(len(b.Members)))
	}
	switch {
	case !ok:
		return place + "read without stopping it"
	case p.unhurt:
		return "read without stopping it; space: the exact one of " + e.At.Format("15:04:05")
	}
	return "exact, seen " + e.At.Format("15:04:05") + ", stood still " + s.Stood(e.Process) + "; space: as it is now"
}

// Copy is the stacks of the selected process as gdb prints them, nothing cut off.
func (p *Stacks) Copy(s *scene.Scene) string {
	proc := p.shownProcess(s)
	if proc == nil {
		return ""
	}
	rows := []string{p.served(s, uncut) + ", " + strings.Join(p.part(s, uncut), ", "), p.how(s)}
	for _, l := range p.lines(s) {
		t := &proc.Threads[l.thread]
		switch {
		case l.frame < 0:
			rows = append(rows, p.lineRows(s, proc, l, uncut)...)
		default:
			text := fmt.Sprintf("#%-2d %s", l.frame, s.Frame(&t.Frames[l.frame]))
			rows = append(rows, strings.TrimSpace(text+"  "+frameMark(s, t, l.frame)))
		}
	}
	return draw.PlainText(rows)
}
