package evidence

import "slices"

// StopUS is about how long an exact stack stops each thread, in microseconds:
// half of the stops are shorter (make bench, part stop). Where every processor is
// busy a thread may have to wait for its turn to go on, for milliseconds.
const StopUS = 100

// A StopCost is the price of an exact stack of a process, known before it is paid.
type StopCost struct {
	Threads int     // each of them is stopped, one after the other
	US      float64 // for about how long in all, in microseconds
	// Waits counts the threads in a lock call. Each asks for its lock anew: it may
	// lose its place in the queue, and its wait time starts again. So does that of
	// the Behind waiters which queue because of it: they are woken, and ask again in
	// whatever order (fs/locks.c locks_delete_block; seen on Linux 6.18).
	Waits  int
	Behind int
	// Interrupts are the system calls of its threads that a stop ends early:
	// epoll_wait and its kin with EINTR (signal(7)), a write to a client that does
	// not read with what it has written so far. Other calls go on as if nothing had
	// been (seen on Linux 6.18).
	Interrupts []string
}

// StopCost tells what an exact stack of a process would cost it.
func (s *Snapshot) StopCost(pid int) StopCost {
	var c StopCost
	p := s.Process(pid)
	if p == nil {
		return c
	}
	c.Threads = len(p.Threads)
	c.US = StopUS * float64(c.Threads)
	for _, f := range s.Files {
		for i, w := range f.Waiters {
			if w.PID == pid && !w.Polls {
				c.Waits++
				c.Behind += behind(f.Waiters[i:])
			}
		}
	}
	for _, t := range p.Threads {
		if endsEarly(t.Syscall) && !slices.Contains(c.Interrupts, t.Syscall) {
			c.Interrupts = append(c.Interrupts, t.Syscall)
		}
	}
	return c
}

// behind counts the waiters that queue because of the first of them.
func behind(queue []Waiter) (n int) {
	for _, w := range queue[1:] {
		if w.Depth <= queue[0].Depth {
			break
		}
		n++
	}
	return n
}

func endsEarly(call string) bool {
	switch call {
	case "epoll_wait", "epoll_pwait", "epoll_pwait2", "semop", "semtimedop", "rt_sigtimedwait", "rt_sigtimedwait_time64",
		"write", "writev", "send", "sendto", "sendmsg", "sendmmsg":
		return true
	}
	return false
}
