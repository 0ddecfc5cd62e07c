package diagnose

import (
	"slices"

	"cyrlock/evidence"
)

// holders tells who let go of a file that somebody waited for, and who has it now.
func (c *Comparison) holders() {
	b, a := c.before, c.after
	for i := range b.whole.Files {
		f := &b.whole.Files[i]
		now := a.file(lockOfFile(f))
		if f.Kind == string(Accept) || b.files[lockOfFile(f)] != f || !c.concerns(f, now) {
			continue
		}
		each := func(holders []evidence.Holder, v *view, call func(evidence.Holder, ProcessID)) {
			told := map[int]bool{nobody: true}
			for _, h := range holders {
				if !told[h.PID] {
					told[h.PID] = true
					call(h, v.id(h.PID))
				}
			}
		}
		each(f.Holders, b, func(h evidence.Holder, id ProcessID) {
			if a.gone(id) || now != nil && c.letGo(h, f, now) {
				c.LetGo = append(c.LetGo, Hold{id, f, b.people[h.PID]})
			}
		})
		if now == nil {
			continue
		}
		each(now.Holders, a, func(h evidence.Holder, id ProcessID) {
			_, had := b.holds(id, lockOfFile(f))
			waited := slices.ContainsFunc(f.Waiters, func(w evidence.Waiter) bool { return w.PID == h.PID })
			// What a reading without any holder missed is not new.
			if !had && !b.unread[h.PID] && (waited || len(f.Holders) > 0) {
				c.Took = append(c.Took, Hold{id, now, a.people[h.PID]})
			}
		})
	}
}

// concerns says that somebody waits or waited for the file.
func (c *Comparison) concerns(f, now *evidence.File) bool {
	if slices.ContainsFunc(f.Waiters, func(w evidence.Waiter) bool { return c.before.behind[w.PID] }) {
		return true
	}
	return now != nil && slices.ContainsFunc(now.Waiters, func(w evidence.Waiter) bool { return c.after.behind[w.PID] })
}

// letGo says whether a holder certainly does not hold the file any more. That
// nobody waits for it any more is no proof: looks show the holders of files that
// somebody waits for.
func (c *Comparison) letGo(h evidence.Holder, f, now *evidence.File) bool {
	if c.after.unread[h.PID] {
		return false
	}
	for _, n := range now.Holders {
		if n.PID == h.PID {
			return false
		}
	}
	if slices.ContainsFunc(now.Open, func(o evidence.Opener) bool { return o.PID == h.PID }) {
		return true // its descriptors were read
	}
	if len(now.Holders) > 0 && now.Reads > 1 && now.HolderSeen == now.Reads {
		return true // no reading was without holders, and none showed this one
	}
	return slices.ContainsFunc(now.Holders, func(n evidence.Holder) bool {
		own := n.Locker == 0 || n.Locker == n.PID // not a child's, of what h has locked
		_, had := c.before.holds(c.after.id(n.PID), lockOfFile(f))
		return own && !had && conflict(n, h)
	})
}

// conflict says that two locks on one file cannot be held at the same time.
func conflict(a, b evidence.Holder) bool {
	if a.Mode == evidence.Read && b.Mode == evidence.Read {
		return false
	}
	return a.Lock == evidence.Flock || overlap(evidence.Waiter{Start: a.Start, End: a.End}, b)
}
