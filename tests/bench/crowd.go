package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"cyrlock/diagnose"
)

const (
	crowdProcs   = 2000
	crowdFDs     = 100
	crowdWaiters = 300
	gdbSample    = 20
)

// crowd: a busy server, everybody on one file.
func (b *bench) crowd() error {
	bin, err := b.compile("crowd", "-g", "-O1", "-fno-inline", "-fno-optimize-sibling-calls")
	if err != nil {
		return err
	}
	file := filepath.Join(b.dir, "jwade.seen")
	c, err := start(true, bin, strconv.Itoa(crowdProcs), strconv.Itoa(crowdFDs), strconv.Itoa(crowdWaiters), file)
	if err != nil {
		return err
	}
	defer c.stop()

	waiters, err := b.waitersOf(file, crowdWaiters)
	if err != nil {
		return err
	}
	all, err := timed(5, b.tool, "check", "--json")
	if err != nil {
		return err
	}
	one, err := timed(5, b.tool, "check", "--json", "--file", file)
	if err != nil {
		return err
	}
	b.goal(fmt.Sprintf("check, all stacks (%d processes, %d waiters)", crowdProcs, crowdWaiters), ms(all.wall), 300, "ms")
	b.goal("  its memory", all.rss, 64, "MB")
	b.goal("check --file, every opener too", ms(one.wall), 700, "ms")
	b.goal("  its memory", one.rss, 64, "MB")
	return b.besideTheProcedure(file, waiters, one.wall)
}

// waitersOf waits until check sees n waiters for the file, each with a whole
// stack: so what is timed afterwards is the real work.
func (b *bench) waitersOf(file string, n int) ([]int, error) {
	deadline := time.Now().Add(time.Minute)
	for {
		out, _ := exec.Command(b.tool, "check", "--json", "--file", file).Output()
		var r diagnose.Report
		if err := json.Unmarshal(out, &r); err != nil {
			return nil, fmt.Errorf("check --json: %w", err)
		}
		var waiters []int
		for _, f := range r.Files {
			for _, w := range f.Waiters {
				p := r.Process(w.PID)
				if f.Path == file && p != nil && len(p.Threads) > 0 && len(p.Threads[0].Frames) >= 10 {
					waiters = append(waiters, w.PID)
				}
			}
		}
		if len(waiters) == n {
			return waiters, nil
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("check sees %d waiters with a stack, want %d; verdict %s, %d gaps", len(waiters), n, r.Verdict, len(r.Gaps))
		}
	}
}

// besideTheProcedure: lsof | grep, then gdb on each, as a person does it.
func (b *bench) besideTheProcedure(file string, waiters []int, ours time.Duration) error {
	lsof, err := timed(1, "sh", "-c", "lsof 2>/dev/null | grep "+filepath.Base(file))
	if err != nil {
		return err
	}
	begin := time.Now()
	for _, pid := range waiters[:gdbSample] {
		if err := exec.Command("gdb", "-p", strconv.Itoa(pid), "-batch", "-ex", "bt").Run(); err != nil {
			return fmt.Errorf("gdb -p %d: %w", pid, err)
		}
	}
	gdb := time.Since(begin) * crowdWaiters / gdbSample
	row("lsof | grep", fmt.Sprintf("%.0f ms", ms(lsof.wall)))
	row(fmt.Sprintf("gdb on each (timed on %d, scaled to %d)", gdbSample, crowdWaiters), fmt.Sprintf("%.0f ms", ms(gdb)))
	b.atLeast("check --file beside lsof and gdb: faster", float64(lsof.wall+gdb)/float64(ours), 100)
	return nil
}
