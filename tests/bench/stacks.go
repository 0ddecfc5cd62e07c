package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"

	"cyrlock/evidence"
)

const sameBinary = 200

// stacks: many processes of one binary.
func (b *bench) stacks() error {
	bin, err := b.compile("crowd", "-g", "-O1", "-fno-inline", "-fno-optimize-sibling-calls")
	if err != nil {
		return err
	}
	file := filepath.Join(b.dir, "stacks.seen")
	c, err := start(true, bin, strconv.Itoa(sameBinary+1), "20", strconv.Itoa(sameBinary), file)
	if err != nil {
		return err
	}
	defer c.stop()
	waiters, err := b.waitersOf(file, sameBinary)
	if err != nil {
		return err
	}
	args := []string{"stack", "--json"}
	for _, pid := range waiters {
		args = append(args, strconv.Itoa(pid))
	}
	ours, err := timed(5, b.tool, args...)
	if err != nil {
		return err
	}
	var processes []evidence.Process
	if err := json.Unmarshal(ours.out, &processes); err != nil {
		return err
	}
	if len(processes) != sameBinary || len(processes[0].Threads[0].Frames) < 10 {
		return fmt.Errorf("%d stacks, want %d whole ones", len(processes), sameBinary)
	}
	b.goal(fmt.Sprintf("all stacks of %d processes of one binary", sameBinary), ms(ours.wall), 500, "ms")
	row("  its memory", fmt.Sprintf("%.0f MB", ours.rss))
	script := "for p in"
	for _, pid := range waiters {
		script += " " + strconv.Itoa(pid)
	}
	elf, err := timed(1, "sh", "-c", script+"; do eu-stack -s -i -p $p; done")
	if err != nil {
		return err
	}
	row("eu-stack -s -i on each", fmt.Sprintf("%.0f ms", ms(elf.wall)))
	b.atLeast("cyrlock stack beside eu-stack: faster", float64(elf.wall)/float64(ours.wall), 5)
	return nil
}
