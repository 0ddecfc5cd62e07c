package ui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// nodeRow is one row of the tree in w cells. Wide screens show whom a process
// serves and more of what it does; nothing else changes.
func (p *verdictPage) nodeRow(s *scene, n *node, w int) string {
	switch n.kind {
	case fileNode:
		return p.fileRow(s, n, w)
	case moreNode:
		return branch(s, n) + s.dots + fmt.Sprintf(" %s more %s", evidence.Thousands(n.more), s.text(program(s.proc(n.pid))))
	}
	proc := s.proc(n.pid)
	who := s.name(n.pid)
	if n.kind == holderNode {
		return p.holderRow(s, n, w)
	}
	lead := branch(s, n) + fmt.Sprintf("%d %s", n.place, who)
	doing := ""
	if n.holds != nil {
		doing = "holds " + strings.TrimRight(s.fitEnd(s.fileName(n.holds), max(12, w-first(w)-second(w)-16)), " ")
	} else if t := telling(proc, n.wait.TID); t != nil {
		doing = s.doing(proc, t)
	}
	return s.columns(w, lead, s.session(proc, w), since(n.wait.SinceS, n.wait.SinceHow), doing)
}

func (p *verdictPage) fileRow(s *scene, n *node, w int) string {
	r := &s.report.Roots[n.root]
	if n.file == nil {
		return s.fitEnd(s.short(r.File), w)
	}
	about := lockWords(n.file.Lock)
	if n.file.Deleted {
		about += ", DELETED"
	}
	if n.file.Replaced {
		about += ", REPLACED"
	}
	if kind := n.file.Kind; kind != "" && kind != string(diagnose.Other) {
		about = s.text(kind) + ", " + about
	}
	waits := plural(len(n.file.Waiters), "waits", "wait") + " for it"
	return s.ends(s.strong.Render(s.fitEnd(s.fileName(n.file), min(w/2, ansi.StringWidth(s.fileName(n.file)))))+"   "+about, waits+" ", min(w, sight))
}

// holderRow tells the story of who is at the root.
func (p *verdictPage) holderRow(s *scene, n *node, w int) string {
	word := "HOLDS  "
	if n.wait != nil {
		word = "CIRCLE "
	}
	if n.pid == 0 {
		return s.bad.Render("HELD   ") + "by nobody that can be seen from here"
	}
	proc := s.proc(n.pid)
	lead := s.bad.Render(word) + s.name(n.pid)
	if n.wait != nil {
		room := max(10, (w-ansi.StringWidth(lead)-17)/2)
		cut := func(f *evidence.File) string { return strings.TrimRight(s.fitEnd(s.fileName(f), room), " ") }
		return lead + "  holds " + cut(n.holds) + ", wants " + cut(n.file)
	}
	t := telling(proc, n.pid)
	doing := s.doing(proc, t)
	if t != nil && t.SinceS > 0 && w > 100 {
		doing = since(t.SinceS, t.SinceHow) + "  " + doing
	}
	if proc != nil {
		lead = joinWords(lead, s.session(proc, w))
	}
	return s.fit(lead+"  "+doing, w)
}

// branch is the lines before a row.
func branch(s *scene, n *node) string {
	var b strings.Builder
	for d := 1; d < min(n.depth, deepest); d++ {
		if n.lines[d] {
			b.WriteString(s.line)
		} else {
			b.WriteString("  ")
		}
	}
	if n.depth > deepest {
		fmt.Fprintf(&b, "(%d deep) ", n.depth) // instead of more lines
	}
	if n.last {
		b.WriteString(s.last)
	} else {
		b.WriteString(s.fork)
	}
	return s.dim.Render(b.String())
}

// columns: who, whose session, since when, doing what. The wait comes before the
// words, so that a narrow screen keeps it.
func (s *scene) columns(w int, who, session, since, doing string) string {
	if w < roomyWidth {
		return s.ends(s.fit(who, w-8), since, w)
	}
	// A deep row needs more for its name, and takes it from the session.
	name := min(max(first(w), ansi.StringWidth(who)), first(w)+second(w)-4)
	return s.fit(who, name) + " " + s.fit(session, first(w)+second(w)-name) + " " + s.fitRight(since, 6) + "  " + s.fit(doing, w-first(w)-second(w)-10)
}

// The first two columns of a tree row in w cells.
func first(w int) int  { return min(48, max(22, w*3/10)) }
func second(w int) int { return min(40, max(16, w/5)) }

// session is whose mail it is about: the user, the mailbox, and the client where
// there is room.
func (s *scene) session(p *evidence.Process, w int) string {
	if p == nil {
		return ""
	}
	out := joinWords(s.text(p.User), s.text(p.Mailbox))
	if p.User != "" && strings.Contains(p.Mailbox, p.User) {
		out = s.text(p.Mailbox) // "user.jwade.FaMiLy" says both
	}
	if w >= 110 {
		out = joinWords(out, s.text(p.Client))
	}
	return out
}

func joinWords(a, b string) string { return strings.TrimSpace(a + "  " + b) }
