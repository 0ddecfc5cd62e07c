package stack

import (
	"errors"
	"fmt"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"cyrlock/probe/tally"
)

// A stopped thread's registers and stack, copied.
type halted struct {
	regs    registers
	machine *machine
	mem     *memory
	took    time.Duration // from the interrupt to the release
	err     error
}

// halt stops the thread for as long as it takes to copy its registers and
// stack, and unwinds afterwards.
func (p *process) halt(pid, tid int, s status, buf []byte) (w *walk, us float64, err error) {
	attached, copied := p.reader.sheet.Count(tally.Stop, []byte("ptrace(2)"), 1), p.reader.sheet.Count(tally.Call, []byte(readv), 0)
	done := make(chan halted, 1)
	go seize(tid, p, buf, done)
	h := <-done
	us = float64(h.took.Nanoseconds()) / 1000
	if h.mem != nil {
		copied.Add(1, 0)
	}
	if attached.Check(h.err) != nil {
		if errors.Is(h.err, unix.EPERM) && s.tracer != 0 {
			name, _ := p.reader.small(taskFile(s.tracer, s.tracer, "comm"), buf[:64])
			h.err = fmt.Errorf("it is already traced by %d (%.15q): no second one can stop it; its stack can be read without", s.tracer, name)
		}
		return nil, us, fmt.Errorf("thread %d: %w", tid, refused(h.err))
	}
	w = p.walk(h.machine, h.mem)
	return w, us, w.run(h.regs)
}

// seize does the stop on an operating system thread of its own, which ends
// with it: the kernel then detaches from whatever may still be traced. Go
// parks the main thread instead of ending it, so that one is left alone.
func seize(tid int, p *process, buf []byte, done chan<- halted) {
	runtime.LockOSThread() // never unlocked
	if unix.Gettid() == unix.Getpid() {
		elsewhere := make(chan struct{})
		go func() {
			defer close(elsewhere)
			seize(tid, p, buf, done)
		}()
		<-elsewhere
		runtime.UnlockOSThread()
		return
	}
	var h halted
	defer func() { done <- h }()
	defer guard("stop", &h.err)
	unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // short sleeps are short on this thread
	h = stopAndCopy(tid, p, buf, p.tracer.options.Limit/2)
}

// stopAndCopy uses PTRACE_SEIZE without options: if this program is killed
// now, the kernel resumes the thread (after PTRACE_ATTACH it could stay
// stopped). Between interrupt and release there are raw system calls only, so
// that Go's scheduler does not take the processor away.
func stopAndCopy(tid int, p *process, buf []byte, patience time.Duration) (h halted) {
	var set [512]byte
	warmUp(p, buf)
	if err := ptrace(unix.PTRACE_SEIZE, tid, 0, 0); err != nil {
		h.err = fmt.Errorf("PTRACE_SEIZE: %w", err)
		return h
	}
	start := time.Now()
	if err := ptrace(unix.PTRACE_INTERRUPT, tid, 0, 0); err != nil {
		h.err = fmt.Errorf("PTRACE_INTERRUPT: %w", err)
		return h
	}
	signal, err := awaitStop(tid, start, patience)
	if err != nil {
		h.err = err
		return h
	}
	size, regErr := registerSet(tid, &set)
	if regErr == nil {
		h.machine, h.regs, regErr = decodeRegisters(set[:size])
	}
	var copyErr error
	if regErr == nil {
		sp, _ := h.regs.get(h.machine.sp)
		h.mem = follow(p.from, p.maps, sp, buf)
		copyErr = h.mem.fill(tid)
	}
	releaseErr := ptrace(unix.PTRACE_DETACH, tid, 0, uintptr(signal))
	h.took = time.Since(start)
	h.err = errors.Join(regErr, copyErr, releaseErr)
	return h
}

// warmUp runs the code of the stop without one: its page faults and cache
// misses would make the first stop twice as long.
func warmUp(p *process, buf []byte) {
	var set [27 * 8]byte
	decodeRegisters(set[:])
	follow(p.from, p.maps, p.maps[0].Lo, buf)
	readStopped(unix.Gettid(), buf[:1], 0)
	ptrace(unix.PTRACE_DETACH, 0, 0, 0)
	awaitStop(unix.Gettid(), time.Now(), 0) // no child of ours
}

var errNoStop = errors.New("it did not stop in time: it sleeps uninterruptibly (state D); its stack can be read without a stop")

// awaitStop waits for the stop and returns the signal that it came upon, which
// must be passed on with the release; 0: none.
func awaitStop(tid int, start time.Time, patience time.Duration) (signal int, err error) {
	const spins = 20000 // some 10 ms of yielding; who takes longer is not about to stop
	var status unix.WaitStatus
	for n := 0; ; n++ {
		got, _, e := unix.RawSyscall6(unix.SYS_WAIT4, uintptr(tid), uintptr(unsafe.Pointer(&status)),
			unix.WALL|unix.WNOHANG, 0, 0, 0)
		switch {
		case e != 0 && e != unix.EINTR:
			return 0, fmt.Errorf("wait4: %w", e)
		case e == 0 && int(got) == tid:
			if !status.Stopped() {
				return 0, errors.New("it ended")
			}
			if int(status)>>16 == 0 { // not an event of ptrace: a signal is on its way
				signal = int(status.StopSignal())
			}
			return signal, nil
		case n%16 == 15 && time.Since(start) > patience:
			return 0, errNoStop // the end of this OS thread detaches
		case n > spins:
			time.Sleep(500 * time.Microsecond)
		default:
			unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
		}
	}
}

// fill copies the whole stack at once, up to the limit.
func (m *memory) fill(tid int) error {
	n, err := readStopped(tid, m.stack[:m.hi-m.lo], m.lo)
	if err != nil {
		return fmt.Errorf("stack at %#x: %w", m.lo, err)
	}
	m.stack = m.stack[:n]
	return nil
}

func ptrace(request, tid int, addr, data uintptr) error {
	_, _, e := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), addr, data, 0, 0)
	if e != 0 {
		return e
	}
	return nil
}

// registerSet reads NT_PRSTATUS; its size tells the machine.
func registerSet(tid int, set *[512]byte) (int, error) {
	const ntPRStatus = 1
	v := unix.Iovec{Base: &set[0]}
	v.SetLen(len(set))
	if err := ptrace(unix.PTRACE_GETREGSET, tid, ntPRStatus, uintptr(unsafe.Pointer(&v))); err != nil {
		return 0, fmt.Errorf("PTRACE_GETREGSET: %w", err)
	}
	return int(v.Len), nil
}
