package probe

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
	"cyrlock/probe/stack"
)

// crowd starts a synthetic mail server: 2,000 processes with 100 descriptors
// each, 300 of which wait for one lock.
func crowd(tb testing.TB, dir string, numbers ...int) {
	tb.Helper()
	args := []string{dir}
	for _, n := range numbers {
		args = append(args, strconv.Itoa(n))
	}
	cmd := exec.Command(compile(tb, dir, "crowd"), args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		tb.Fatalf("crowd said %q: %v", line, err)
	}
}

// Two hundred waiters, each found with its place in the queue; and so many that
// merely have the file open that not all get a stack, which is said.
func TestCrowd(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "jwade.seen")
	crowd(t, dir, 340, 10, 200, mostOpeners+7)
	tracer := stack.New(stack.Options{})
	defer tracer.Close()
	s, f := until(t, New(Options{Tracer: tracer}), evidence.Query{File: path, Openers: true}, path, waiters(200))
	for i, w := range f.Waiters {
		if w.Queue != i+1 || w.FD < 0 {
			t.Fatalf("waiter %d: %+v", i, w)
		}
	}
	if len(f.Holders) != 1 || len(f.Open) != mostOpeners+7 {
		t.Errorf("holders %+v, %d openers", f.Holders, len(f.Open))
	}
	traced := 0
	for _, p := range s.Processes {
		if !strings.Contains(p.Title, dir) {
			continue // other programs lock, too
		}
		for _, th := range p.Threads {
			if len(th.Frames) > 0 {
				traced++
			}
		}
	}
	left := slices.ContainsFunc(s.Gaps, func(g evidence.Gap) bool { return g.What == "stacks" && strings.HasPrefix(g.Why, "7 processes") })
	if traced != 1+200+mostOpeners || !left {
		t.Errorf("%d stacks; gaps %+v", traced, s.Gaps)
	}
}

// The budgets: a look with stacks in 0.3 s, every opener in 0.7 s, on two idle
// CPUs; the peak of memory in 64 MB.
func BenchmarkLook(b *testing.B) {
	dir := b.TempDir()
	file := filepath.Join(dir, "jwade.seen")
	crowd(b, dir, 2000, 100, 300, 20)
	tracer := stack.New(stack.Options{})
	defer tracer.Close()
	for _, c := range []struct {
		name   string
		tracer Tracer
		query  evidence.Query
		open   int
	}{
		{"everything", nil, evidence.Query{}, 0},
		{"stacks", tracer, evidence.Query{}, 0},
		{"openers", nil, evidence.Query{File: file, Openers: true}, 20},
	} {
		b.Run(c.name, func(b *testing.B) {
			m := New(Options{Tracer: c.tracer})
			debug.FreeOSMemory()
			begin := cpuTime()
			for b.Loop() {
				s, err := m.Look(b.Context(), c.query)
				if err != nil {
					b.Fatal(err)
				}
				f := fileNamed(s, file)
				if f == nil || len(f.Waiters) != 300 || len(f.Holders) != 1 || len(f.Open) != c.open {
					b.Fatalf("%+v", f)
				}
			}
			b.ReportMetric(float64(cpuTime()-begin)/float64(time.Millisecond)/float64(b.N), "cpu-ms")
			b.ReportMetric(peakMB(), "peak-MB")
		})
	}
}

// The scan of all descriptors beside a C program that makes the same system calls.
func BenchmarkScan(b *testing.B) {
	dir := b.TempDir()
	crowd(b, dir, 2000, 100, 0, 20)
	floor := compile(b, dir, "floor")
	l := New(Options{}).newLook(evidence.Query{})
	var ours, theirs []int // microseconds
	for b.Loop() {
		// By turns, so that both meet the same machine.
		out, err := exec.Command(floor, "/jwade.seen", "1").Output()
		if err != nil {
			b.Fatal(err)
		}
		var micros, hits int
		if _, err := fmt.Sscan(string(out), &micros, &hits); err != nil || hits != 21 {
			b.Fatalf("floor said %q", out)
		}
		theirs = append(theirs, micros)
		begin := time.Now()
		pids, err := newReader("/proc", nil).list(0, "")
		if err != nil {
			b.Fatal(err)
		}
		clear(l.hits)
		l.find(b.Context(), pids, wanted{names: map[string]bool{"jwade.seen": true}})
		if len(l.hits) != 21 {
			b.Fatalf("%d hits", len(l.hits))
		}
		ours = append(ours, int(time.Since(begin).Microseconds()))
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	us, them := ours[len(ours)/2], theirs[len(theirs)/2]
	b.ReportMetric(float64(us)/1000, "scan-ms")
	b.ReportMetric(float64(them)/1000, "C-ms")
	b.ReportMetric(float64(us)/float64(them), "times-C")
}

// peakMB is the most memory this process has had.
func peakMB() float64 {
	text, _ := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(text), "VmHWM:")
	var kb float64
	fmt.Sscan(after, &kb)
	return kb / 1024
}

// cpuTime is what this process has used of all CPUs; on a busy machine it tells
// more than the time that went by.
func cpuTime() time.Duration {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
