package ui

import (
	"fmt"
	"path"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// frameRows draws a stack as gdb does, with the frames that matter marked in words.
func frameRows(s *scene, t *evidence.Thread, f fold, w int) []string {
	if f == shut {
		return nil
	}
	if len(t.Frames) == 0 {
		why := t.Error
		if why == "" {
			why = "it was not asked for"
		}
		return []string{s.fit("    no stack: "+s.text(why), w)}
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
		rows = append(rows, s.dim.Render(fmt.Sprintf("    %s%d more, space unfolds", s.dots, left)))
	}
	if t.Error != "" && f == full {
		rows = append(rows, "    the stack ends early: "+s.text(t.Error))
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
func frameRow(s *scene, i int, f *evidence.Frame, mark string, w int) []string {
	text := fmt.Sprintf("#%-2d %s", i, frameCall(s, f))
	where := frameWhere(s, f)
	lead := "    "
	if f.Role == diagnose.RoleLockReopen {
		lead = "  " + s.bar + " "
	}
	room := w - ansi.StringWidth(lead)
	right := strings.TrimSpace(where + " " + mark)
	fits := ansi.StringWidth(text)+1+ansi.StringWidth(right) <= room
	if mark != "" {
		right = strings.Replace(right, mark, s.warn.Render(mark), 1)
	}
	switch {
	case fits, mark == "" && ansi.StringWidth(where) <= room/2:
		return []string{lead + s.ends(text, right, room)}
	case mark == "":
		return []string{s.fit(lead+text, w)}
	case f.Role == diagnose.RoleLockCall, f.Role == diagnose.RoleLockReopen, f.Role == diagnose.RoleClientWrite:
		return []string{s.fit(lead+text, w), lead + s.ends("", right, room)}
	}
	return frameRow(s, i, f, "", w)
}

// frameCall is the function with its arguments.
func frameCall(s *scene, f *evidence.Frame) string {
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
			args = append(args, s.dots)
			break
		}
		args = append(args, a.Name+"="+a.Value)
	}
	if f.How == "guess" {
		name = "guessed: " + name // before what may be cut off
	}
	return s.text(name + " (" + strings.Join(args, ", ") + ")")
}

func frameWhere(s *scene, f *evidence.Frame) string {
	switch {
	case f.File != "":
		return s.text(fmt.Sprintf("%s:%d", path.Base(f.File), f.Line))
	case f.Func == "" && f.Module != "":
		return s.text(path.Base(f.Module) + "+" + f.Offset.String())
	}
	return ""
}

// frameMark says in words why a frame matters.
func frameMark(s *scene, f *evidence.Frame) string {
	if words := diagnose.Remark(*f); words != "" {
		return s.left + " " + words
	}
	return ""
}

// meaning explains a bucket to somebody who sees such a stack for the first time.
func (b *bucket) meaning(s *scene) string {
	roles, signal := map[string]bool{}, false
	for _, f := range b.members[0].thread.Frames {
		roles[f.Role] = true
		signal = signal || f.Signal
	}
	file := "a file"
	if b.file != nil {
		file = path.Base(s.fileName(b.file))
	}
	switch {
	case len(b.members[0].thread.Frames) == 0:
		return "the stack could not be read; the system call and the lock table still say what it does."
	case b.part == waiter && roles[diagnose.RoleLockReopen]:
		return "the process is inside lock_reopen and asks the kernel for the lock on " + file + ". The kernel has put it to sleep until the holder lets go."
	case b.part == waiter:
		return "the process asks the kernel for the lock on " + file + " and sleeps until the holder lets go."
	case b.part == holder && roles[diagnose.RoleClientWrite]:
		return "it keeps the lock on " + file + " while it writes to its client: who waits for the lock, waits for that client."
	case b.part == holder && roles[diagnose.RoleClientRead]:
		return "it keeps the lock on " + file + " while it waits for its client to say something."
	case b.part == holder && signal && roles[diagnose.RoleAllocator]:
		return "a signal came while it was in the allocator, and the handler wants the allocator too: it waits for itself, with the lock on " + file + "."
	case b.part == holder && roles[diagnose.RoleLockCall]:
		return "it holds " + file + " and waits for a lock itself: look at who holds that one."
	case b.part == holder:
		return "it holds the lock on " + file + "; the innermost function says what it does meanwhile."
	}
	return "it neither holds a lock that others wait for, nor waits for one."
}
