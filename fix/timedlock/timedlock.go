// Package timedlock is the one timed lock of cyrlock: its C source, which a patched
// Cyrus and the preload library share, and its schedule in numbers and words.
package timedlock

import (
	_ "embed"
	"fmt"
)

// Core is the schedule in C89 without a C library. What it needs of the system
// is declared there, and defined by those who include it.
//
//go:embed timedlock.h
var Core string

// MaxtimeLimit is the longest single sleep allowed, in seconds: an hour, which
// makes a bound of 20 hours.
const MaxtimeLimit = 3600

// A Schedule is when a waiter tries again, and for how long at most.
type Schedule struct {
	// Maxtime is the longest single sleep, in seconds: the seed's MAXTIME. The
	// bound of the whole wait is much longer.
	Maxtime int
	// Hybrid waits in the kernel's queue between tries; otherwise it sleeps.
	Hybrid bool
}

// Valid reports what is wrong with s.
func (s Schedule) Valid() error {
	if s.Maxtime < 1 || s.Maxtime > MaxtimeLimit {
		return fmt.Errorf("a longest sleep of %d s is not possible: choose 1 to %d", s.Maxtime, MaxtimeLimit)
	}
	return nil
}

// Sleeps are the times between the tries, in seconds, from the second try on.
func (s Schedule) Sleeps() []int {
	var sleeps []int
	for n := 1; n*n <= min(s.Maxtime, MaxtimeLimit); n++ {
		sleeps = append(sleeps, n*n)
	}
	return sleeps
}

// Tries counts the tries of a wait that fails.
func (s Schedule) Tries() int { return 2 + len(s.Sleeps()) }

// Bound is how long a wait that fails takes, in seconds.
func (s Schedule) Bound() int {
	total := 0
	for _, sleep := range s.Sleeps() {
		total += sleep
	}
	return total
}
