package stack_test

import (
	"strings"
	"testing"
	"time"

	"cyrlock/evidence"
	"cyrlock/probe/stack"
)

// looks are the ways to take a stack. All of them must agree with gdb.
var looks = []struct {
	name string
	stack.Options
}{
	{"without a stop", stack.Options{}},
	{"without a stop, with libc's lines", stack.Options{LibcLines: true}},
	{"with a stop", stack.Options{Stop: true}},
	{"with a stop and libc's lines", stack.Options{Stop: true, LibcLines: true}},
}

// TestAgreesWithGDB builds the target in every variant, lets it hang in every
// mode, and compares each thread's frames with those of gdb: how many, their pc,
// function, inlining, module, file, line and arguments.
func TestAgreesWithGDB(t *testing.T) {
	need(t, "gcc", "gdb")
	locks := holdLocks(t)
	var counts counters
	tracers := make([]*stack.Tracer, len(looks)) // one of each for all processes, as in use
	for i, look := range looks {
		look.Limit = 20 * time.Second // of a machine that does much else
		tracers[i] = stack.New(look.Options)
		defer tracers[i].Close()
	}
	t.Run("variants", func(t *testing.T) {
		for _, v := range variants {
			t.Run(v.name, func(t *testing.T) {
				t.Parallel()
				v.compare(t, locks, tracers, &counts)
			})
		}
	})
	args, lost := counts.args.Load(), counts.lost.Load()
	t.Logf("%d arguments compared, %d not known without a stop", args, lost)
	if args == 0 || lost*100 > args*2 {
		t.Errorf("%d of %d arguments not known without a stop: more than 2 in 100", lost, args)
	}
}

func (v variant) compare(t *testing.T, locks string, tracers []*stack.Tracer, counts *counters) {
	exe := v.build(t)
	var pids []int
	targets := map[int]target{}
	for _, m := range modes {
		p := start(t, exe, m, locks)
		pids = append(pids, p.pid)
		targets[p.pid] = p
	}
	ours := map[int][]map[int][]evidence.Frame{} // pid → as in looks → tid
	take := func(stop bool) {
		for _, pid := range pids {
			if ours[pid] == nil {
				ours[pid] = make([]map[int][]evidence.Frame, len(looks))
			}
			for i, look := range looks {
				if look.Stop == stop {
					quiet(t, pid) // a stop before has interrupted the call: it must be waiting again
					ours[pid][i] = frames(t, tracers[i], pid)
				}
			}
		}
	}
	// Without a stop comes before gdb: a system call that gdb has interrupted
	// and restarted is another one.
	if v.late == nil {
		take(false)
	}
	gdb := gdbStacks(t, pids...)
	if v.late != nil {
		v.late(t, exe)
		take(false)
	}
	take(true)
	for _, pid := range pids {
		for i, look := range looks {
			c := comparison{noStop: !look.Stop, stale: v.stale, libc: look.LibcLines, counters: counts}
			c.threads(t, targets[pid].mode+", "+look.name, ours[pid][i], gdb[pid], exe)
		}
	}
}

// threads compares all threads of a process and prints both stacks of those that differ.
func (c comparison) threads(t *testing.T, what string, ours map[int][]evidence.Frame, gdb map[int][]gdbFrame, exe string) {
	t.Helper()
	if len(ours) != len(gdb) {
		t.Errorf("%s: %d threads, gdb has %d", what, len(ours), len(gdb))
	}
	for tid, want := range gdb {
		got := ours[tid]
		if diff := c.differences(got, want, exe); diff != nil {
			t.Errorf("%s, thread %d:\n%s\nours:\n%sgdb's:\n%s", what, tid,
				strings.Join(diff, "\n"), ourText(got), gdbText(want))
		}
	}
}

// frames takes the stacks of all threads.
func frames(t *testing.T, tracer *stack.Tracer, pid int) map[int][]evidence.Frame {
	t.Helper()
	threads, _, err := tracer.Threads(t.Context(), pid, nil)
	if err != nil {
		t.Errorf("stacks of %d: %v", pid, err)
	}
	byTID := map[int][]evidence.Frame{}
	for _, th := range threads {
		byTID[th.TID] = th.Frames
	}
	return byTID
}
