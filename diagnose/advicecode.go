package diagnose

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cyrlock/evidence"
)

// A limit is how those of Cyrus who wait for the file itself stand to the timed lock
// of fix shim.
type limit struct {
	has     []int // its limit is on this wait
	without []int // no limit is, be it that the library is not loaded or that it leaves this file out
	unknown int
	loaded  bool // it is in somebody who waits without
	boundS  int  // the longest of those who have it; 0: not known
}

// all: every one of them has it, and there are some.
func (l limit) all() bool { return len(l.has) > 0 && len(l.without) == 0 && l.unknown == 0 }

// bound says when a wait ends that has the limit.
func (l limit) bound() string {
	if l.boundS == 0 {
		return "when its time is over"
	}
	return fmt.Sprintf("after %s s at most", evidence.Thousands(l.boundS))
}

func (a advising) limit() (l limit) {
	asked := map[int]bool{}
	known := true // the bound of all
	for _, e := range a.c.blocked {
		pid := e.wait.PID
		p := a.g.people[pid]
		if asked[pid] || p == nil || !p.Cyrus || e.file.Kind != string(a.r.Kind) {
			continue
		}
		asked[pid] = true
		switch {
		case p.Code == nil:
			l.unknown++
		case p.Code.Timed != nil && limits(*p.Code.Timed, *e.file, *e.wait):
			l.has = append(l.has, pid)
			l.boundS = max(l.boundS, p.Code.Timed.BoundS)
			known = known && p.Code.Timed.BoundS > 0
		default:
			l.without = append(l.without, pid)
			l.loaded = l.loaded || p.Code.Timed != nil
		}
	}
	if !known {
		l.boundS = 0
	}
	slices.Sort(l.without)
	return l
}

// limits tells whether the library ends this wait: it looks at waits for a whole file
// whose name matches, and is installed for seen files unless told otherwise.
func limits(t evidence.Timed, f evidence.File, w evidence.Waiter) bool {
	if w.Lock == evidence.OFD || w.Start != 0 || w.End != 0 {
		return false
	}
	if len(t.Paths) == 0 {
		return f.Kind == string(Seen)
	}
	return slices.ContainsFunc(t.Paths, func(pattern string) bool {
		pattern = strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
		ok, err := regexp.MatchString(`(?s)^`+pattern+`$`, f.Path)
		return ok && err == nil
	})
}

// timed is what comes in the place of installing what is installed already.
func (a advising) timed(l limit) Advice {
	v := Advice{Action: "verify", Effect: findsOut, Risk: "none", Command: "cyrlock fix shim verify"}
	if l.all() {
		v.Why = "those who wait have the timed lock, and each wait ends " + l.bound() + "; this shows what it has done so far"
		return v
	}
	v.Why = fmt.Sprintf("%d of %d who wait have the timed lock", len(l.has), len(l.has)+len(l.without)+l.unknown)
	if len(l.without) > 0 {
		v.Why += "; until Cyrus is started anew these go on without it: " + a.some(l.without)
	}
	if l.unknown > 0 {
		v.Why += "; of " + evidence.Thousands(l.unknown) + " it is not known"
	}
	return v
}

// replaced names those that run what there is a newer one of by now.
func (a advising) replaced() string {
	var pids []int
	for pid, p := range a.g.people {
		if p.Cyrus && (strings.HasSuffix(p.Exe, " (deleted)") || p.Code != nil && len(p.Code.Replaced) > 0) {
			pids = append(pids, pid)
		}
	}
	if len(pids) == 0 {
		return ""
	}
	slices.Sort(pids)
	return "; Cyrus was replaced on disk since these were started: " + a.some(pids)
}

// some are the names of processes, the first few and how many more.
func (a advising) some(pids []int) string {
	names := []string{}
	for _, pid := range pids[:min(len(pids), mostTold)] {
		names = append(names, a.g.name(pid))
	}
	out := strings.Join(names, ", ")
	if more := len(pids) - len(names); more > 0 {
		out += fmt.Sprintf(" and %s more", evidence.Thousands(more))
	}
	return out
}
