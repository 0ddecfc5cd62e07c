package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const stopRounds = 60

// stop: how long a target stands still.
func (b *bench) stop() error {
	if err := b.noStop(); err != nil {
		return err
	}
	bin, err := b.compile("spin", "-O2", "-g")
	if err != nil {
		return err
	}
	// A processor of its own for the target, the other for the tools: so that a gap
	// is a stop, and not the scheduler's turn.
	spin, err := start(false, "taskset", "-c", "1", bin)
	if err != nil {
		return err
	}
	defer spin.stop()
	pid := strconv.Itoa(spin.cmd.Process.Pid)
	gap := func(name string, args ...string) (float64, error) {
		var all []float64
		for range stopRounds {
			if _, err := spin.longestGap(); err != nil { // forget what was before
				return 0, err
			}
			if err := exec.Command("taskset", append([]string{"-c", "0", name}, args...)...).Run(); err != nil && name != "eu-stack" {
				return 0, fmt.Errorf("%s: %w", name, err)
			}
			g, err := spin.longestGap()
			if err != nil {
				return 0, err
			}
			all = append(all, g)
		}
		slices.Sort(all)
		return all[len(all)/2], nil
	}
	nothing, err := gap("true")
	if err != nil {
		return err
	}
	ours, err := gap(b.tool, "stack", "--stop", pid)
	if err != nil {
		return err
	}
	theirs, err := gap("eu-stack", "-s", "-i", "-p", pid)
	if err != nil {
		return err
	}
	row("longest gap the target saw, nobody attaching (median)", fmt.Sprintf("%.1f µs", nothing))
	b.goal("longest gap, cyrlock stack --stop (median)", ours, 100, "µs")
	row("longest gap, eu-stack -s -i (median)", fmt.Sprintf("%.1f µs", theirs))
	b.goal("cyrlock stack --stop, in times of eu-stack's gap", ours/theirs, 1, "times")
	return nil
}

// longestGap asks the spinning target.
func (c *child) longestGap() (float64, error) {
	if _, err := c.in.Write([]byte("\n")); err != nil {
		return 0, err
	}
	line, err := c.out.ReadString('\n')
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(strings.TrimSpace(line), 64)
}

// noStop: a waiter has not run at all while its stack was read: the kernel's own
// counters say so.
func (b *bench) noStop() error {
	bin, err := b.compile("crowd", "-g", "-O1")
	if err != nil {
		return err
	}
	file := filepath.Join(b.dir, "stop.seen")
	c, err := start(true, bin, "2", "20", "1", file)
	if err != nil {
		return err
	}
	defer c.stop()
	waiters, err := b.waitersOf(file, 1)
	if err != nil {
		return err
	}
	before, err := ran(waiters[0])
	if err != nil {
		return err
	}
	const rounds = 100
	for range rounds {
		if err := exec.Command(b.tool, "stack", strconv.Itoa(waiters[0])).Run(); err != nil {
			return err
		}
	}
	after, err := ran(waiters[0])
	if err != nil {
		return err
	}
	same := 0.0
	if before != after {
		same = 1
	}
	b.goal(fmt.Sprintf("no-stop stack: wake-ups of the target in %d readings", rounds), same, 0.5, "")
	return nil
}

// ran is what changes whenever a process runs: its switches and its last start on a CPU.
func ran(pid int) (string, error) {
	var out []string
	for _, name := range []string{"status", "sched"} {
		body, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
		if err != nil {
			return "", err
		}
		for line := range bytes.Lines(body) {
			if bytes.Contains(line, []byte("ctxt_switches")) || bytes.HasPrefix(line, []byte("se.exec_start")) {
				out = append(out, string(line))
			}
		}
	}
	return strings.Join(out, ""), nil
}
