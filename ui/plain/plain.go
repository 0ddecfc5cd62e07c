// Package plain is the five steps without a screen: lines and questions, for
// screen readers, serial consoles and scripts.
//
// A fact is a line of its own, in words, with what it is about first. No line
// moves a cursor, has a colour or is laid out in columns. An answer that is not
// understood changes nothing, and the end of the input is a way to leave.
package plain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/scene"
)

// A Machine is where to look: the live host, a capture, a lesson.
//
// Look returns what could be seen, also when it returns an error beside it. It is
// called from another goroutine, one call at a time.
type Machine interface {
	Look(ctx context.Context, q evidence.Query) (evidence.Snapshot, error)
}

// A Stopper is a Machine that can also attach to a process for an exact stack.
// The start time, in clock ticks after boot, keeps it from attaching to a stranger
// that got the pid later.
type Stopper interface {
	Exact(ctx context.Context, pid int, start uint64) (evidence.Process, error)
}

// Options tell how to look and how to talk.
type Options struct {
	Threshold time.Duration  // a wait older than this is hung; 0: diagnose.DefaultThreshold
	Query     evidence.Query // what the looks are about; zero: the whole machine
	Every     time.Duration  // between two looks while following; 0: two seconds
	ASCII     bool           // say ASCII only; also where LC_ALL, LC_CTYPE or LANG is not UTF-8
	Label     string         // "lab"; "recorded": it does not change; empty: the live machine
	ReadOnly  bool           // nothing is attached to
	// Fixer carries out what step Fix advises; nil: it says what to type. It is not
	// asked where ReadOnly is set or the label is "recorded".
	Fixer scene.Fixer
	// Log is followed, and told on step Watch; nil: it says why not.
	Log scene.Log
	// Save writes a capture of the last look and returns its path; nil: it cannot.
	Save  func(evidence.Snapshot) (string, error)
	Width int  // lines break at words to fit in as many cells; 0: they stay whole
	Echo  bool // write what was answered behind the question: In is no terminal, which would
	In    io.Reader
	Out   io.Writer

	limit time.Duration // when a look is told to give up; what it has seen by then counts
}

const (
	everyDefault  = 2 * time.Second
	recordedLabel = "recorded"
	lookLimit     = 30 * time.Second
)

// farewell is how long the end waits for a line to be taken, and for a look to
// come back.
const farewell = time.Second

// Run talks until the user quits, the input or ctx ends, nobody listens any more,
// or SIGINT, SIGTERM or SIGHUP comes, which is no error.
func Run(ctx context.Context, m Machine, o Options) error {
	// A pipe that nobody reads is the end of the talk, not of the program: what
	// it has started has to be ended, too.
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	defer stop()
	return talk(ctx, m, o, time.Now)
}

// talk is [Run] with a clock of the caller's.
func talk(ctx context.Context, m Machine, o Options, now func() time.Time) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	if o.Every == 0 {
		o.Every = everyDefault
	}
	if o.Threshold == 0 {
		o.Threshold = diagnose.DefaultThreshold
	}
	if o.limit == 0 {
		o.limit = lookLimit
	}
	t := theme(o)
	s := &session{
		ctx: ctx, machine: m, options: o, now: now,
		voice: newVoice(ctx, end, o.Out, t, o.Width),
		lines: newLines(o.In),
		Scene: scene.New(t, o.Threshold),
	}
	s.listen()
	err := s.hold()
	s.leave(err)
	if err := s.voice.close(); err != nil {
		return fmt.Errorf("plain lines: %w", err)
	}
	if errors.Is(err, errEnd) || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// theme is that of a listener: what is a sign on the screen is a word here.
func theme(o Options) draw.Theme {
	t := draw.NewTheme(io.Discard, true, true, os.Getenv)
	t.ASCII = o.ASCII || !draw.UTF8Locale(os.Getenv)
	t.Right, t.Left, t.Under, t.Then, t.Dot = "to", "called by", "behind", "then", ","
	return t
}
