package stack

import "bytes"

// entryValue finds what a register held when the function of frame i began:
// the caller's call site may say.
func (w *walk) entryValue(i int, register []byte, depth int) (uint64, error) {
	if len(register) == 0 {
		return 0, errNoEntryValue
	}
	if o := register[0]; o == opRegvalType || o == opGNURegvalType {
		c := cursor{b: register, pos: 1}
		if reg := c.uleb(); reg <= opReg31-opReg0 && !c.bad {
			register = []byte{opReg0 + byte(reg)}
		}
	}
	return w.passedTo(i, passed{in: register}, depth)
}

// passedTo finds what the caller of frame i passed. It counts only if the
// call went to this very function, else there was a tail call between them,
// and if the function cannot have called itself by tail calls since.
func (w *walk) passedTo(i int, what passed, depth int) (uint64, error) {
	if depth > maxEntryDepth || i+1 >= len(w.frames) {
		return 0, errNoEntryValue
	}
	f, caller := w.frames[i], w.frames[i+1]
	w.place(caller)
	if f.where == nil || !f.where.known || caller.exact || caller.where == nil || caller.where.site == nil {
		return 0, errNoEntryValue
	}
	site := caller.where.site
	if !w.called(i, site, f.where.entry+f.bias, depth) || !f.mod.settled(w.proc.from, f.where.info, f.where.entry) {
		return 0, errNoEntryValue
	}
	for _, p := range site.passed {
		if what.param != 0 && p.param != what.param || what.param == 0 && !bytes.Equal(p.in, what.in) {
			continue
		}
		v, err := w.evaluate(i+1, p.value, depth+1)
		if err != nil {
			return 0, errNoEntryValue
		}
		return v.scalar(), nil
	}
	return 0, errNoEntryValue
}

// called reports whether the call in frame i+1 went to the function at entry.
func (w *walk) called(i int, site *callSite, entry uint64, depth int) bool {
	if to := w.frames[i+1].jumped; to != 0 {
		return to == entry
	}
	target, ok := w.callBefore(w.frames[i+1].pc)
	if !ok {
		return false
	}
	if target != 0 {
		return target == entry || w.throughPLT(target) == entry
	}
	if site.target == nil {
		return false
	}
	v, err := w.evaluate(i+1, site.target, depth+1)
	return err == nil && v.scalar() == entry
}

// atEntry is the value that the caller passed for p.
func (w *walk) atEntry(i int, p param) (uint64, error) {
	if p.entry == nil {
		return 0, errNoEntryValue
	}
	return w.entryValue(i, p.entry, 0)
}
