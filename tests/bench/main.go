// Bench measures cyrlock beside its neighbours on this machine, in one run, and
// prints the ratios next to the goals. It exits 1 if a goal is missed.
//
//	go run ./tests/bench [crowd|stacks|stop|cancel|screen|lines|shim|schedule|follow|history ...]
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	if len(os.Args) > 2 && os.Args[1] == historyRole {
		if err := readHistory(os.Args[2], len(os.Args) > 3); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	b := &bench{want: os.Args[1:]}
	code := b.run()
	os.Exit(code)
}

// A bench runs the parts that were asked for; all without arguments.
type bench struct {
	want   []string
	dir    string // for what is compiled and locked
	tool   string // the cyrlock binary
	missed int
}

func (b *bench) run() int {
	dir, err := os.MkdirTemp("", "cyrlock-bench-")
	if err != nil {
		return b.fail(err)
	}
	defer os.RemoveAll(dir)
	b.dir = dir
	if b.tool, err = filepath.Abs("cyrlock"); err != nil {
		return b.fail(err)
	}
	if _, err := os.Stat(b.tool); err != nil {
		return b.fail(fmt.Errorf("%w: run it as 'make bench', in the top folder", err))
	}
	for _, part := range []struct {
		name string
		run  func() error
	}{{"crowd", b.crowd}, {"stacks", b.stacks}, {"stop", b.stop}, {"cancel", b.cancel}, {"screen", b.screen}, {"lines", b.lines}, {"shim", b.shim}, {"schedule", b.schedule}, {"follow", b.follow}, {"history", b.history}} {
		if len(b.want) > 0 && !slices.Contains(b.want, part.name) {
			continue
		}
		fmt.Printf("\n== %s\n", part.name)
		if err := part.run(); err != nil {
			return b.fail(fmt.Errorf("%s: %w", part.name, err))
		}
	}
	if b.missed > 0 {
		fmt.Printf("\n%d goals missed\n", b.missed)
		return 1
	}
	return 0
}

func (b *bench) fail(err error) int {
	fmt.Fprintln(os.Stderr, "bench:", err)
	return 1
}

// row prints one figure.
func row(what, figure string) { fmt.Printf("  %-58s %s\n", what, figure) }

// goal prints a figure with its bound, and counts a miss.
func (b *bench) goal(what string, got, bound float64, unit string) {
	word := "goal met"
	if got >= bound {
		word = "MISSED"
		b.missed++
	}
	row(what, fmt.Sprintf("%.4g %s   (goal: under %.4g, %s)", got, unit, bound, word))
}

// atLeast prints a ratio that must not be below its bound.
func (b *bench) atLeast(what string, got, bound float64) {
	word := "goal met"
	if got < bound {
		word = "MISSED"
		b.missed++
	}
	row(what, fmt.Sprintf("%.1f times   (goal: at least %g, %s)", got, bound, word))
}
