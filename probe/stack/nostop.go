package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
)

const (
	noStop = "no-stop"
	stop   = "stop"

	attempts = 6
	pause    = 200 * time.Microsecond // doubled each time: 6 ms in all
)

// thread traces one thread; alive is false if it has ended.
func (p *process) thread(ctx context.Context, pid, tid int, buf []byte) (th evidence.Thread, alive bool) {
	th.TID = tid
	s, err := p.reader.status(pid, tid, buf[:4096])
	if err != nil {
		th.Error = err.Error()
		return th, false
	}
	th.State = s.state
	var w *walk
	if p.tracer.options.Stop {
		th.Method = stop
		w, th.StopUS, err = p.halt(pid, tid, s, buf)
	} else {
		th.Method = noStop
		w, err = p.glance(ctx, pid, tid, s, buf)
	}
	if w != nil {
		th.Frames = w.named()
		err = errors.Join(err, w.broken())
	}
	if err != nil {
		th.Error = err.Error()
	}
	return th, true
}

// glance unwinds without stopping. A thread that shows the same system call,
// stack pointer and program counter before and after, and has not been
// scheduled in between, stood still: the stack is as exact as a stopped one's.
func (p *process) glance(ctx context.Context, pid, tid int, before status, buf []byte) (*walk, error) {
	var w *walk
	var err error
	wait := pause
	for try := range attempts {
		if try > 0 {
			select {
			case <-ctx.Done():
				return w, context.Cause(ctx)
			case <-time.After(wait):
				wait *= 2
			}
			if before, err = p.reader.status(pid, tid, buf[:4096]); err != nil {
				return nil, err
			}
		}
		var still bool
		if w, still, err = p.once(pid, tid, before, buf); still {
			return w, err
		}
	}
	switch {
	case errors.Is(err, errRunning):
		return nil, errors.New("running: no stack without stopping it (--stop)")
	case err != nil:
		return w, err
	}
	return w, errors.New("the thread ran while its stack was read: frames may be of different moments")
}

// once is one attempt; still says that its outcome, good or bad, is final.
func (p *process) once(pid, tid int, before status, buf []byte) (w *walk, still bool, err error) {
	path := taskFile(pid, tid, "syscall")
	var lines [2][512]byte
	line, err := p.reader.small(path, lines[0][:])
	if err != nil {
		return nil, true, p.reader.noCallLine(pid, tid, err)
	}
	call, err := parseCallLine(string(line))
	if err != nil {
		return nil, !errors.Is(err, errRunning), err
	}
	m, err := p.machineAt(call.pc)
	if err != nil {
		return nil, true, err
	}
	w = p.walk(m, follow(p.from, p.maps, call.sp, buf))
	err = w.run(call.registers(m))
	if errors.Is(err, errNoCFA) || errors.Is(err, errNoReturn) {
		err = fmt.Errorf("%w without stopping the thread (--stop)", err)
	}
	again, e1 := p.reader.small(path, lines[1][:])
	var small [4096]byte
	after, e2 := p.reader.status(pid, tid, small[:])
	if e1 != nil || e2 != nil {
		return w, true, errors.Join(err, errors.New("the thread ended while its stack was read"))
	}
	return w, bytes.Equal(line, again) && before.switches == after.switches, err
}

// noCallLine says why there is no /proc/PID/task/TID/syscall, and what to do.
func (from reader) noCallLine(pid, tid int, err error) error {
	switch {
	case errors.Is(err, os.ErrNotExist):
		if from.stat(taskFile(pid, tid, "status"), new(unix.Stat_t)) != nil {
			return fmt.Errorf("thread %d has ended", tid)
		}
		return fmt.Errorf("%w: this kernel was built without it (CONFIG_HAVE_ARCH_TRACEHOOK): use --stop", err)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%w: this kernel shows it only to who may trace the process: run as root (CAP_SYS_PTRACE), or use --stop as its user with kernel.yama.ptrace_scope=0", err)
	}
	return err
}
