package tests

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
	"cyrlock/lab"
	"cyrlock/probe"
	"cyrlock/probe/stack"
)

// What a snapshot says was read is what strace sees, kind by kind and to the last
// call; and nothing of the mail store is among it.
func TestReadings(t *testing.T) {
	for _, name := range []string{lab.Seed, "orphan-lock"} {
		t.Run(name, func(t *testing.T) {
			r := start(t, name)
			kinds := readingsOf(t, questions{r.Conf, []evidence.Query{{}, {File: r.Seen, Openers: true}, {}}})
			for kind := range kinds {
				if strings.Contains(kind, r.Dir+"/user") {
					t.Errorf("the mail store was touched: %s", kind)
				}
			}
		})
	}
	t.Run("inherited", func(t *testing.T) { // so that descriptions are compared
		file := filepath.Join(t.TempDir(), "f")
		background(t, "flock", file, "sleep", "1000")
		untilFile(t, file, func(f evidence.File) bool { return len(f.Holders) == 2 })
		background(t, "flock", file, "true")
		untilFile(t, file, func(f evidence.File) bool { return len(f.Waiters) == 1 })
		if kinds := readingsOf(t, questions{"", []evidence.Query{{}}}); kinds["call kcmp(2)"] == 0 {
			t.Error("nothing was compared: this test shows nothing")
		}
	})
}

// untilFile looks until a file is as it should be.
func untilFile(t *testing.T, path string, is func(evidence.File) bool) {
	t.Helper()
	m := probe.New(probe.Options{})
	for deadline := time.Now().Add(patience); ; {
		s, err := m.Look(t.Context(), evidence.Query{File: path, Openers: true})
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(s.Files, func(f evidence.File) bool { return f.Path == path && is(f) }) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s was never as it should be: %+v", path, s.Files)
		}
	}
}

// background runs a program for the length of a test, with its children.
func background(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		unavailable(t, err)
	}
	t.Cleanup(func() {
		_ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
		_ = cmd.Wait()
	})
}

// readingsOf has another process take looks under strace, compares what strace
// saw with what they tell, and returns how much was read of each kind.
func readingsOf(t *testing.T, asked questions) map[string]int {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		unavailable(t, err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	question, err := json.Marshal(asked)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	// One file for each thread: what several do at once is not torn apart.
	cmd := exec.CommandContext(t.Context(), strace, "-ff", "-ttt", "-y", "-s", "4096", "-o", filepath.Join(dir, "trace"),
		"-e", "trace="+strings.Join(tracedCalls(), ","), self)
	cmd.Env = append(os.Environ(), looksEnv+"="+string(question))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		unavailable(t, fmt.Errorf("strace: %w", err)) // a container may forbid it
	}
	var told [][]evidence.Reading
	if err := json.Unmarshal(out, &told); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	kinds := map[string]int{}
	events := readTrace(t, dir)
	for i := range asked.Queries {
		seen := counted(t, events, mark("begin", i), mark("end", i))
		for kind, s := range seen {
			kinds[kind] += s.count
		}
		compare(t, i, told[i], seen)
	}
	return kinds
}

// A seen is how often strace saw a kind of call, and how often it failed.
type seen struct{ count, failed int }

func compare(t *testing.T, look int, told []evidence.Reading, want map[string]seen) {
	t.Helper()
	all := 0
	got := map[string]evidence.Reading{}
	for _, r := range told {
		got[r.How+" "+r.What] = r
		all += r.Count
	}
	if len(got) != len(told) || all < 100 {
		t.Errorf("look %d: %d readings of %d kinds, %d different", look, all, len(told), len(got))
	}
	for _, what := range slices.Sorted(maps.Keys(want)) {
		w, g := want[what], got[what]
		// What was opened may fail to be read.
		if g.Count != w.count || g.Failed < w.failed || g.Failed > w.failed && g.How != "read" && g.How != "list" {
			t.Errorf("look %d: %s: told %d, %d failed; strace saw %d, %d failed", look, what, g.Count, g.Failed, w.count, w.failed)
		}
		delete(got, what)
	}
	for what, g := range got {
		t.Errorf("look %d: %s: told %d, strace saw none", look, what, g.Count)
	}
	t.Logf("look %d: %d readings of %d kinds", look, all, len(told))
	for _, r := range told {
		t.Logf("%-5s %4d (%d failed) %s", r.How, r.Count, r.Failed, r.What)
	}
}

// looksEnv makes this test program take looks and print what they read.
const looksEnv = "CYRLOCK_TEST_LOOKS"

type questions struct {
	Conf    string
	Queries []evidence.Query
}

// mark is a path that is nowhere. To ask for it leaves a mark in the trace.
func mark(what string, look int) string { return fmt.Sprintf("/cyrlock-test-%s-%d", what, look) }

func takeLooks(asked string) int {
	var q questions
	if err := json.Unmarshal([]byte(asked), &q); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	tracer := stack.New(stack.Options{})
	m := probe.New(probe.Options{Conf: q.Conf, Tracer: tracer})
	var all [][]evidence.Reading
	for i, query := range q.Queries {
		_ = unix.Access(mark("begin", i), 0)
		s, err := m.Look(context.Background(), query)
		_ = unix.Access(mark("end", i), 0)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		all = append(all, s.Readings)
	}
	if err := json.NewEncoder(os.Stdout).Encode(all); err != nil {
		return 1
	}
	return 0
}
