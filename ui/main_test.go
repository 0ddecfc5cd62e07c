package ui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"cyrlock/evidence"
	"cyrlock/ui/sample"
)

// TestMain lets the test binary be the program itself, in a real terminal: with
// CYRLOCK_TEST_SCREENS set it shows the screens of a made-up machine.
func TestMain(m *testing.M) {
	which := os.Getenv("CYRLOCK_TEST_SCREENS")
	if which == "" {
		os.Exit(m.Run())
	}
	if name := os.Getenv("CYRLOCK_TEST_PID"); name != "" {
		if err := os.WriteFile(name, []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	machines := map[string]Machine{
		"incident": sample.Recorded(sample.Incident()),
		"panic":    panics{},
		"late":     &late{},
		"fails":    &fails{},
	}
	if err := Run(context.Background(), machines[which], Options{Every: 500 * time.Millisecond}); err != nil {
		fmt.Fprintln(os.Stderr, "ended:", err)
		os.Exit(1)
	}
	fmt.Println("ended: well")
}

// panics is a Machine with a programming error.
type panics struct{}

func (panics) Look(context.Context, evidence.Query) (evidence.Snapshot, error) { panic("boom") }

// late answers once, and then only when it is told to give up.
type late struct{ looks int }

func (l *late) Look(ctx context.Context, _ evidence.Query) (evidence.Snapshot, error) {
	if l.looks++; l.looks > 1 {
		<-ctx.Done()
	}
	return sample.Incident(), ctx.Err()
}

// fails answers once, and then never again.
type fails struct{ looks int }

func (f *fails) Look(context.Context, evidence.Query) (evidence.Snapshot, error) {
	if f.looks++; f.looks > 1 {
		return evidence.Snapshot{}, errors.New("/proc/locks: permission denied")
	}
	return sample.Incident(), nil
}
