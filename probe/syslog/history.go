package syslog

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"cyrlock/probe/limit"
)

// A Past is what was read of a log's history.
type Past struct {
	Files []string  // in the order in which they were read, the oldest first
	Lines int64     // all of them, not only those that mattered
	Bytes int64     // unpacked
	First time.Time // of the first line that tells a time: how far back the log goes
	End   Position  // for [From]: where it ended
}

// History reads the log of that name and its older, rotated, perhaps compressed
// files, the oldest first, from since on; the zero time: all that is there. Lines that
// tell no time are taken. A last line without an end is left to [Follow] if the file
// was written to within the last minute. Memory does not depend on the size of the files.
//
// The error tells what could not be read; the rest was.
func History(ctx context.Context, path string, since time.Time, to Sink) (Past, error) {
	h := &history{to: to, keep: keeper{source: path, since: since}}
	files, err := limit.Do(ctx, patience, func() ([]older, error) { return family(path, since) })
	errs := []error{err}
	for _, o := range files {
		if err := ctx.Err(); err != nil {
			return h.past, errors.Join(append(errs, context.Cause(ctx))...)
		}
		h.past.Files = append(h.past.Files, o.path)
		if err := h.read(ctx, o); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", o.path, err))
		}
	}
	return h.past, errors.Join(errs...)
}

// An older file is one of a log's, and when its first line was logged.
type older struct {
	path    string
	first   time.Time
	changed time.Time
}

// family finds the files of a log that may hold lines since then, the oldest first.
// Their order is that of their first lines: names are numbered either way, and times
// of modification do not survive every copy.
func family(path string, since time.Time) ([]older, error) {
	names, err := rotated(path)
	errs := []error{}
	if err != nil {
		errs = append(errs, fmt.Errorf("older files: %w", err))
	}
	var all []older
	for _, name := range append(names, path) {
		info, err := os.Stat(name)
		if err == nil && !info.Mode().IsRegular() {
			err = fmt.Errorf("%s: %w", name, errNotFile)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if name != path && info.ModTime().Before(since) {
			continue
		}
		all = append(all, older{name, firstTime(name, info.ModTime()), info.ModTime()})
	}
	slices.SortStableFunc(all, func(a, b older) int {
		switch path { // the one that is written is the last, even if it is empty
		case a.path:
			return 1
		case b.path:
			return -1
		}
		return a.first.Compare(b.first)
	})
	return all, errors.Join(errs...)
}

// firstTime is when the first line was logged that tells it; otherwise, when the file
// was changed.
func firstTime(name string, changed time.Time) time.Time {
	t, err := openTail(name)
	if err != nil {
		return changed
	}
	defer t.f.Close()
	r, done, err := unpack(t.f)
	if err != nil {
		return changed
	}
	defer done()
	head := make([]byte, MaxLine)
	n, _ := io.ReadFull(r, head)
	first := time.Time{}
	var s splitter
	s.feed(head[:n], func(text []byte, _ int64) {
		if first.IsZero() {
			first = Parse(text).Time(changed)
		}
	})
	if first.IsZero() {
		return changed
	}
	return first
}

type history struct {
	to   Sink
	keep keeper
	past Past
}

// read reads one file. A second goroutine reads ahead, and stays behind where a file
// server does not answer; what it reads goes through two buffers.
func (h *history) read(ctx context.Context, o older) error {
	free, full := make(chan []byte, 2), make(chan piece, 2)
	free <- make([]byte, 256<<10)
	free <- make([]byte, 256<<10)
	defer close(free)
	go readAhead(o.path, free, full)

	var lines splitter
	take := func(text []byte, cut int64) { h.line(text, cut, o) }
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		timer.Reset(patience)
		select {
		case p := <-full:
			h.past.Bytes += int64(len(p.data))
			lines.feed(p.data, take)
			if p.err != nil {
				h.past.End = p.end
				if begun := time.Since(o.changed).Abs() < time.Minute; begun && p.plain {
					h.past.End.Offset -= int64(len(lines.part)) + lines.cut
				} else {
					lines.rest(take)
				}
				if p.err == io.EOF {
					return nil
				}
				return p.err
			}
			free <- p.data[:cap(p.data)]
		case <-timer.C:
			return limit.ErrTime
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// A piece is what one read gave; with err it is the last.
type piece struct {
	data  []byte
	end   Position
	plain bool // not compressed
	err   error
}

func readAhead(path string, free <-chan []byte, full chan<- piece) {
	t, err := openTail(path)
	if err != nil {
		full <- piece{err: err}
		return
	}
	defer t.f.Close()
	r, done, err := unpack(t.f)
	if err != nil {
		full <- piece{err: err}
		return
	}
	defer done()
	_, plain := r.(*bufio.Reader)
	at := Position{Dev: t.id.dev, Ino: t.id.ino}
	for buf := range free {
		n, err := fill(r, buf)
		at.Offset += int64(n)
		full <- piece{buf[:n], at, plain, err}
		if err != nil {
			return
		}
	}
}

// fill reads until buf is full. Unlike io.ReadFull it keeps apart a file that ends and
// an archive that is cut off.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var m int
		m, err = r.Read(buf[n:])
		n += m
	}
	return n, err
}

func (h *history) line(text []byte, cut int64, o older) {
	h.past.Lines++
	if cut > 0 {
		h.to.note(Note{Source: o.path, What: Cut, Lost: cut})
	}
	if h.past.First.IsZero() {
		h.past.First = Parse(text).Time(o.changed)
	}
	h.keep.take(text, o.changed, h.to)
}
