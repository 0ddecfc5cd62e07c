package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"cyrlock/fix"
)

const cancels = 60

// stoodStill is what a receipt says of a cancelled wait.
var stoodStill = regexp.MustCompile(`stood still for (\d+) µs`)

// cancel: how long a waiter stands still whose wait is ended, from the interrupt to
// its release, as cyrlock fix cancel notes it.
func (b *bench) cancel() error {
	bin, err := b.compile("crowd", "-g", "-O1", "-fno-inline", "-fno-optimize-sibling-calls")
	if err != nil {
		return err
	}
	file := filepath.Join(b.dir, "cancel.seen")
	// A processor of its own for the targets, the other for the tool, as in part stop:
	// so that what is timed is the stop, and not the scheduler's turn.
	c, err := start(true, "taskset", "-c", "1", bin, strconv.Itoa(cancels+1), "20", strconv.Itoa(cancels), file)
	if err != nil {
		return err
	}
	defer c.stop()
	waiters, err := b.waitersOf(file, cancels)
	if err != nil {
		return err
	}
	var all []float64
	for _, pid := range waiters {
		cmd := exec.Command("taskset", "-c", "0", b.tool, "fix", "cancel", strconv.Itoa(pid), "--yes", "--json", "--state", filepath.Join(b.dir, "state"))
		out, err := cmd.Output()
		var done struct{ Receipt fix.Receipt }
		if err != nil || json.Unmarshal(out, &done) != nil || len(done.Receipt.Steps) != 1 {
			return fmt.Errorf("fix cancel %d: %w\n%s", pid, err, out)
		}
		m := stoodStill.FindStringSubmatch(done.Receipt.Steps[0].Said)
		if m == nil {
			return fmt.Errorf("fix cancel %d says %q", pid, done.Receipt.Steps[0].Said)
		}
		us, _ := strconv.ParseFloat(m[1], 64)
		all = append(all, us)
	}
	slices.Sort(all)
	b.goal(fmt.Sprintf("%d waits cancelled: the target stands still (median)", cancels), all[len(all)/2], 100, "µs")
	row("  nine of ten are shorter than", fmt.Sprintf("%.0f µs", all[len(all)*9/10]))
	row("  the longest", fmt.Sprintf("%.0f µs", all[len(all)-1]))
	return nil
}
