package page

import (
	"fmt"
	"path"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/scene"
)

// frameRows draws a stack as gdb does, with the frames that matter marked in words.
func frameRows(s *scene.Scene, t *evidence.Thread, f fold, w int) []string {
	if f == shut {
		return nil
	}
	if len(t.Frames) == 0 {
		why := t.Error
		if why == "" {
			why = "it was not asked for"
		}
		return []string{s.Fit("    no stack: "+s.Text(why), w)}
	}
	n := len(t.Frames)
	if f == brief {
		n = briefly(t.Frames)
	}
	var rows []string
	for i := range n {
		f := &t.Frames[i]
		mark := frameMark(s, f)
		if i > 0 && t.Frames[i-1].Role == f.Role {
			mark = "" // said once
		}
		rows = append(rows, frameRow(s, i, f, mark, w)...)
	}
	if left := len(t.Frames) - n; left > 0 {
		rows = append(rows, s.Dim.Render(fmt.Sprintf("    %s%d more, space unfolds", s.Dots, left)))
	}
	if t.Error != "" && f == full {
		rows = append(rows, "    the stack ends early: "+s.Text(t.Error))
	}
	return rows
}

// briefly counts the frames up to three beyond the last one to look for.
func briefly(frames []evidence.Frame) int {
	n := 0
	for i, f := range frames {
		if f.Role != "" {
			n = i + 1
		}
		if f.Role == diagnose.RoleLockReopen || f.Role == diagnose.RoleClientWrite {
			n = i + 4
			break
		}
		if i == 6 {
			break
		}
	}
	n = min(max(n, 3), len(frames), 8)
	if len(frames)-n == 1 {
		n++ // "1 more" would take the row that it saves
	}
	return n
}

// frameRow is one frame in one row. What marks it goes in a row of its own where
// it does not fit, if it is what the page is for; the function always stays.
func frameRow(s *scene.Scene, i int, f *evidence.Frame, mark string, w int) []string {
	text := fmt.Sprintf("#%-2d %s", i, frameCall(s, f))
	where := frameWhere(s, f)
	lead := "    "
	if f.Role == diagnose.RoleLockReopen {
		lead = "  " + s.Bar + " "
	}
	room := w - ansi.StringWidth(lead)
	right := strings.TrimSpace(where + " " + mark)
	fits := ansi.StringWidth(text)+1+ansi.StringWidth(right) <= room
	if mark != "" {
		right = strings.Replace(right, mark, s.Warn.Render(mark), 1)
	}
	switch {
	case fits, mark == "" && ansi.StringWidth(where) <= room/2:
		return []string{lead + s.Ends(text, right, room)}
	case mark == "":
		return []string{s.Fit(lead+text, w)}
	case f.Role == diagnose.RoleLockCall, f.Role == diagnose.RoleLockReopen, f.Role == diagnose.RoleClientWrite:
		return []string{s.Fit(lead+text, w), lead + s.Ends("", right, room)}
	}
	return frameRow(s, i, f, "", w)
}

// frameCall is the function with its arguments.
func frameCall(s *scene.Scene, f *evidence.Frame) string {
	if f.Signal {
		return "<signal handler called>"
	}
	name := f.Func
	if name == "" {
		name = "?? at " + f.PC.String()
	}
	args := make([]string, 0, len(f.Args))
	for i, a := range f.Args {
		if i == 12 {
			args = append(args, s.Dots)
			break
		}
		args = append(args, a.Name+"="+a.Value)
	}
	if f.How == "guess" {
		name = "guessed: " + name // before what may be cut off
	}
	return s.Text(name + " (" + strings.Join(args, ", ") + ")")
}

func frameWhere(s *scene.Scene, f *evidence.Frame) string {
	switch {
	case f.File != "":
		return s.Text(fmt.Sprintf("%s:%d", path.Base(f.File), f.Line))
	case f.Func == "" && f.Module != "":
		return s.Text(path.Base(f.Module) + "+" + f.Offset.String())
	}
	return ""
}

// frameMark says in words why a frame matters.
func frameMark(s *scene.Scene, f *evidence.Frame) string {
	if words := diagnose.Remark(*f); words != "" {
		return s.Left + " " + words
	}
	return ""
}
