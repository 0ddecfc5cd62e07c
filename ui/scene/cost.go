package scene

import (
	"fmt"
	"slices"
	"strings"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A Cost is one thing that attaching to a process does.
type Cost struct {
	Kind  string // stays the same while it is the same thing
	Text  string
	Warns bool
}

// Cost says what attaching to a process for an exact stack would do to it, the
// worst first; or why it cannot be done.
func (s *Scene) Cost(who Who) (costs []Cost, cannot string) {
	p := s.Proc(who.PID)
	switch {
	case !s.Lives(who):
		return nil, "that process has ended, or is not in this look any more"
	case p.Tracer != 0:
		return nil, fmt.Sprintf("%s is traced by %d (%s): a second one cannot attach", s.Name(p.PID), p.Tracer, p.TracerName)
	}
	warn := func(kind, text string) { costs = append(costs, Cost{kind, text, true}) }
	say := func(kind, text string) { costs = append(costs, Cost{kind, text, false}) }
	price := s.Report.StopCost(p.PID)
	for i := range s.Report.Files {
		f := &s.Report.Files[i]
		for j := range f.Waiters {
			if w := &f.Waiters[j]; w.PID == p.PID && !w.Polls && Contended(f) {
				warn("waits "+f.Path, s.losesPlace(p, f, w, price.Behind))
			}
		}
	}
	if f := s.Holds(p.PID); f != nil {
		say("holds "+f.Path, fmt.Sprintf("It holds %s all the while: no waiter gets past it.", s.FileName(f)))
	}
	if price.Waits == 0 {
		say("call", s.interrupted(price.Interrupts))
		if t := Telling(p, p.PID); t != nil && t.SinceS > 0 && s.Holds(p.PID) != nil {
			say("moved", fmt.Sprintf("The kernel counts its %s without a move from zero again. Here the count goes on; another cyrlock takes it for one that has just moved.", diagnose.Age(t.SinceS)))
		}
	}
	if slices.ContainsFunc(p.Threads, func(t evidence.Thread) bool { return t.State == "D" }) {
		warn("disk", "It sleeps where nothing wakes it (state D). It will not stop in time; then it is let go, and there is no exact stack.")
	}
	say("time", s.standsStill(len(p.Threads)))
	say("gain", s.gain(p))
	slices.SortStableFunc(costs, func(a, b Cost) int {
		switch {
		case a.Warns == b.Warns:
			return 0
		case a.Warns:
			return -1
		}
		return 1
	})
	return costs, ""
}

// losesPlace says what a waiter loses, and those who queue because of it.
func (s *Scene) losesPlace(p *evidence.Process, f *evidence.File, w *evidence.Waiter, behind int) string {
	out := fmt.Sprintf("%s WAITS for %s", s.Name(p.PID), s.FileName(f))
	if w.Queue > 0 {
		out += fmt.Sprintf(", at place %s of %s", evidence.Thousands(w.Queue), evidence.Thousands(len(f.Waiters)))
	}
	out += ". Stopped, it leaves the queue and asks again"
	if len(f.Waiters) > 1 {
		out += ", and may come last"
	}
	whose := "its wait"
	switch {
	case behind == 1:
		out, whose = out+". The one behind it asks again, too", "their waits"
	case behind > 1:
		out, whose = out+fmt.Sprintf(". The %s behind it ask again, too", evidence.Thousands(behind)), "their waits"
	}
	if since := Since(w.SinceS, w.SinceHow); since != "" {
		out += fmt.Sprintf(". The kernel counts %s, %s so far, from zero again; here the count goes on", whose, since)
	}
	return out + ". If the kernel forgot to wake it, this wakes it, and the proof of that is gone."
}

// interrupted says what becomes of the system calls that it is in.
func (s *Scene) interrupted(calls []string) string {
	var early, short []string
	for _, call := range calls {
		if strings.HasPrefix(call, "write") || strings.HasPrefix(call, "send") {
			short = append(short, call)
		} else {
			early = append(early, call)
		}
	}
	switch {
	case len(early) > 0:
		return fmt.Sprintf("Its system call %s returns early (EINTR): most programs simply call it again.", strings.Join(early, ", "))
	case len(short) > 0:
		return fmt.Sprintf("Its system call %s may return with what was written so far, as it may at any time: nothing is lost.", strings.Join(short, ", "))
	}
	return "Its system call goes on as if nothing had been: nothing is lost."
}

// standsStill says for how long, as measured by the benchmark and here.
func (s *Scene) standsStill(threads int) string {
	each := "about " + s.Micros(evidence.StopUS)
	most := 0.0
	for _, e := range s.exacts {
		for _, t := range e.Process.Threads {
			most = max(most, t.StopUS)
		}
	}
	if most > 0 {
		each += " (here so far at most " + s.Micros(most) + ")"
	}
	if most == 0 {
		each += " (the median where it was measured)"
	}
	if threads > 1 {
		return fmt.Sprintf("Each of its %s threads stands still by itself for %s, and goes on.", evidence.Thousands(threads), each)
	}
	return "It stands still for " + each + ", and goes on. Nothing is written to it."
}

// gain is what the stack that is there already lacks.
func (s *Scene) gain(p *evidence.Process) string {
	guesses, missing := 0, 0
	for i := range p.Threads {
		t := &p.Threads[i]
		if len(t.Frames) == 0 || t.Error != "" {
			missing++
		}
		for j := range t.Frames {
			if t.Frames[j].How == "guess" {
				guesses++
			}
		}
	}
	switch {
	case missing > 0 && len(p.Threads) == 1:
		return "Worth it: without, there is no whole stack."
	case missing > 0:
		return fmt.Sprintf("Worth it: without, %s no whole stack.", evidence.Plural(missing, "thread has", "threads have"))
	case guesses > 0:
		return fmt.Sprintf("Perhaps worth it: without, %s a guess.", evidence.Plural(guesses, "frame is", "frames are"))
	}
	return "Hardly worth it: without, no frame is a guess. It may add arguments that are optimized out."
}
