package syslog

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// gather is how late a line may be told that follows another.
const gather = 2 * time.Millisecond

// watch gives a kick after something has happened to the file of that name or to one
// whose name begins alike, as a rotated one's does. It tells early what the poll tells
// anyway: without inotify, or on a file server, there is none, and nothing is lost.
func watch(ctx context.Context, path string) <-chan struct{} {
	kick := make(chan struct{}, 1)
	go func() {
		w, err := fsnotify.NewWatcher()
		if err != nil {
			return
		}
		go func() { // closing may hang with the file server, and must not be waited for
			<-ctx.Done()
			w.Close()
		}()
		for {
			names := []string{filepath.Clean(path)}
			if target, err := filepath.EvalSymlinks(path); err == nil && target != names[0] {
				names = append(names, target)
			}
			for _, name := range names {
				_ = w.Add(filepath.Dir(name)) // again: the folder may be another by now
			}
			if !pass(w, names, kick, time.After(10*poll)) {
				return
			}
		}
	}()
	return kick
}

// pass passes events on until again fires; false: there will be no more.
func pass(w *fsnotify.Watcher, names []string, kick chan<- struct{}, again <-chan time.Time) bool {
	for {
		select {
		case <-again:
			return true
		case e, ok := <-w.Events:
			if !ok {
				return false
			}
			if !begins(e.Name, names) {
				continue
			}
		case _, ok := <-w.Errors: // too many events at once
			if !ok {
				return false
			}
		}
		select {
		case kick <- struct{}{}:
		default: // it has one already
		}
		// The kernel makes one of equal events that nobody has fetched (inotify(7)): a busy
		// log costs 500 kicks a second at most, and one line is told at once.
		time.Sleep(gather)
	}
}

func begins(s string, with []string) bool {
	for _, w := range with {
		if strings.HasPrefix(s, w) {
			return true
		}
	}
	return false
}
