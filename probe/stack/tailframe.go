package stack

import (
	"encoding/binary"
	"slices"
)

// A function that ends in a call may jump instead and leave its place on the
// stack to the other: "return flock(fd, LOCK_EX)". The call sites of the debug
// information tell where the caller called to and which jumps lead from there
// to the function that runs. Where there is one way only, the functions on it
// are put back, as gdb does.

const (
	maxJumps = 16  // in a row
	maxTries = 256 // functions looked at for one stack
)

// A jump is a tail call at run time.
type jump struct {
	mod   *module
	bias  uint64
	after uint64 // the address behind it
	to    uint64
}

// addTailCalls inserts the functions that have left the stack by a jump.
func (w *walk) addTailCalls() {
	out := make([]*frame, 0, len(w.frames))
	search := tailSearch{walk: w}
	for i, f := range w.frames {
		out = append(out, f)
		if i+1 == len(w.frames) || f.mod == nil || f.trampoline() || w.frames[i+1].exact {
			continue
		}
		caller := w.frames[i+1]
		for _, j := range slices.Backward(search.jumps(f, caller)) {
			regs := caller.regs // a function restores what it saved before it jumps
			regs.set(w.machine.pc, j.after)
			regs.set(w.machine.sp, f.cfa-uint64(w.machine.word))
			out = append(out, &frame{pc: j.after, mod: j.mod, bias: j.bias, regs: regs, cfa: f.cfa, jumped: j.to})
		}
	}
	w.frames = out
}

// jumps finds the tail calls between the call in caller and the function of f,
// the first one first.
func (s *tailSearch) jumps(f, caller *frame) []jump {
	s.place(f)
	s.place(caller)
	if caller.where == nil || caller.where.site == nil { // gdb wants both ends described
		return nil
	}
	target, ok := s.callBefore(caller.pc)
	if !ok || target == 0 || f.where.entry == 0 {
		return nil
	}
	entry := f.where.entry + f.bias
	if target = s.throughPLT(target); target == entry {
		return nil
	}
	s.entry, s.way, s.ways = entry, nil, nil
	if !s.from(target) || len(s.ways) == 0 {
		return nil
	}
	return s.common()
}

// A tailSearch collects the ways that tail calls lead to a function.
type tailSearch struct {
	*walk
	entry uint64
	way   []jump
	ways  [][]jump
	tries int
}

// from follows the tail calls of the function at start. It returns false where
// one goes nobody knows where: then nothing is certain.
func (s *tailSearch) from(start uint64) bool {
	if s.tries++; s.tries > maxTries || len(s.way) >= maxJumps {
		return false
	}
	mod, bias, err := s.proc.locate(start, true)
	if err != nil {
		return false
	}
	if libcName(mod.path) && !s.proc.tracer.options.LibcLines {
		return true
	}
	x, err := mod.info(s.proc.from)
	if err != nil || x == nil {
		return err == nil // it is not known to call anything
	}
	list, ok := x.tailCallsAt(start - bias)
	if !ok {
		return false
	}
	for _, c := range list {
		j := jump{mod: mod, bias: bias, after: c.after + bias}
		if j.to, ok = s.target(mod, bias, c); !ok || c.after == 0 {
			return false
		}
		if slices.ContainsFunc(s.way, func(k jump) bool { return k.after == j.after }) {
			continue
		}
		s.way = append(s.way, j)
		if j.to == s.entry {
			s.ways = append(s.ways, slices.Clone(s.way))
		} else if !s.from(j.to) {
			return false
		}
		s.way = s.way[:len(s.way)-1]
	}
	return true
}

// target is the run-time address that a tail call goes to.
func (s *tailSearch) target(mod *module, bias uint64, c tailCall) (uint64, bool) {
	if c.name == "" {
		return c.entry + bias, true
	}
	if to, ok := mod.symbolNamed(s.proc.from, c.name); ok {
		return to + bias, true
	}
	return s.jumpBefore(c.after + bias)
}

// jumpBefore decodes the jump that ends at after: E9 rel32, or 0F 8x rel32
// where it has a condition.
func (w *walk) jumpBefore(after uint64) (uint64, bool) {
	var b [6]byte
	if !w.machine.x86() || w.mem.read(b[:], after-6) != nil || b[1] != 0xe9 && (b[0] != 0x0f || b[1]&0xf0 != 0x80) {
		return 0, false
	}
	return w.throughPLT(after + uint64(int64(int32(binary.LittleEndian.Uint32(b[2:]))))), true
}

// common is the only way; of several, what they begin with and what they end with.
func (s *tailSearch) common() []jump {
	first := s.ways[0]
	head, tail := len(first), len(first)
	for _, way := range s.ways[1:] {
		n := min(len(way), len(first))
		a, b := 0, 0
		for a < n && way[a].after == first[a].after {
			a++
		}
		for b < n && way[len(way)-1-b].after == first[len(first)-1-b].after {
			b++
		}
		head, tail = min(head, a), min(tail, b)
	}
	if head == len(first) {
		return first
	}
	return slices.Concat(first[:head], first[len(first)-min(tail, len(first)-head):])
}
