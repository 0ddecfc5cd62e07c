package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"cyrlock/fix/shim"
)

const (
	shimRounds = 40
	shimPairs  = "20000" // lock and unlock, in one round
)

// shim: what the library costs those who never wait, and how big it is.
func (b *bench) shim() error {
	library, err := shim.Compile(context.Background(), "")
	if err != nil {
		return err
	}
	file := filepath.Join(b.dir, library.Name())
	if err := os.WriteFile(file, library.Body, 0o755); err != nil {
		return err
	}
	b.goal("the library in front of libc, size", float64(len(library.Body)), 16<<10, "bytes")
	pair, err := b.compile("pair", "-O2")
	if err != nil {
		return err
	}
	for _, kind := range []string{"flock", "fcntl"} {
		env := []string{"LD_PRELOAD=" + file, "CYRLOCK_SHIM_PROGRAMS=" + b.dir + "/*", "CYRLOCK_SHIM_PATHS=*.seen:*/seen.db"}
		without, ratio, err := b.pairs(pair, kind, env)
		if err != nil {
			return err
		}
		row(kind+", a lock that is free, and its unlock (median)", fmt.Sprintf("%.0f ns", without))
		b.goal(kind+", uncontended cost of the library (median of turns)", 100*(ratio-1), 15, "%")
	}
	return nil
}

// pairs times both by turns: what else the machine does strikes both runs of a turn
// alike, so that the ratio is steadier than the times.
func (b *bench) pairs(program, kind string, env []string) (without, ratio float64, err error) {
	seen := filepath.Join(b.dir, "jwade.seen")
	one := func(env []string) (float64, error) {
		cmd := exec.Command(program, kind, seen, shimPairs)
		cmd.Env, cmd.Stderr = env, os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return 0, fmt.Errorf("%s: %w", kind, err)
		}
		return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	}
	var times, ratios []float64
	for range shimRounds {
		plain, err := one([]string{})
		if err != nil {
			return 0, 0, err
		}
		loaded, err := one(env)
		if err != nil {
			return 0, 0, err
		}
		times, ratios = append(times, plain), append(ratios, loaded/plain)
	}
	slices.Sort(times)
	slices.Sort(ratios)
	return times[shimRounds/2], ratios[shimRounds/2], nil
}
