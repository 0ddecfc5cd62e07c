package rescue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
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

// interrupt ends the lock call c of a thread with EAGAIN, if it still is in that
// call on that file. The thread stands still for as long as that takes to see.
func interrupt(ctx context.Context, tid int, c call, f *filed) (time.Duration, error) {
	var late atomic.Bool
	done := make(chan stop, 1)
	go seize(tid, c, f, &late, done)
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

// seize works on an operating system thread of its own, which ends with it: the
// kernel then lets go of whatever may still be stopped. Go parks its main thread
// instead of ending it, so that one is left alone.
func seize(tid int, c call, f *filed, late *atomic.Bool, done chan<- stop) {
	runtime.LockOSThread() // never unlocked
	if unix.Gettid() == unix.Getpid() {
		elsewhere := make(chan struct{})
		go func() {
			defer close(elsewhere)
			seize(tid, c, f, late, done)
		}()
		<-elsewhere
		runtime.UnlockOSThread()
		return
	}
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	done <- stopAndCancel(tid, c, f, late)
}

// stopAndCancel uses PTRACE_SEIZE without options: if cyrlock is killed now, the
// kernel lets the thread run on, with its wait or with EAGAIN. Between interrupt and
// release there are raw system calls only, so that Go's scheduler does not take the
// processor away.
func stopAndCancel(tid int, c call, f *filed, late *atomic.Bool) (s stop) {
	var set [512]byte
	awake := keepAwake()
	defer awake.Close()
	warmUp(c, f)
	if err := ptrace(unix.PTRACE_SEIZE, tid, 0, 0); err != nil {
		return stop{err: refused(err)}
	}
	start := time.Now()
	if err := ptrace(unix.PTRACE_INTERRUPT, tid, 0, 0); err != nil {
		return stop{err: refused(err)}
	}
	signal, err := awaitStop(tid, start)
	if err != nil {
		return stop{err: err}
	}
	n, err := registers(unix.PTRACE_GETREGSET, tid, set[:])
	if err == nil {
		if err = cancel(set[:n], c); err == nil && !f.unmoved() {
			err = errElsewhere
		}
	}
	if err == nil && !late.CompareAndSwap(false, true) {
		err = errNoStop
	}
	if err == nil {
		_, err = registers(unix.PTRACE_SETREGSET, tid, set[:n])
	}
	released := ptrace(unix.PTRACE_DETACH, tid, 0, uintptr(signal))
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
	_, _ = registers(unix.PTRACE_GETREGSET, 0, set[:])
	_ = ptrace(unix.PTRACE_DETACH, 0, 0, 0)
	_, _ = awaitStop(unix.Gettid(), time.Now()) // no child of ours
}

// refused says what it takes.
func refused(err error) error {
	switch {
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("the kernel does not let it be stopped (%w): run as root, and see that nothing else traces it", err)
	case errors.Is(err, unix.ESRCH):
		return errGone
	}
	return err
}

// awaitStop waits for the stop and returns the signal that it came upon, which must
// be passed on with the release; 0: none.
func awaitStop(tid int, start time.Time) (signal int, err error) {
	const spins = 20000 // some 10 ms of yielding; who takes longer is not about to stop
	var status unix.WaitStatus
	for n := 0; ; n++ {
		got, _, e := unix.RawSyscall6(unix.SYS_WAIT4, uintptr(tid), uintptr(unsafe.Pointer(&status)), unix.WALL|unix.WNOHANG, 0, 0, 0)
		switch {
		case e != 0 && e != unix.EINTR:
			return 0, fmt.Errorf("wait4: %w", e)
		case e == 0 && int(got) == tid:
			if !status.Stopped() {
				return 0, errGone
			}
			if int(status)>>16 == 0 { // not an event of ptrace: a signal is on its way
				signal = int(status.StopSignal())
			}
			return signal, nil
		case n%16 == 15 && time.Since(start) > stopPatience:
			return 0, errNoStop // the end of this OS thread detaches
		case n > spins:
			time.Sleep(500 * time.Microsecond)
		default:
			unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
		}
	}
}

func ptrace(request, tid int, addr, data uintptr) error {
	if _, _, e := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), addr, data, 0, 0); e != 0 {
		return e
	}
	return nil
}

// registers reads or writes NT_PRSTATUS and returns its size.
func registers(request, tid int, set []byte) (int, error) {
	const ntPRStatus = 1
	v := unix.Iovec{Base: &set[0]}
	v.SetLen(len(set))
	err := ptrace(request, tid, ntPRStatus, uintptr(unsafe.Pointer(&v)))
	return int(v.Len), err
}
