package scene

import (
	"fmt"
	"slices"

	"cyrlock/evidence"
)

// A Cost is one thing that attaching to a process does.
type Cost struct {
	Kind  string // stays the same while it is the same thing
	Text  string
	Warns bool
}

// stopUS is how long a thread stands still for its stack: the median of the
// benchmark, in microseconds.
const stopUS = 100

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
	waits := false
	for i := range s.Report.Files {
		f := &s.Report.Files[i]
		for j := range f.Waiters {
			if w := &f.Waiters[j]; w.PID == p.PID && Contended(f) {
				waits = true
				warn("waits "+f.Path, s.losesPlace(p, f, w))
			}
		}
	}
	if f := s.Holds(p.PID); f != nil {
		say("holds "+f.Path, fmt.Sprintf("It holds %s all the while: no waiter gets past it.", s.FileName(f)))
	}
	if !waits {
		say("call", s.interrupted(p))
	}
	if slices.ContainsFunc(p.Threads, func(t evidence.Thread) bool { return t.State == "D" }) {
		warn("disk", "It sleeps where nothing wakes it (state D). It will not stop in time; then it is let go, and there is no exact stack.")
	}
	say("time", s.standsStill(len(p.Threads)))
	say("gain", s.gain(p))
	return costs, ""
}

// losesPlace: a lock call that is interrupted begins anew, at the end of the queue
// (measured: flock and fcntl, with every kind of tracer).
func (s *Scene) losesPlace(p *evidence.Process, f *evidence.File, w *evidence.Waiter) string {
	out := fmt.Sprintf("%s WAITS for %s. Stopped, it leaves the queue and asks again", s.Name(p.PID), s.FileName(f))
	switch n := len(f.Waiters) - 1; {
	case n == 0:
		out += "; nobody else waits for it."
	case w.Queue > n:
		out += " at the end, where it is already."
	case w.Queue > 0:
		out += fmt.Sprintf(" at the end: from place %s of %s to the last.", evidence.Thousands(w.Queue), evidence.Thousands(n+1))
	default:
		out += fmt.Sprintf(" at the end, behind %s.", Plural(n, "other", "others"))
	}
	if since := Since(w.SinceS, w.SinceHow); since != "" {
		out += fmt.Sprintf(" The kernel counts its wait, %s by now, from zero again.", since)
	}
	return out + " If the kernel forgot to wake it, this wakes it, and the proof of that is gone."
}

// interrupted: signal(7), "Interruption of system calls and library functions by
// stop signals": these return EINTR, all others begin anew.
func (s *Scene) interrupted(p *evidence.Process) string {
	t := Telling(p, p.PID)
	if t == nil || t.Syscall == "" {
		return "The system call that it is in begins anew, or returns early as after any signal."
	}
	call := s.Text(t.Syscall)
	switch t.Syscall {
	case "running":
		return "It runs: it goes on where it was."
	case "epoll_wait", "epoll_pwait", "epoll_pwait2", "semop", "semtimedop", "rt_sigtimedwait", "io_getevents":
		return fmt.Sprintf("The system call that it is in, %s, returns early (EINTR): most programs simply call it again.", call)
	case "write", "writev", "sendto", "sendmsg", "sendfile":
		return fmt.Sprintf("The system call that it is in, %s, begins anew, or returns with what was written so far: nothing is lost.", call)
	}
	return fmt.Sprintf("The system call that it is in, %s, begins anew: nothing is lost.", call)
}

// standsStill says for how long: as measured here if it was, else elsewhere.
func (s *Scene) standsStill(threads int) string {
	each := "about " + s.Micros(stopUS) + " (the median where it was measured)"
	most := 0.0
	for _, e := range s.exacts {
		for _, t := range e.Process.Threads {
			most = max(most, t.StopUS)
		}
	}
	if most > 0 {
		each = "about " + s.Micros(most) + ", as the last did here"
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
		return "Worth it: there is no whole stack without."
	case missing > 0:
		return fmt.Sprintf("Worth it: %s no whole stack without.", Plural(missing, "thread has", "threads have"))
	case guesses > 0:
		return fmt.Sprintf("Perhaps worth it: %s a guess without.", Plural(guesses, "frame is", "frames are"))
	}
	return "Hardly worth it: no frame is a guess without. It may add arguments that are optimized out."
}
