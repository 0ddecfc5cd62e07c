package diagnose

import (
	"fmt"
	"path"
	"slices"

	"cyrlock/evidence"
)

// summary is the first thing anybody reads.
func summary(g *graph, r Report) string {
	switch {
	case len(r.Roots) > 0:
		s := r.Roots[0].Sentence
		switch more := len(r.Roots) - 1; more {
		case 0:
		case 1:
			s += " There is another such chain."
		default:
			s += fmt.Sprintf(" There are %d more such chains.", more)
		}
		return s
	case r.Verdict == Unknown:
		for _, gap := range r.Gaps {
			if gap.What == evidence.LockTable {
				return "The lock table could not be read: " + evidence.Clean(gap.Why) + "."
			}
		}
		return fmt.Sprintf("%s for a lock, and the evidence does not show who holds it.", count(r.Waiting, "process waits", "processes wait"))
	case r.Focus != nil:
		s := fmt.Sprintf("Nobody waits for %s.", focusName(*r.Focus))
		if r.Waiting > 0 {
			s += fmt.Sprintf(" Elsewhere %s for a lock: run cyrlock check.", count(r.Waiting, "process waits", "processes wait"))
		}
		return s
	}
	return fmt.Sprintf("Nobody waits for a file lock (%s held%s).", count(r.Locks, "lock", "locks"), idleWorkers(r.Snapshot))
}

func focusName(f evidence.Focus) string {
	if f.User != "" {
		return evidence.Clean(f.User) + "'s seen file"
	}
	return evidence.Clean(f.File)
}

func idleWorkers(s evidence.Snapshot) string {
	n := 0
	for _, f := range s.Files {
		if f.Kind == string(Accept) {
			n += len(f.Waiters)
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %s for a connection", count(n, "idle worker waits", "idle workers wait"))
}

// onFocus keeps the roots that concern the focus: those that hold one of its
// files, and those that somebody who wants one waits for in the end.
func onFocus(g *graph, roots []Root) []Root {
	focus := g.s.Focus
	if focus == nil {
		return roots
	}
	var concerned []int
	var paths []string
	for _, f := range g.s.Files {
		if !InFocus(*focus, f) {
			continue
		}
		paths = append(paths, f.Path)
		for _, w := range f.Waiters {
			concerned = append(concerned, w.PID)
		}
		for _, h := range f.Holders {
			concerned = append(concerned, h.PID)
		}
	}
	out := []Root{}
	for _, r := range roots {
		if slices.Contains(paths, r.File) || slices.ContainsFunc(concerned, func(pid int) bool {
			return pid != nobody && (slices.Contains(r.Victims, pid) || slices.Contains(r.Members, pid))
		}) {
			out = append(out, r)
		}
	}
	return out
}

// InFocus tells whether a file is one that the look was asked about. A user's
// seen file is known by its name wherever it lies: what is observed wins.
func InFocus(focus evidence.Focus, f evidence.File) bool {
	if focus.User != "" && path.Base(f.Path) == focus.User+".seen" {
		return true
	}
	return slices.ContainsFunc(focus.Paths, func(p evidence.SeenPath) bool { return path.Clean(p.Path) == f.Path })
}
