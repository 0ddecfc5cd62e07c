// Package limit puts a time limit on reads that the kernel may never finish.
//
// A read of /proc/PID/cmdline blocks while another task of that process holds
// its memory map, and a statx on a hung NFS mount blocks for good. No signal
// ends such a read, so the goroutine is left behind and its result dropped. A
// caller that has met [ErrTime] must not ask the same process again.
package limit

import (
	"context"
	"errors"
	"time"
)

// ErrTime says that a read did not end within its limit.
var ErrTime = errors.New("no answer within the time limit")

// Do runs f and waits for it until d has passed or ctx ends.
func Do[T any](ctx context.Context, d time.Duration, f func() (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1) // one place: f must be able to end when nobody listens
	go func() {
		v, err := f()
		done <- result{v, err}
	}()
	timer := time.NewTimer(d)
	defer timer.Stop()
	var zero T
	select {
	case r := <-done:
		return r.v, r.err
	case <-timer.C:
		return zero, ErrTime
	case <-ctx.Done():
		return zero, context.Cause(ctx)
	}
}
