package stack

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"cyrlock/probe/tally"
	"cyrlock/ptrace"
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
	ptrace.OnOwnThread(func() { done <- seize(tid, p, buf) })
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

// seize does the stop, where a thread may be stopped.
func seize(tid int, p *process, buf []byte) (h halted) {
	defer guard("stop", &h.err)
	return stopAndCopy(tid, p, buf, p.tracer.options.Limit/2)
}

// stopAndCopy copies the registers and the stack. Between interrupt and release there
// are raw system calls only.
func stopAndCopy(tid int, p *process, buf []byte, patience time.Duration) (h halted) {
	var set [512]byte
	warmUp(p, buf)
	if err := ptrace.Request(unix.PTRACE_SEIZE, tid, 0, 0); err != nil {
		h.err = fmt.Errorf("PTRACE_SEIZE: %w", err)
		return h
	}
	start := time.Now()
	if err := ptrace.Request(unix.PTRACE_INTERRUPT, tid, 0, 0); err != nil {
		h.err = fmt.Errorf("PTRACE_INTERRUPT: %w", err)
		return h
	}
	signal, err := ptrace.Await(tid, start, patience)
	if errors.Is(err, ptrace.ErrNoStop) {
		err = errNoStop
	}
	if err != nil {
		h.err = err
		return h
	}
	size, regErr := ptrace.Registers(unix.PTRACE_GETREGSET, tid, set[:])
	if regErr != nil {
		regErr = fmt.Errorf("PTRACE_GETREGSET: %w", regErr)
	} else {
		h.machine, h.regs, regErr = decodeRegisters(set[:size])
	}
	var copyErr error
	if regErr == nil {
		sp, _ := h.regs.get(h.machine.sp)
		h.mem = follow(p.from, p.maps, sp, buf)
		copyErr = h.mem.fill(tid)
	}
	releaseErr := ptrace.Request(unix.PTRACE_DETACH, tid, 0, uintptr(signal))
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
	ptrace.Request(unix.PTRACE_DETACH, 0, 0, 0)
	ptrace.Await(unix.Gettid(), time.Now(), 0) // no child of ours
}

var errNoStop = errors.New("it did not stop in time: it sleeps uninterruptibly (state D); its stack can be read without a stop")

// fill copies the whole stack at once, up to the limit.
func (m *memory) fill(tid int) error {
	n, err := readStopped(tid, m.stack[:m.hi-m.lo], m.lo)
	if err != nil {
		return fmt.Errorf("stack at %#x: %w", m.lo, err)
	}
	m.stack = m.stack[:n]
	return nil
}
