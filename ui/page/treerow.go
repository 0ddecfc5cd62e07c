package page

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/scene"
)

// drawRow is one row of the tree in w cells. Wide screens show whom a process
// serves and more of what it does; nothing else changes.
func drawRow(s *scene.Scene, r *scene.Row, w int) string {
	proc := s.Proc(r.PID)
	switch {
	case r.More > 0:
		return branch(s, r) + s.Dots + fmt.Sprintf(" %s more %s", evidence.Thousands(r.More), s.Text(scene.Program(proc)))
	case r.Kind == scene.FileNode:
		return fileRow(s, r, w)
	case r.Kind == scene.HolderNode:
		return holderRow(s, r, w)
	}
	lead := branch(s, r) + fmt.Sprintf("%d %s", r.Place, s.Name(r.PID))
	doing := ""
	if r.Shut {
		doing = hidden(s, r)
	} else if r.Holds != nil {
		doing = "holds " + strings.TrimRight(s.FitEnd(s.FileName(r.Holds), max(12, w-first(w)-second(w)-16)), " ")
	} else if t := scene.Telling(proc, r.Wait.TID); t != nil {
		doing = s.Doing(proc, t)
	}
	return treeColumns(s, w, lead, s.Session(proc, w), scene.Since(r.Wait.SinceS, r.Wait.SinceHow), doing)
}

// hidden says what a folded row hides.
func hidden(s *scene.Scene, r *scene.Row) string {
	return fmt.Sprintf("%s %s behind it", s.Dots, evidence.Plural(r.Behind, "waits", "wait"))
}

func fileRow(s *scene.Scene, n *scene.Row, w int) string {
	if n.File == nil {
		return s.FitEnd(s.Short(s.Report.Roots[n.Root].File), w)
	}
	about := scene.LockWords(n.File.Lock)
	if n.File.Deleted {
		about += ", DELETED"
	}
	if n.File.Replaced {
		about += ", REPLACED"
	}
	if kind := n.File.Kind; kind != "" && kind != string(diagnose.Other) {
		about = s.Text(kind) + ", " + about
	}
	waits := evidence.Plural(len(n.File.Waiters), "waits", "wait") + " for it"
	if n.Shut {
		waits = hidden(s, n)
	}
	return s.Ends(s.Strong.Render(s.FitEnd(s.FileName(n.File), min(w/2, ansi.StringWidth(s.FileName(n.File)))))+"   "+about, waits+" ", min(w, draw.Sight))
}

// holderRow tells the story of who is at the root.
func holderRow(s *scene.Scene, n *scene.Row, w int) string {
	word := "HOLDS  "
	if n.Wait != nil {
		word = "CIRCLE "
	}
	folded := ""
	if n.Shut {
		folded = "  " + hidden(s, n)
	}
	if n.PID == 0 {
		return s.Bad.Render("HELD   ") + "by nobody that can be seen from here" + folded
	}
	proc := s.Proc(n.PID)
	lead := s.Bad.Render(word) + s.Name(n.PID) + folded
	if n.Wait != nil {
		room := max(10, (w-ansi.StringWidth(lead)-17)/2)
		cut := func(f *evidence.File) string { return strings.TrimRight(s.FitEnd(s.FileName(f), room), " ") }
		return lead + "  holds " + cut(n.Holds) + ", wants " + cut(n.File)
	}
	t := scene.Telling(proc, n.PID)
	doing := s.Doing(proc, t)
	if t != nil && t.SinceS > 0 && w > 100 {
		doing = scene.Since(t.SinceS, t.SinceHow) + "  " + doing
	}
	if proc != nil {
		lead = scene.JoinWords(lead, s.Session(proc, w))
	}
	return s.Fit(lead+"  "+doing, w)
}

// branch is the lines before a row.
func branch(s *scene.Scene, n *scene.Row) string {
	if n.Depth == 0 {
		return "" // one of many that hold
	}
	var b strings.Builder
	for d := 1; d < min(n.Depth, scene.Deepest); d++ {
		if n.Lines[d] {
			b.WriteString(s.Line)
		} else {
			b.WriteString("  ")
		}
	}
	if n.Depth > scene.Deepest {
		fmt.Fprintf(&b, "(%d deep) ", n.Depth) // instead of more lines
	}
	if n.Last {
		b.WriteString(s.Last)
	} else {
		b.WriteString(s.Fork)
	}
	return s.Dim.Render(b.String())
}

// columns: who, whose session, since when, doing what. The wait comes before the
// words, so that a narrow screen keeps it.
func treeColumns(s *scene.Scene, w int, who, session, since, doing string) string {
	if w < draw.RoomyWidth {
		return s.Ends(s.Fit(who, w-8), since, w)
	}
	// A deep row needs more for its name, and takes it from the session.
	name := min(max(first(w), ansi.StringWidth(who)), first(w)+second(w)-4)
	return s.Fit(who, name) + " " + s.Fit(session, first(w)+second(w)-name) + " " + s.FitRight(since, 6) + "  " + s.Fit(doing, w-first(w)-second(w)-10)
}

// The first two columns of a tree row in w cells. Wide screens have room for the
// client beside the mailbox.
func first(w int) int {
	if w < 110 {
		return max(22, w*3/10)
	}
	return min(40, w/4)
}

func second(w int) int {
	if w < 110 {
		return max(16, w/5)
	}
	return min(44, w/3)
}
