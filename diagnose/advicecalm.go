package diagnose

import "slices"

// general is the advice of a report that has no root to act on: what is to be done
// now, and where there is a Cyrus, what contains the next hang.
func general(r *Report, g *graph) []Advice {
	switch {
	case len(r.Roots) > 0:
		return nil
	case r.Verdict == Unknown:
		return []Advice{{Action: "look", When: Now, Effect: findsOut, Risk: "none", Command: "cyrlock check",
			Why: "too little could be seen to advise anything: run cyrlock as root, on the machine itself"}}
	}
	why := "nobody waits for a file lock of the mail server: there is nothing to cure"
	if len(r.Aside) > 0 {
		why += "; what hangs is another program"
	}
	all := []Advice{{Action: "nothing", When: Now, Effect: noCure, Risk: "none", Why: why}}
	for _, a := range calm(g) {
		a.When = Next
		all = append(all, a)
	}
	return all
}

// calm is the timed lock for seen files, which is where such hangs begin, for a server
// on which nothing hangs.
func calm(g *graph) []Advice {
	a := advising{g: g, r: Root{Kind: Seen}}
	loaded := false
	for pid, p := range g.people {
		if p.Cyrus {
			a.r.Victims = append(a.r.Victims, pid)
			loaded = loaded || p.Code != nil && p.Code.Timed != nil
		}
	}
	switch {
	case g.s.Host.Cyrus.Master == 0 && len(a.r.Victims) == 0:
		return nil // no server that it could be about
	case loaded:
		return []Advice{{Action: "verify", Effect: findsOut, Risk: "none", Command: "cyrlock fix shim verify", Why: "the timed lock is loaded; this shows what it has done so far"}}
	case a.sourceFirst():
		return slices.Concat(a.source(), a.shim(limit{}))
	}
	return slices.Concat(a.shim(limit{}), a.source())
}
