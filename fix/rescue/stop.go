package rescue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"cyrlock/ptrace"
)

// stopPatience is how long a thread may take to stop. One that sleeps in a lock
// call does at once.
const stopPatience = 2 * time.Second

var errNoStop = errors.New("it did not stop in time: nothing was done to it")

// A stop is one try to end a wait.
type stop struct {
	took time.Duration // from the interrupt to the release
	err  error
}

// interrupt breaks off the lock call c of a thread, if it still is in that call on that
// file: with EAGAIN, or, where it is to ask again, so that the kernel makes the same
// call anew. The thread stands still for as long as that takes to see.
func interrupt(ctx context.Context, tid int, c call, f *filed, again bool) (time.Duration, error) {
	var late atomic.Bool
	done := make(chan stop, 1)
	ptrace.OnOwnThread(func() { done <- stopInCall(tid, c, f, again, &late) })
	timer := time.NewTimer(2 * stopPatience)
	defer timer.Stop()
	select {
	case s := <-done:
		return s.took, s.err
	case <-timer.C:
	case <-ctx.Done():
	}
	if late.CompareAndSwap(false, true) { // from now on it does nothing
		return 0, errNoStop
	}
	s := <-done
	return s.took, s.err
}

// stopInCall lets go however it ends: if cyrlock is killed now, the thread runs on,
// with its wait or with EAGAIN. Between interrupt and release there are raw system
// calls only.
func stopInCall(tid int, c call, f *filed, again bool, late *atomic.Bool) (s stop) {
	var set [512]byte
	awake := keepAwake()
	defer awake.Close()
	warmUp(c, f)
	if err := ptrace.Request(unix.PTRACE_SEIZE, tid, 0, 0); err != nil {
		return stop{err: refused(err)}
	}
	start := time.Now()
	if err := ptrace.Request(unix.PTRACE_INTERRUPT, tid, 0, 0); err != nil {
		return stop{err: refused(err)}
	}
	signal, err := ptrace.Await(tid, start, stopPatience)
	if err != nil {
		return stop{err: refused(err)}
	}
	n, err := ptrace.Registers(unix.PTRACE_GETREGSET, tid, set[:])
	if err == nil {
		if err = cancel(set[:n], c); err == nil && !f.unmoved() {
			err = errElsewhere
		}
	}
	if err == nil && !late.CompareAndSwap(false, true) {
		err = errNoStop
	}
	if err == nil && !again { // who is let go as it was makes its call again
		_, err = ptrace.Registers(unix.PTRACE_SETREGSET, tid, set[:n])
	}
	released := ptrace.Request(unix.PTRACE_DETACH, tid, 0, uintptr(signal))
	s.took = time.Since(start)
	s.err = errors.Join(err, released)
	return s
}

// keepAwake has idle processors poll instead of sleep until it is closed (PM QoS,
// Documentation/power/pm_qos_interface.rst): one that had to wake up first would make
// the stop a third longer. Where it may not, the stop is that much longer; a nil file
// can be closed.
func keepAwake() *os.File {
	f, err := os.OpenFile("/dev/cpu_dma_latency", os.O_WRONLY, 0)
	if err != nil {
		return nil
	}
	_, _ = f.Write(make([]byte, 4)) // microseconds: none
	return f
}

// warmUp runs the code of the stop without one: its page faults and cache misses
// would make the stop twice as long.
func warmUp(c call, f *filed) {
	var set [amd64Size]byte
	_ = cancel(set[:], c)
	_ = f.unmoved()
	_, _ = ptrace.Registers(unix.PTRACE_GETREGSET, 0, set[:])
	_ = ptrace.Request(unix.PTRACE_DETACH, 0, 0, 0)
	_, _ = ptrace.Await(unix.Gettid(), time.Now(), 0) // no child of ours
}

// refused says what it takes.
func refused(err error) error {
	switch {
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("the kernel does not let it be stopped (%w): run as root, and see that nothing else traces it", err)
	case errors.Is(err, unix.ESRCH), errors.Is(err, ptrace.ErrEnded):
		return errGone
	case errors.Is(err, ptrace.ErrNoStop):
		return errNoStop
	}
	return err
}
