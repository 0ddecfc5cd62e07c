package probe

import (
	"context"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"cyrlock/probe/tally"
)

// A crew asks many processes at once and cannot be held up by one of them: a
// worker that gets no answer within the limit is left behind with its process,
// and another takes its place. Signals do not end such a read, so nothing could
// be done with the worker anyway.
type crew struct {
	root  string
	sheet *tally.Sheet
	size  int           // workers at a time
	limit time.Duration // for one process
	mute  map[int]bool  // processes that gave no answer: they are not asked again
}

func newCrew(root string, sheet *tally.Sheet, limit time.Duration) *crew {
	return &crew{root: root, sheet: sheet, size: max(2, min(4, runtime.NumCPU())), limit: limit, mute: make(map[int]bool)}
}

// A worker is one goroutine of a crew.
type worker struct {
	pid   atomic.Int64 // it asks now; 0: none; leftBehind
	since atomic.Int64 // nanoseconds after the crew began
	slow  bool         // somebody was sent in for it already
}

const (
	leftBehind = -1
	slowPart   = 16 // of the limit, before a process counts as slow
)

// ask puts a question to every process and hands each answer to answered, on
// the caller's goroutine and in no order. It returns the processes that gave
// none in time; those of an earlier question are left out at once.
func ask[T any](ctx context.Context, c *crew, pids []int, question func(*reader, int) T, answered func(int, T)) (silent []int) {
	if len(c.mute) > 0 {
		pids = slices.DeleteFunc(slices.Clone(pids), func(pid int) bool { return c.mute[pid] })
	}
	type reply struct {
		pid   int
		value T
	}
	var (
		begin   = time.Now()
		next    atomic.Int64
		replies = make(chan reply, 64)
		over    = make(chan struct{})
		workers []*worker
	)
	defer close(over)
	start := func() *worker {
		w := new(worker)
		go func() {
			for r := newReader(c.root, c.sheet); ; {
				i := int(next.Add(1)) - 1
				if i >= len(pids) {
					return
				}
				pid := pids[i]
				w.since.Store(int64(time.Since(begin)))
				w.pid.Store(int64(pid))
				value := question(r, pid)
				if !w.pid.CompareAndSwap(int64(pid), 0) {
					return // too late: this process is already counted as silent
				}
				select {
				case replies <- reply{pid, value}:
				case <-over:
					return
				}
			}
		}()
		return w
	}
	for range min(c.size, len(pids)) {
		workers = append(workers, start())
	}
	// Fifty processes on one dead disk must cost one limit, not fifty: a worker
	// that is merely slow gets its full time, but the others' work goes on.
	tick := time.NewTicker(max(c.limit/slowPart, time.Millisecond))
	defer tick.Stop()
	for left := len(pids); left > 0; {
		select {
		case got := <-replies:
			left--
			answered(got.pid, got.value)
		case <-tick.C:
			for _, w := range workers {
				pid, busy := w.pid.Load(), time.Since(begin)-time.Duration(w.since.Load())
				if pid <= 0 {
					continue
				}
				if busy > c.limit/slowPart && !w.slow {
					w.slow = true
					workers = append(workers, start())
				}
				if busy > c.limit && w.pid.CompareAndSwap(pid, leftBehind) {
					left--
					silent = append(silent, int(pid))
					c.mute[int(pid)] = true
				}
			}
		case <-ctx.Done():
			return silent
		}
	}
	return silent
}
