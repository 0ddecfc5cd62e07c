// Package stack takes backtraces of C programs: function, module, file and
// line, inlined calls and arguments, as gdb shows them.
//
// It promises not to touch the process: unless [Options.Stop] is set, nothing
// is attached, stopped or signalled. A thread that is blocked shows its stack
// pointer and program counter in /proc/PID/task/TID/syscall; its stack is read
// with process_vm_readv(2) and unwound here, offline. What it reads is hostile:
// a broken ELF file or broken debug information gives an error, never a panic.
//
// With [Options.Stop] one thread at a time is stopped by ptrace(2) for some
// ten microseconds while its registers and its stack are copied. If this
// program dies in the middle, the kernel lets the thread go on. The price: a
// waiter for a lock, and all that queue because of it, ask again, so that places
// in the queue are lost and wait times start anew; epoll_wait, semop, sigtimedwait
// and recv with a time-out return EINTR (signal(7)), and a blocked write returns
// what it has written.
package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"cyrlock/evidence"
	"cyrlock/probe/limit"
	"cyrlock/probe/mount"
	"cyrlock/probe/tally"
)

// Options of a [Tracer]. The zero value disturbs nothing.
type Options struct {
	Stop      bool          // attach to get an exact stack; see the package comment for the cost
	NoArgs    bool          // leave arguments out
	LibcLines bool          // file:line for libc as well: 80 ms the first time
	Limit     time.Duration // for one process; 0: one second
}

// A Tracer takes backtraces. It is safe for concurrent use. It opens each
// module once, for all processes, and keeps it until Close.
type Tracer struct {
	options Options
	modules modules
	buffers sync.Pool // of *[maxStack]byte

	once   sync.Once
	mounts []mount.Mount // our own, read once
}

// New makes a Tracer. It opens nothing yet.
func New(o Options) *Tracer {
	if o.Limit <= 0 {
		o.Limit = time.Second
	}
	return &Tracer{options: o}
}

// Close gives the modules back. No call may be under way.
func (t *Tracer) Close() error {
	t.modules.close()
	return nil
}

func (t *Tracer) ownMounts(from reader) []mount.Mount {
	t.once.Do(func() { t.mounts = from.mounts("self") })
	return t.mounts
}

// Threads returns all threads of a process: TID, State, Method, StopUS, Frames
// (innermost first), and in Error why a stack is missing or ends early.
// The error says why threads are missing; those that were read are returned
// with it. It is [limit.ErrTime] when the process took too long: it must not
// be asked again. What is read is counted on the sheet, which may be nil.
//
// The memory map tells on the way how old the libraries of Cyrus in it are, and
// whether the timed lock is among them; nil, if it was not read.
func (t *Tracer) Threads(ctx context.Context, pid int, sheet *tally.Sheet) ([]evidence.Thread, *evidence.Code, error) {
	return t.collect(ctx, pid, 0, reader{sheet})
}

// Thread returns one thread. What went wrong is in its Error.
func (t *Tracer) Thread(ctx context.Context, pid, tid int) evidence.Thread {
	threads, _, err := t.collect(ctx, pid, tid, reader{})
	if len(threads) == 0 {
		threads = []evidence.Thread{{TID: tid}}
	}
	if err != nil && threads[0].Error == "" {
		threads[0].Error = err.Error()
	}
	return threads[0]
}

// collect traces one thread of a process, or all (only 0). Threads that are
// done when the time is up are kept.
func (t *Tracer) collect(ctx context.Context, pid, only int, from reader) ([]evidence.Thread, *evidence.Code, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, t.options.Limit, limit.ErrTime)
	defer cancel()
	var mu sync.Mutex
	var done []evidence.Thread
	var code *evidence.Code
	_, err := limit.Do(ctx, 2*t.options.Limit, func() (struct{}, error) {
		return struct{}{}, t.trace(ctx, pid, only, from, func(th evidence.Thread) {
			mu.Lock()
			defer mu.Unlock()
			done = append(done, th)
		}, func(c evidence.Code) {
			mu.Lock()
			defer mu.Unlock()
			code = &c
		})
	})
	mu.Lock()
	defer mu.Unlock()
	return slices.Clone(done), code, err
}

func (t *Tracer) trace(ctx context.Context, pid, only int, from reader, emit func(evidence.Thread), tell func(evidence.Code)) (err error) {
	defer guard(strconv.Itoa(pid), &err)
	defer panicOnFault()()
	tids := []int{only}
	if only == 0 {
		if tids, err = from.threads(pid); err != nil {
			return err
		}
	}
	buffer := t.buffer()
	defer t.buffers.Put(buffer)
	p, err := t.open(pid, tids, from, buffer[:])
	if err != nil {
		for _, tid := range tids { // say at least that they are there
			if s, e := from.status(pid, tid, buffer[:]); e == nil {
				emit(evidence.Thread{TID: tid, State: s.state, Error: err.Error()})
			}
		}
		return err
	}
	if only == 0 {
		tell(p.age())
	}
	for _, tid := range tids {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if th, alive := p.thread(ctx, pid, tid, buffer[:]); alive || only != 0 {
			emit(th)
		}
	}
	return nil
}

// open reads the memory map. A process whose first thread has ended shows it
// only through the threads that are left.
func (t *Tracer) open(pid int, tids []int, from reader, buf []byte) (*process, error) {
	var first error
	for _, tid := range append([]int{pid}, tids...) {
		maps, err := from.maps(taskFile(pid, tid, "maps"), buf)
		if len(maps) > 0 {
			p := t.process(live{from, tid}, maps)
			p.reader = from
			return p, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, refused(first)
}

// refused adds what to do to a permission error.
func refused(err error) error {
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("%w; run as root (CAP_SYS_PTRACE), or as its user with kernel.yama.ptrace_scope=0", err)
	}
	return err
}

// buffer is where stacks are copied to. Its pages are touched here: during a
// stop each first touch would cost a page fault.
func (t *Tracer) buffer() *[maxStack]byte {
	if b, ok := t.buffers.Get().(*[maxStack]byte); ok {
		return b
	}
	b := new([maxStack]byte)
	if t.options.Stop {
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
	}
	return b
}
