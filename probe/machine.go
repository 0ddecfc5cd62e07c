// Package probe looks at a machine: who holds which file lock, who waits for it
// and since when, and what those processes do.
//
// A look changes nothing: no process is stopped, signalled or attached to, and
// no file but those of /proc, the mail server's configuration, and the programs and
// libraries that processes run is opened; the snapshot's Readings list them all. It
// reads what a hung system could take away first, and every question to another
// process has a time limit. What could not be read is a gap in the evidence, with
// its reason.
//
// Only [Machine.Exact] stops a process, for some microseconds, when it is asked to.
package probe

import (
	"context"
	"runtime"
	"sync"
	"time"

	"cyrlock/evidence"
	"cyrlock/probe/tally"
)

// A Tracer reads stacks: package stack has one. Threads returns what it could
// read beside the error, and counts on the sheet, which may be nil, what it reads.
// The code is what the memory map says of it, for any program; nil: not known.
type Tracer interface {
	Threads(ctx context.Context, pid int, sheet *tally.Sheet) ([]evidence.Thread, *evidence.Code, error)
}

// Options say how to look.
type Options struct {
	Conf   string        // imapd.conf; empty: found from the running server
	Tracer Tracer        // for stacks; nil: none are taken
	Exact  Tracer        // one that stops, for [Machine.Exact] only; nil: it refuses
	Limit  time.Duration // for the questions to one process; 0: one second
}

// A Machine is the one this program runs on. It remembers waiters from look to
// look, for kernels that do not tell how long a thread has slept, and which files that
// it was asked about were open by that very name.
type Machine struct {
	options Options
	proc    string // "/proc"
	calls   calls

	mu      sync.Mutex
	watched map[watch]watched
	named   map[string]bool
}

// A watch names a wait that was seen: one thread at one lock.
type watch struct {
	pid, tid int
	begin    uint64 // the thread's start time
	key      lockKey
}

type watched struct {
	first time.Time
	ran   uint64 // context switches then: the same number means that it never woke
}

// New makes a machine to look at.
func New(o Options) *Machine {
	if o.Limit <= 0 {
		o.Limit = time.Second
	}
	return &Machine{options: o, proc: "/proc", calls: newCalls(runtime.GOARCH)}
}

// remember notes a wait of unknown length and returns for how long it has
// certainly lasted.
func (m *Machine) remember(w watch, ran uint64, now time.Time) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.watched == nil {
		m.watched = make(map[watch]watched)
	}
	old, ok := m.watched[w]
	if !ok || old.ran != ran {
		m.watched[w] = watched{now, ran}
		return 0
	}
	return now.Sub(old.first)
}

// known notes that a file was open by the very name that was asked for, if it is, and
// returns whether it ever was.
func (m *Machine) known(path string, is bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if is && m.named == nil {
		m.named = make(map[string]bool)
	}
	if is {
		m.named[path] = true
	}
	return m.named[path]
}

// forget drops the waits that are over.
func (m *Machine) forget(still map[watch]bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for w := range m.watched {
		if !still[w] {
			delete(m.watched, w)
		}
	}
}
