package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
	"cyrlock/probe/cyrus"
	"cyrlock/probe/limit"
)

// Exact stops the threads of a process, one after the other, for an exact stack of
// each. It is the only thing here that touches a process: [evidence.Snapshot.StopCost]
// tells the price, which is to be shown before. start, [evidence.Process] Start,
// makes sure that it is still the process that was seen: it is compared before the
// first stop and after the last.
//
// The error says in plain words why there is no exact stack; what is known of the
// process is returned with it, unless it is gone. A thread that alone could not be
// stopped has that in its Error.
func (m *Machine) Exact(ctx context.Context, pid int, start uint64) (evidence.Process, error) {
	l := m.newLook(evidence.Query{})
	p, err := l.exact(ctx, pid, start)
	if err != nil {
		err = fmt.Errorf("no exact stack of process %d: %w", pid, err)
	}
	return p, err
}

var (
	errGone     = errors.New("it has ended")
	errReplaced = errors.New("it has ended, and another process has its number now")
	errStuck    = fmt.Errorf("%w: it may be stuck in the kernel", limit.ErrTime)
)

func (l *look) exact(ctx context.Context, pid int, start uint64) (none evidence.Process, err error) {
	switch {
	case l.machine.options.Exact == nil:
		return none, errors.New("nothing is to be stopped here")
	case pid <= 0: // which kill(2) takes for many
		return none, errGone
	case pid == os.Getpid():
		return none, errors.New("that is cyrlock itself")
	}
	pids := []int{pid}
	if err := l.stillIs(ctx, pid, start); err != nil {
		return none, err
	}
	l.server, _ = cyrus.Find(ctx, l.machine.options.Conf, l.sheet)
	if len(l.known(ctx, pids)) == 0 {
		return none, errGone
	}
	p := l.people[pid]
	l.threads(ctx, pids) // how long they have slept: a stop wakes them
	l.connections(ctx, pids, pids)
	if p.Tracer != 0 {
		return *p, fmt.Errorf("%s (%d) traces it already, and no second one can stop it; its stack can be read without", evidence.Clean(p.TracerName), p.Tracer)
	}
	threads, err := limit.Do(ctx, 3*l.machine.options.Limit, func() ([]evidence.Thread, error) {
		threads, _, err := l.machine.options.Exact.Threads(ctx, pid, l.sheet)
		return threads, err
	})
	if gone := l.stillIs(ctx, pid, start); gone != nil {
		return none, gone
	}
	addStacks(p.Threads, threads)
	if slices.ContainsFunc(p.Threads, func(t evidence.Thread) bool { return t.Method == "stop" && len(t.Frames) > 0 }) {
		return *p, nil
	}
	for _, t := range p.Threads {
		if err == nil && t.Error != "" {
			err = errors.New(t.Error)
		}
	}
	switch {
	case errors.Is(err, limit.ErrTime):
		return *p, errStuck
	case err == nil:
		return *p, errors.New("its threads ended meanwhile")
	}
	return *p, err
}

// stillIs says whether a process is the one that was seen, and can be stopped.
func (l *look) stillIs(ctx context.Context, pid int, start uint64) error {
	l.processes = l.sieve(ctx, []int{pid})
	p := l.processes[pid]
	switch {
	case l.crew.mute[pid]:
		return errStuck
	case p == nil && errors.Is(unix.Kill(pid, 0), unix.EPERM):
		return errors.New("/proc does not show it to you: run as root")
	case p == nil:
		return errGone
	case p.start != start:
		return errReplaced
	case p.kernel:
		return errors.New("it is a thread of the kernel")
	case p.state == "Z", p.state == "X":
		return errors.New("it has ended, and its parent has not noticed yet")
	}
	return nil
}
