package probe

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"cyrlock/evidence"
	"cyrlock/probe/tally"
)

// A meanwhile is a Tracer in whose time something happens on the machine.
type meanwhile func()

func (f meanwhile) Threads(context.Context, int, *tally.Sheet) ([]evidence.Thread, *evidence.Code, error) {
	f()
	return nil, nil, nil
}

// TestOver: the lock is free before the look ends, and the waiter has gone on. What
// the look began with is no hang.
func TestOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jwade.seen")
	holder, waiter := newActor(t), newActor(t)
	holder.do("open a %s", path)
	waiter.do("open a %s", path)
	holder.do("flock a ex")
	waiter.begin("flock a ex")
	until(t, New(Options{}), evidence.Query{File: path}, path, waiters(1))
	freed := false
	m := New(Options{Tracer: meanwhile(func() {
		if !freed {
			freed = true
			holder.do("flock a un")
			if _, err := waiter.out.ReadString('\n'); err != nil { // it says that it has the lock
				t.Error(err)
			}
			asleep(t, waiter) // one that runs may be about to wait on
		}
	})})
	s, err := m.Look(t.Context(), evidence.Query{})
	if err != nil {
		t.Fatal(err)
	}
	if !freed {
		t.Fatal("nobody's stack was asked for: the wait was not seen at all")
	}
	if f := fileNamed(s, path); f != nil && len(f.Waiters) > 0 {
		t.Errorf("still waits: %+v", f.Waiters)
	}
}

// asleep waits until no thread of an actor runs.
func asleep(t *testing.T, a *actor) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		calls, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/syscall", a.pid))
		if len(calls) > 0 && !slices.ContainsFunc(calls, func(name string) bool {
			text, err := os.ReadFile(name)
			return err != nil || strings.HasPrefix(string(text), "running")
		}) {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the actor runs and runs")
		}
	}
}
