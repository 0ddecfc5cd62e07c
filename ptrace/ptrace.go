// Package ptrace stops one thread of another process for a moment, for those who
// were asked to: an exact stack, or the end of a wait.
//
// It promises that the thread runs on, whatever becomes of cyrlock: it is seized
// without options (PTRACE_SEIZE: where the tracer dies the kernel lets go; after
// PTRACE_ATTACH a thread could stay stopped), and on an operating system thread that
// ends with the work. All calls are raw, so that Go's scheduler does not take the
// processor away while somebody stands still.
package ptrace

import (
	"errors"
	"fmt"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What [Await] may find instead of a stop.
var (
	ErrNoStop = errors.New("it did not stop in time")
	ErrEnded  = errors.New("it ended")
)

// OnOwnThread does the work on an operating system thread that ends with it: the
// kernel then lets go of whatever may still be stopped. It does not wait for it. Go
// parks its main thread instead of ending it, so that one is left alone.
func OnOwnThread(work func()) {
	go func() {
		runtime.LockOSThread() // never unlocked
		if unix.Gettid() == unix.Getpid() {
			done := make(chan struct{})
			OnOwnThread(func() { defer close(done); work() })
			<-done
			runtime.UnlockOSThread()
			return
		}
		_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // short sleeps are short on this thread
		work()
	}()
}

// Request is one ptrace(2).
func Request(request, tid int, addr, data uintptr) error {
	_, _, e := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), addr, data, 0, 0)
	if e != 0 {
		return e
	}
	return nil
}

// Registers reads or writes NT_PRSTATUS (PTRACE_GETREGSET, PTRACE_SETREGSET) and
// returns its size in bytes, which tells the machine.
func Registers(request, tid int, set []byte) (int, error) {
	const ntPRStatus = 1
	v := unix.Iovec{Base: &set[0]}
	v.SetLen(len(set))
	err := Request(request, tid, ntPRStatus, uintptr(unsafe.Pointer(&v)))
	return int(v.Len), err
}

// Await waits for a stop that was asked for at start, and returns the signal that it
// came upon, which must be passed on with the release; 0: none. After an error the
// end of the operating system thread detaches.
func Await(tid int, start time.Time, patience time.Duration) (signal int, err error) {
	const spins = 20000 // some 10 ms of yielding; who takes longer is not about to stop
	var status unix.WaitStatus
	for n := 0; ; n++ {
		got, _, e := unix.RawSyscall6(unix.SYS_WAIT4, uintptr(tid), uintptr(unsafe.Pointer(&status)), unix.WALL|unix.WNOHANG, 0, 0, 0)
		switch {
		case e != 0 && e != unix.EINTR:
			return 0, fmt.Errorf("wait4: %w", e)
		case e == 0 && int(got) == tid:
			if !status.Stopped() {
				return 0, ErrEnded
			}
			if int(status)>>16 == 0 { // not an event of ptrace: a signal is on its way
				signal = int(status.StopSignal())
			}
			return signal, nil
		case n%16 == 15 && time.Since(start) > patience:
			return 0, ErrNoStop
		case n > spins:
			time.Sleep(500 * time.Microsecond)
		default:
			unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
		}
	}
}
