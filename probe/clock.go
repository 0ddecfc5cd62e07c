package probe

import (
	"context"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"cyrlock/probe/limit"
	"cyrlock/probe/tally"
)

// A lastRun is when a thread last ran, on the clock of the CPU where it did.
type lastRun struct {
	schedule
	cpu   int
	read  time.Time // when that was read
	known bool      // false: the kernel has no /proc/PID/sched
}

func (r *reader) lastRun(pid, tid int) (last lastRun) {
	b, err := r.read(pid, tid, "sched")
	if err != nil {
		return last
	}
	last.read = time.Now()
	last.schedule, err = parseSched(b)
	last.known = err == nil
	return last
}

// A clock turns se.exec_start into a time. The scheduler counts on a clock of
// each CPU's own (rq_clock_task: interrupts and stolen time do not count), and
// those are up to 0.4 s apart; so this thread visits the CPU, runs there, and
// compares its own entry with the time of day.
type clock struct {
	root  string
	sheet *tally.Sheet
	mu    sync.Mutex
	zero  map[int]time.Time // of each CPU visited: when its clock showed 0
}

// since is how long ago a thread last ran, in seconds; never negative.
func (c *clock) since(last lastRun) (seconds float64, ok bool) {
	if !last.known {
		return 0, false
	}
	zero, ok := c.of(last.cpu)
	if !ok {
		return 0, false
	}
	ran := zero.Add(time.Duration(last.execStart * float64(time.Millisecond)))
	return max(0, last.read.Sub(ran).Seconds()), true
}

func (c *clock) of(cpu int) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if zero, ok := c.zero[cpu]; ok {
		return zero, !zero.IsZero()
	}
	if c.zero == nil {
		c.zero = make(map[int]time.Time)
	}
	zero, err := limit.Do(context.Background(), visitTime, func() (time.Time, error) { return visit(newReader(c.root, c.sheet), cpu), nil })
	if err != nil {
		// A real-time program has that CPU for itself. Another's clock must do.
		zero, _ = limit.Do(context.Background(), visitTime, func() (time.Time, error) { return visit(newReader(c.root, c.sheet), anyCPU), nil })
	}
	c.zero[cpu] = zero
	return zero, !zero.IsZero()
}

const (
	visitTime = 250 * time.Millisecond
	anyCPU    = -1
)

// visit runs on a CPU and returns when its clock showed 0, or no time where the
// kernel does not tell. It must be alone on its goroutine: the thread ends with it.
func visit(r *reader, cpu int) time.Time {
	runtime.LockOSThread() // never unlocked: a pinned thread must not go back to the pool
	var allowed, one unix.CPUSet
	if cpu >= 0 && unix.SchedGetaffinity(0, &allowed) == nil && allowed.IsSet(cpu) {
		// Isolated CPUs are not in the mask, and are left alone.
		one.Set(cpu)
		unix.SchedSetaffinity(0, &one) // where it fails, some other CPU's clock must do
	}
	var zero time.Time
	shortest := time.Hour
	for range 8 { // of readings that took long, nobody knows when they were made
		unix.Syscall(unix.SYS_SCHED_YIELD, 0, 0, 0) // brings se.exec_start up to date
		before := time.Now()
		own := r.lastRun(unix.Getpid(), unix.Gettid())
		if !own.known {
			return time.Time{}
		}
		if took := own.read.Sub(before); took < shortest {
			shortest = took
			zero = before.Add(-time.Duration(own.execStart * float64(time.Millisecond)))
		}
		if shortest < 200*time.Microsecond {
			break
		}
	}
	return zero
}
