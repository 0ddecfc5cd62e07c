package diagnose

import (
	"slices"

	"cyrlock/evidence"
)

// waits goes through both lists, which are in the same order.
func (c *Comparison) waits() {
	b, a := c.before, c.after
	i, j := 0, 0
	for i < len(b.waits) || j < len(a.waits) {
		order := -1
		switch {
		case i == len(b.waits):
			order = 1
		case j < len(a.waits):
			order = compareWaits(b.waits[i], a.waits[j])
		}
		switch {
		case order < 0:
			c.went(&b.waits[i])
			i++
		case order > 0:
			c.came(&a.waits[j])
			j++
		default:
			if b.waits[i].same(a.waits[j].ProcessID) {
				if b.counts(&b.waits[i]) && a.counts(&a.waits[j]) {
					c.Stayed++
				}
			} else { // the pid is another's by now
				c.went(&b.waits[i])
				c.came(&a.waits[j])
			}
			i, j = i+1, j+1
		}
	}
}

// came notes a wait that is new, provided that the earlier look would have shown it.
func (c *Comparison) came(w *Wait) {
	if !c.after.counts(w) || c.early != "" || c.before.unread[w.PID] || !c.before.covers(w.File) {
		return
	}
	c.Came = append(c.Came, *w)
}

// went notes a wait that is not there any more.
func (c *Comparison) went(w *Wait) {
	if !c.before.counts(w) {
		return
	}
	out := *w
	out.End = c.end(w)
	if out.End == "" && (c.Doubt != "" || c.after.unread[w.PID] || !c.after.covers(w.File) || w.Waiter.FD < 0) {
		// A wait that only the lock table showed: a reading of it may lack any line.
		c.Unsure = append(c.Unsure, out)
		return
	}
	c.Went = append(c.Went, out)
}

// end finds out what became of one who no longer waits.
func (c *Comparison) end(w *Wait) End {
	a := c.after
	if a.gone(w.ProcessID) {
		return Gone
	}
	now := a.people[w.PID]
	if now == nil || w.Start == 0 || now.Start != w.Start {
		return ""
	}
	if h, ok := a.holds(w.ProcessID, lockOfFile(w.File)); ok && (h.Mode == w.Waiter.Mode || h.Mode == evidence.Write) {
		_, had := c.before.holds(w.ProcessID, lockOfFile(w.File))
		if !had || h.FD == w.Waiter.FD && h.FD >= 0 {
			return Got
		}
	}
	for _, t := range now.Threads {
		if t.TID == w.TID && t.Syscall != "" && !slices.Contains(lockCalls, t.Syscall) {
			return WentOn
		}
	}
	return ""
}

var lockCalls = []string{"flock", "fcntl", "fcntl64"}
