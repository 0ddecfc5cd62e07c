package diagnose

import "slices"

// roots tells which hangs the two looks have in common.
func (c *Comparison) roots() {
	unsure := map[int]bool{}
	for _, w := range c.Unsure {
		unsure[w.PID] = true
	}
	later := newHangs(c.after)
	for i := range c.before.report.Roots {
		root := &c.before.report.Roots[i]
		switch now := later.find(c.before, root); {
		case now != nil:
			c.Stay = append(c.Stay, [2]Root{*root, *now})
		case c.Doubt != "" || slices.ContainsFunc(root.waiting(), func(pid int) bool { return unsure[pid] }):
			c.Hidden = append(c.Hidden, *root)
		default:
			c.Ended = append(c.Ended, *root)
		}
	}
	earlier := newHangs(c.before)
	for i := range c.after.report.Roots {
		root := &c.after.report.Roots[i]
		if c.early == "" && earlier.find(c.after, root) == nil {
			c.Began = append(c.Began, *root)
		}
	}
}

// Hangs finds the hang of one look that is also one of another: the same process
// holds the same file, or some of the same processes form the circle or the crowd.
// Who waits for it does not matter.
type hangs struct {
	view *view
	by   map[int][]*Root  // by member
	on   map[lock][]*Root // by file
}

func newHangs(v *view) hangs {
	h := hangs{v, map[int][]*Root{}, map[lock][]*Root{}}
	for i := range v.roots {
		root := &v.roots[i]
		for _, pid := range root.members() {
			h.by[pid] = append(h.by[pid], root)
		}
		h.on[lockOfRoot(root)] = append(h.on[lockOfRoot(root)], root)
	}
	return h
}

// find returns the root that is the same hang as that one of another look; nil:
// there is none.
func (h hangs) find(in *view, root *Root) *Root {
	file := lockOfRoot(root)
	for _, pid := range root.members() {
		id := in.id(pid)
		for _, other := range h.by[pid] {
			if pid == nobody || !id.same(h.view.id(pid)) {
				continue
			}
			_, holds := h.view.holds(id, file)
			_, held := in.holds(id, lockOfRoot(other))
			if lockOfRoot(other) == file || holds || held || root.deadly() && other.deadly() {
				return other
			}
		}
	}
	// A holder that one of the looks did not see is the same until another is seen.
	for _, other := range h.on[file] {
		if root.PID == nobody || other.PID == nobody {
			return other
		}
	}
	return nil
}
