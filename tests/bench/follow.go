package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/nxadm/tail"

	"cyrlock/evidence"
	"cyrlock/probe/syslog"
)

const (
	followLines  = 16000
	followEvery  = time.Second / 2000
	rotateEvery  = 700 * time.Millisecond
	reopenAfter  = 50 * time.Millisecond // until the daemon has heard of it
	followSettle = 3 * time.Second       // for what is late
)

// follow: a log of 2,000 lines a second that is renamed every 0.7 s, read by us and by
// our neighbours at the same time. The daemon goes on writing to the old file until it
// is told.
func (b *bench) follow() error {
	path := filepath.Join(b.dir, "follow.log")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ours, theirs, tailF := newReceived(), newReceived(), newReceived()

	ready := make(chan struct{})
	begun := sync.OnceFunc(func() { close(ready) })
	go func() {
		_ = syslog.Follow(ctx, path, syslog.From{}, syslog.Sink{
			Line: func(l evidence.LogLine) { ours.line(l.Text) },
			Note: func(syslog.Note) { begun() },
		})
	}()
	<-ready

	nx, err := tail.TailFile(path, tail.Config{Follow: true, ReOpen: true, Logger: tail.DiscardingLogger})
	if err != nil {
		return err
	}
	defer nx.Stop()
	go func() {
		for l := range nx.Lines {
			theirs.line(l.Text)
		}
	}()

	cmd := exec.CommandContext(ctx, "tail", "-F", path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() { stop(); _ = cmd.Wait() }()
	go func() {
		for in := bufio.NewScanner(out); in.Scan(); {
			tailF.line(in.Text())
		}
	}()
	// A first line, until all have it: then all are at the end of the same file.
	if err := awaitFirst(path, ours, theirs, tailF); err != nil {
		return err
	}
	if err := writeLog(path); err != nil {
		return err
	}
	for end := time.Now().Add(followSettle); time.Now().Before(end) && ours.count()*theirs.count()*tailF.count() < followLines*followLines*followLines; {
		time.Sleep(10 * time.Millisecond)
	}
	row(fmt.Sprintf("%d lines, 2,000/s, renamed every 0.7 s", followLines), "lost   twice   median     p99")
	for _, r := range []struct {
		name string
		*received
	}{{"cyrlock", ours}, {"nxadm/tail", theirs}, {"tail -F", tailF}} {
		lost, twice, median, p99 := r.sum()
		row(r.name, fmt.Sprintf("%4d   %5d   %6.2f ms  %6.1f ms", lost, twice, median, p99))
	}
	lost, twice, median, _ := ours.sum()
	b.goal("lines lost, or twice", float64(lost+twice), 1, "lines")
	b.goal("latency, median", median, 5, "ms")
	return nil
}

// awaitFirst writes a line until everybody has seen one.
func awaitFirst(path string, all ...*received) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if !slices.ContainsFunc(all, func(r *received) bool { return !r.awake() }) {
			return nil
		}
		if time.Now().After(end) {
			return errors.New("somebody does not follow")
		}
		if _, err := io.WriteString(f, "line -1 0\n"); err != nil {
			return err
		}
	}
}

// writeLog writes and rotates as a log daemon and logrotate do.
func writeLog(path string) error {
	open := func() (*os.File, error) {
		return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	}
	f, err := open()
	if err != nil {
		return err
	}
	defer func() { f.Close() }()
	start := time.Now()
	rotate, reopen := start.Add(rotateEvery), time.Time{}
	for n, rotated := 0, 0; n < followLines; n++ {
		time.Sleep(time.Until(start.Add(time.Duration(n) * followEvery)))
		now := time.Now()
		if now.After(rotate) {
			rotated++
			rotate, reopen = rotate.Add(rotateEvery), now.Add(reopenAfter)
			if err := os.Rename(path, fmt.Sprintf("%s.%d", path, rotated)); err != nil {
				return err
			}
			created, err := open()
			if err != nil {
				return err
			}
			created.Close()
		}
		if !reopen.IsZero() && now.After(reopen) {
			reopen = time.Time{}
			f.Close()
			if f, err = open(); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintf(f, "line %d %d\n", n, time.Now().UnixNano()); err != nil {
			return err
		}
	}
	return nil
}

// A received is what one of them has seen.
type received struct {
	mu    sync.Mutex
	times map[int]int
	late  []float64 // ms
	woke  bool
}

func newReceived() *received { return &received{times: map[int]int{}} }

func (r *received) line(s string) {
	var n int
	var at int64
	if _, err := fmt.Sscanf(s, "line %d %d", &n, &at); err != nil {
		return
	}
	now := time.Now().UnixNano()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.woke = true
	if n < 0 {
		return
	}
	r.times[n]++
	r.late = append(r.late, float64(now-at)/1e6)
}

func (r *received) awake() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.woke
}

func (r *received) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.times)
}

func (r *received) sum() (lost, twice int, median, p99 float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n := range followLines {
		switch seen := r.times[n]; {
		case seen == 0:
			lost++
		case seen > 1:
			twice += seen - 1
		}
	}
	slices.Sort(r.late)
	if n := len(r.late); n > 0 {
		median, p99 = r.late[n/2], r.late[n*99/100]
	}
	return lost, twice, median, p99
}
