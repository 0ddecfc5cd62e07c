package diagnose

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"cyrlock/evidence"
)

// summary is the first thing anybody reads. Elsewhere counts those that wait for
// what the look was not asked about.
func summary(r Report, elsewhere int) string {
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
		return s + scarce(r.Slots())
	case r.Verdict == Unknown:
		for _, gap := range r.Gaps {
			if gap.What == evidence.LockTable {
				return "The lock table could not be read: " + evidence.Clean(gap.Why) + "."
			}
		}
		return fmt.Sprintf("%s for a lock, and the evidence does not show who holds it.", evidence.Plural(r.Waiting, "process waits", "processes wait"))
	case r.Focus != nil:
		s := fmt.Sprintf("Nobody waits for %s.", focusName(*r.Focus))
		if elsewhere > 0 {
			s += fmt.Sprintf(" Elsewhere %s for a lock: run cyrlock check.", evidence.Plural(elsewhere, "process waits", "processes wait"))
		}
		return s
	}
	if len(r.Aside) > 0 {
		return "Nobody waits for a file lock of the mail server. Of other programs: " + r.Aside[0].Sentence
	}
	return fmt.Sprintf("Nobody waits for a file lock (%s held%s).", evidence.Plural(r.Locks, "lock", "locks"), idleWorkers(r.Snapshot))
}

// scarce tells of services whose room is nearly taken by those who wait: who comes
// next suffers for a mailbox that is not even theirs.
func scarce(slots []Slot) (sentences string) {
	for _, s := range slots {
		if 4*s.Waiting >= 3*s.Max {
			text := s.String()
			sentences += " " + strings.ToUpper(text[:1]) + text[1:] + "."
		}
	}
	return sentences
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
	return fmt.Sprintf(", %s for a connection", evidence.Plural(n, "idle worker waits", "idle workers wait"))
}

// onFocus keeps the roots that concern the focus: those that hold one of its
// files, and those that somebody who uses one waits for in the end.
func onFocus(s evidence.Snapshot, roots []Root) []Root {
	users := map[int]bool{}
	var paths []string
	for _, f := range s.Files {
		if InFocus(*s.Focus, f) {
			paths = append(paths, f.Path)
			eachUser(f, func(pid int) { users[pid] = true })
		}
	}
	isUser := func(pid int) bool { return users[pid] }
	return slices.DeleteFunc(roots, func(r Root) bool {
		return !slices.Contains(paths, r.File) && !slices.ContainsFunc(r.Victims, isUser) && !slices.ContainsFunc(r.Members, isUser)
	})
}

// ofCyrus keeps apart the roots that have nothing to do with Cyrus. Where no Cyrus
// is known, nobody can tell, and all of them count.
func ofCyrus(g *graph, roots []Root) (ours, aside []Root) {
	ours = []Root{}
	for _, r := range roots {
		isCyrus := func(pid int) bool { p := g.people[pid]; return p != nil && p.Cyrus }
		if g.s.Host.Cyrus.Master == 0 || r.Kind != Other || isCyrus(r.PID) ||
			slices.ContainsFunc(r.Members, isCyrus) || slices.ContainsFunc(r.Victims, isCyrus) {
			ours = append(ours, r)
		} else {
			aside = append(aside, r)
		}
	}
	return ours, aside
}

// stuckBehind is the set of members and victims of the roots.
func stuckBehind(roots []Root) map[int]bool {
	stuck := map[int]bool{}
	for _, r := range roots {
		for _, pid := range slices.Concat(r.Members, r.Victims) {
			stuck[pid] = true
		}
		if r.Class == SelfDeadlock {
			stuck[r.PID] = true
		}
	}
	return stuck
}

// concerned is that part of a snapshot that has to do with the focus and the roots.
func concerned(s evidence.Snapshot, roots []Root) evidence.Snapshot {
	stuck, shown := stuckBehind(roots), map[int]bool{}
	for _, r := range roots {
		shown[r.PID] = true
	}
	for pid := range stuck {
		shown[pid] = true
	}
	files, processes := []evidence.File{}, []evidence.Process{}
	for _, f := range s.Files {
		part := slices.ContainsFunc(f.Waiters, func(w evidence.Waiter) bool { return stuck[w.PID] })
		if InFocus(*s.Focus, f) || part && f.Kind != string(Accept) {
			files = append(files, f)
			eachUser(f, func(pid int) { shown[pid] = true })
		}
	}
	for _, p := range s.Processes {
		if shown[p.PID] {
			processes = append(processes, p)
		}
	}
	s.Files, s.Processes = files, processes
	return s
}

// eachUser calls with every visible process that has the file open.
func eachUser(f evidence.File, call func(pid int)) {
	for _, h := range f.Holders {
		call(h.PID)
	}
	for _, w := range f.Waiters {
		call(w.PID)
	}
	for _, o := range f.Open {
		call(o.PID)
	}
}

// InFocus tells whether a file is one that the look was asked about. A user's
// seen file is known by its name wherever it lies: what is observed wins.
func InFocus(focus evidence.Focus, f evidence.File) bool {
	if focus.User != "" && path.Base(f.Path) == focus.User+".seen" {
		return true
	}
	return slices.ContainsFunc(focus.Paths, func(p evidence.SeenPath) bool { return path.Clean(p.Path) == f.Path })
}
