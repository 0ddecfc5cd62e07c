package diagnose

import "cyrlock/evidence"

// A Node is one process of a wait tree: a root, or somebody who waits for a lock
// of the process above.
type Node struct {
	PID    int
	File   *evidence.File   // what it waits for; nil at the top
	Wait   *evidence.Waiter // how; nil at the top
	Behind []Node           // who waits for it, in the kernel's queue order
}

// Tree lays out who waits behind a root. Each process appears once, under the
// first blocker on the way from the top; a crowd or a cycle has several tops.
func (r *Report) Tree(root Root) []Node {
	tops := root.Members
	if len(tops) == 0 {
		tops = []int{root.PID}
	}
	seen := map[int]bool{}
	for _, pid := range tops {
		seen[pid] = true
	}
	waits := r.indexed().waits
	nodes := make([]Node, 0, len(tops))
	for _, pid := range tops {
		n := Node{PID: pid}
		if pid == nobody {
			n.Behind = grow(waits, waits.on(lockOfRoot(&root)), seen)
		} else {
			n.Behind = grow(waits, waits[pid], seen)
		}
		nodes = append(nodes, n)
	}
	return nodes
}

// waitsBy lists, for every blocker, the waits it causes, in queue order.
type waitsBy map[int][]Node

func waitsByBlocker(s *evidence.Snapshot) waitsBy {
	waits := waitsBy{}
	eachWait(s, func(f *evidence.File, w *evidence.Waiter, by int) {
		waits[by] = append(waits[by], Node{PID: w.PID, File: f, Wait: w})
	})
	return waits
}

// on are the waits without a visible blocker for one file.
func (w waitsBy) on(l lock) []Node {
	var nodes []Node
	for _, n := range w[nobody] {
		if lockOfFile(n.File) == l {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

func grow(by waitsBy, direct []Node, seen map[int]bool) []Node {
	var out []Node
	for _, n := range direct {
		if !seen[n.PID] {
			seen[n.PID] = true
			out = append(out, n)
		}
	}
	for i := range out { // breadth first: the nearest blocker gets the process
		out[i].Behind = grow(by, by[out[i].PID], seen)
	}
	return out
}
