package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/fix"
	"cyrlock/ui"
)

// A turns is a machine that is looked at by several, one at a time: the screens go on
// looking while something is done about a hang, which takes looks of its own. Whom they
// stop themselves for a moment it shows as if they had not.
type turns struct {
	ui.Machine
	turn       chan struct{}
	thresholdS float64 // for the captures that receipts have

	mu    sync.Mutex
	query evidence.Query     // of the first look, and so of the screens
	last  *evidence.Snapshot // of that query
	stops []diagnose.Stop
}

// begin waits for the turn; end gives it away.
func (m *turns) begin(ctx context.Context, other string) (end func(), err error) {
	select {
	case m.turn <- struct{}{}:
		return func() { <-m.turn }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%s is under way and does not end: %w", other, context.Cause(ctx))
	}
}

func (m *turns) Look(ctx context.Context, q evidence.Query) (evidence.Snapshot, error) {
	end, err := m.begin(ctx, "another look")
	if err != nil {
		return evidence.Snapshot{}, err
	}
	defer end()
	s, err := m.Machine.Look(ctx, q)
	s.ThresholdS = m.thresholdS
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last == nil {
		m.query = q
	} else {
		diagnose.Steady(*m.last, s, m.stops)
	}
	if q == m.query && (err == nil || m.last == nil) {
		m.last = &s
	}
	return s, err
}

// Exact is that of the machine, if it has one.
func (m *turns) Exact(ctx context.Context, pid int, start uint64) (evidence.Process, error) {
	s, can := m.Machine.(ui.Stopper)
	if !can {
		return evidence.Process{}, errors.New("nothing can be attached to here: this is not a live machine")
	}
	end, err := m.begin(ctx, "a look")
	if err != nil {
		return evidence.Process{}, err
	}
	defer end()
	defer m.stopped(pid, false, time.Now())
	return s.Exact(ctx, pid, start)
}

// stopped notes that a process was stopped, and perhaps made to leave its call, between
// from and now.
func (m *turns) stopped(pid int, went bool, from time.Time) {
	const most = 64 // of before, the clocks have moved on long ago
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last != nil {
		m.stops = append(m.stops[max(0, len(m.stops)-most):], diagnose.NewStop(*m.last, pid, went, from, time.Now()))
	}
}

// noting is a plan whose steps are noted that stop a process.
func (m *turns) noting(p fix.Prepared) fix.Prepared {
	if p.Kind != "cancel" && p.Kind != "rejoin" {
		return p
	}
	p.Changes = slices.Clone(p.Changes)
	for i, c := range p.Changes {
		if c.Act == nil {
			continue
		}
		act := *c.Act
		act.Do = func(ctx context.Context) (string, error) {
			defer m.stopped(act.PID, p.Kind == "cancel", time.Now())
			return c.Act.Do(ctx)
		}
		p.Changes[i].Act = &act
	}
	return p
}
