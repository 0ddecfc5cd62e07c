package syslog

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cyrlock/evidence"
)

// A taker collects what a Follow gives.
type taker struct {
	t     *testing.T
	mu    sync.Mutex
	lines []string
	notes []What
	lost  int64
}

func (k *taker) sink() Sink {
	return Sink{
		Line: func(l evidence.LogLine) { k.mu.Lock(); k.lines = append(k.lines, l.Text); k.mu.Unlock() },
		Note: func(n Note) {
			k.mu.Lock()
			k.notes = append(k.notes, n.What)
			k.lost += n.Lost
			k.mu.Unlock()
		},
	}
}

// until waits until what was given is right.
func (k *taker) until(what string, right func(lines []string, notes []What) bool) {
	k.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		k.mu.Lock()
		ok := right(k.lines, k.notes)
		lines, notes := slices.Clone(k.lines), slices.Clone(k.notes)
		k.mu.Unlock()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("%s: lines %q, notes %v", what, lines[max(0, len(lines)-10):], notes)
		}
	}
}

func (k *taker) has(lines ...string) {
	k.t.Helper()
	k.until("lines "+strings.Join(lines, ","), func(got []string, _ []What) bool { return slices.Equal(got, lines) })
}

func (k *taker) was(note What) {
	k.t.Helper()
	k.until("note "+string(note), func(_ []string, notes []What) bool { return slices.Contains(notes, note) })
}

// following starts a Follow that ends with the test.
func following(t *testing.T, path string, from From) *taker {
	t.Helper()
	k := &taker{t: t}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Follow(ctx, path, from, k.sink()) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Follow ended with %v", err)
		}
	})
	return k
}

func write(t *testing.T, path string, lines ...string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, l := range lines {
		if _, err := f.WriteString(l); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFollow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.log")
	write(t, path, "old\n", "begun ")
	k := following(t, path, From{})
	k.was(Opened)
	write(t, path, "before\n", "one\n", "tw")
	k.has("begun before", "one")
	write(t, path, "o\r\n")
	k.has("begun before", "one", "two")
}

func TestFollowFromStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.log")
	write(t, path, "old\n")
	k := following(t, path, From{Start: true})
	k.has("old")
}

// The daemon writes to the old file until it is told; then to the new one.
func TestFollowRename(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.log")
	write(t, path)
	k := following(t, path, From{})
	k.was(Opened)
	var want []string
	for i := range 30 {
		a, b, c := fmt.Sprint("a", i), fmt.Sprint("b", i), fmt.Sprint("c", i)
		write(t, path, a+"\n")
		old := fmt.Sprint(path, ".", i)
		if err := os.Rename(path, old); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			write(t, path)
		}
		write(t, old, b+"\n")
		want = append(want, a, b, c)
		k.until("old lines", func(got []string, _ []What) bool { return len(got) == len(want)-1 })
		write(t, path, c+"\n")
		k.has(want...)
	}
}

func TestFollowCopyTruncate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.log")
	write(t, path, "a long line that was there before\n")
	k := following(t, path, From{Start: true})
	k.has("a long line that was there before")
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	write(t, path, "x\n")
	k.has("a long line that was there before", "x")
	k.was(Truncated)
	// It is emptied and has more than before at the next look.
	if err := os.WriteFile(path, []byte("second\nthird, longer than all that was\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	k.has("a long line that was there before", "x", "second", "third, longer than all that was")
}

func TestFollowMissing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	path := filepath.Join(dir, "mail.log")
	k := following(t, path, From{})
	k.was(Missing)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, path, "one\n")
	k.has("one")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	k.until("missing again", func(_ []string, notes []What) bool { return notes[len(notes)-1] == Missing })
	write(t, path, "two\n")
	k.has("one", "two")
}
