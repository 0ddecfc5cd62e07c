package main

import (
	"bufio"
	"embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

//go:embed testdata/*.c
var sources embed.FS

// compile builds one of the programs of testdata.
func (b *bench) compile(name string, flags ...string) (string, error) {
	src, err := sources.ReadFile("testdata/" + name + ".c")
	if err != nil {
		return "", err
	}
	in, out := filepath.Join(b.dir, name+".c"), filepath.Join(b.dir, name)
	if err := os.WriteFile(in, src, 0o600); err != nil {
		return "", err
	}
	args := append(append([]string{}, flags...), "-pthread", "-o", out, in)
	if msg, err := exec.Command("cc", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("cc %s: %w\n%s", name, err, msg)
	}
	return out, nil
}

// A measure is what one command cost.
type measure struct {
	wall time.Duration
	rss  float64 // MB, the maximum
	out  []byte
}

// timed runs a command n times and returns the median by wall time. A check's
// exit code is its verdict, not a failure.
func timed(n int, name string, args ...string) (measure, error) {
	var all []measure
	for range n {
		cmd := exec.Command(name, args...)
		start := time.Now()
		out, err := cmd.Output()
		m := measure{wall: time.Since(start), out: out}
		if cmd.ProcessState == nil {
			return m, err
		}
		m.rss = float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) / 1024
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b measure) int { return int(a.wall - b.wall) })
	return all[len(all)/2], nil
}

// A child is a running program that ends when its standard input is closed.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// start runs a program; with wait, until it has printed a line.
func start(wait bool, name string, args ...string) (*child, error) {
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{cmd, in, bufio.NewReader(out)}
	if wait {
		if _, err := c.out.ReadString('\n'); err != nil {
			c.stop()
			return nil, fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
	}
	return c, nil
}

func (c *child) stop() {
	c.in.Close()
	_ = c.cmd.Wait()
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
