// Package tally counts what a look reads, at the place where it is read: one for
// every system call that names a file or another process. A read that never ends
// is counted as well, for it is counted when it begins. A test holds the counts
// against strace's.
package tally

import (
	"bytes"
	"sync"
	"sync/atomic"

	"cyrlock/evidence"
)

// How something is read.
const (
	Read = "read" // a file, opened for it
	List = "list" // a folder
	Link = "link" // where a link leads, itself left alone
	Stat = "stat" // what a file is, without opening it
	Open = "open" // a folder, only to find names below it
	Call = "call" // by a system call that names no file
	Stop = "stop" // of a thread that was stopped for it
)

// A Sheet is the tally of one look. It may be shared; a nil Sheet counts nothing.
type Sheet struct {
	mu    sync.Mutex
	lines map[kind]*Line
	order []*Line // as they came first
}

type kind struct{ how, what string }

// A Line counts one kind of reading.
type Line struct {
	kind
	count, failed atomic.Int64
}

// mostLines bounds a sheet: names from outside are among them, of the libraries of
// containers for one.
const mostLines = 1000

const others = "other files"

// Count adds n readings of a path, or of what else is read: "kcmp(2)". Whether
// they fail is told to the line.
func (s *Sheet) Count(how string, what []byte, n int) *Line {
	if s == nil {
		return nil
	}
	var room [128]byte
	what = generic(room[:0], what)
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lines[kind{how, string(what)}]
	if l == nil {
		l = s.line(how, string(what))
	}
	l.count.Add(int64(n))
	return l
}

func (s *Sheet) line(how, what string) *Line {
	if s.lines == nil {
		s.lines = make(map[kind]*Line)
	}
	k := kind{how, what}
	if len(s.lines) >= mostLines {
		k.what = others
		if l := s.lines[k]; l != nil {
			return l
		}
	}
	l := &Line{kind: k}
	s.lines[k] = l
	s.order = append(s.order, l)
	return l
}

// generic writes a path of /proc without its numbers: "/proc/PID/task/TID/stat",
// "/proc/PID/fd/*". Other paths stay as they are, those below another root too.
func generic(to, path []byte) []byte {
	rest, ok := bytes.CutPrefix(path, []byte("/proc/"))
	if !ok {
		return path
	}
	to = append(to, "/proc"...)
	number := "PID" // what the next part stands for, if it is one
	for len(rest) > 0 {
		n := 0
		for n < len(rest) && rest[n] != '/' {
			n++
		}
		part := rest[:n]
		rest = rest[min(n+1, len(rest)):]
		to = append(to, '/')
		switch {
		case number == "*", number != "" && n > 0 && part[0] >= '0' && part[0] <= '9':
			to = append(to, number...)
			number = ""
			continue
		case string(part) == "root":
			to = append(to, part...)
			if len(rest) > 0 {
				to = append(append(to, '/'), rest...)
			}
			return to
		}
		to = append(to, part...)
		switch string(part) {
		case "task":
			number = "TID"
		case "fd", "fdinfo", "map_files":
			number = "*"
		default:
			number = ""
		}
	}
	return to
}

// Add counts more of the same: for loops in which even a look into the sheet
// would show.
func (l *Line) Add(count, failed int) {
	if l != nil {
		l.count.Add(int64(count))
		l.failed.Add(int64(failed))
	}
}

// Check counts an error, if it is one, and returns it.
func (l *Line) Check(err error) error {
	if err != nil && l != nil {
		l.failed.Add(1)
	}
	return err
}

// Readings are the counts so far, in the order in which the kinds came first.
func (s *Sheet) Readings() []evidence.Reading {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []evidence.Reading
	for _, l := range s.order {
		if n := l.count.Load(); n > 0 {
			all = append(all, evidence.Reading{How: l.how, What: l.what, Count: int(n), Failed: int(l.failed.Load())})
		}
	}
	return all
}
