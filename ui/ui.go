package ui

import (
	//DOC
	"context"
	"cyrlock/evidence"
	"cyrlock/ui/draw"
	_ "cyrlock/ui/early" // before Bubble Tea: see there
	"cyrlock/ui/scene"
	"cyrlock/ui/screen"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/term"
)

// A Machine is where the screens look: the live host, a capture, a lesson.
//
// Look returns what could be seen, also when it returns an error beside it. It
// is called from another goroutine, one call at a time.
type Machine interface {
	Look(ctx context.Context, q evidence.Query) (evidence.Snapshot, error)
}

// Options tell how to look and how to draw.
type Options struct {
	Threshold time.Duration  // a wait older than this is hung; 0: diagnose.DefaultThreshold
	Query     evidence.Query // what the looks are about; zero: the whole machine
	// Every is the time between two looks; 0: two seconds, less than 0: only
	// when asked with r. A look that costs much processor time makes it longer.
	Every   time.Duration
	ASCII   bool // draw with ASCII only; also where LC_ALL, LC_CTYPE or LANG is not UTF-8
	NoColor bool // also with NO_COLOR and TERM=dumb
	// ReadOnly refuses all that touches a process: then nothing is attached to.
	ReadOnly bool
	// Fixer carries out what the page Fix advises; nil: it says what to type. It is
	// not asked where ReadOnly is set or the label is "recorded".
	Fixer scene.Fixer
	// Log is followed on the page Watch; nil: it says why not.
	Log scene.Log
	// Save writes a capture of what is on the screen and returns its path; nil: it cannot.
	Save    func(evidence.Snapshot) (string, error)
	Label   string // "lab"; "recorded": looked at once, unless asked; empty: the live machine
	In, Out *os.File
}

const (
	everyDefault  = 2 * time.Second
	recordedLabel = "recorded"
)

// ErrNoTerminal is what [Run] returns where there is nothing to draw on.
var ErrNoTerminal = errors.New("the screens need a terminal: use cyrlock check, or --accessible for lines and questions")

// Run shows the screens until the user quits, ctx ends, or SIGINT, SIGTERM or
// SIGHUP comes, which is no error. The terminal is restored whatever happens;
// after a programming error, Run returns it with its stack.
func Run(ctx context.Context, m Machine, o Options) error {
	if o.In == nil {
		o.In = os.Stdin
	}
	if o.Out == nil {
		o.Out = os.Stdout
	}
	if !term.IsTerminal(o.In.Fd()) || !term.IsTerminal(o.Out.Fd()) {
		return ErrNoTerminal
	}
	// Bubble Tea's own handler does not know SIGHUP, and would leave the
	// terminal raw when the SSH connection breaks under tmux.
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	ctx, end := context.WithCancel(ctx)
	defer end()
	screens := newModel(ctx, m, o, draw.NewTheme(o.Out, o.ASCII, o.NoColor, os.Getenv))
	out := screen.New(o.Out)
	defer out.Close()
	screens.end, screens.send, screens.redraw = end, out.Send, out.Redraw
	program := tea.NewProgram(shown{screens, out}, tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithAltScreen(),
		tea.WithInput(o.In), tea.WithOutput(out), tea.WithFPS(1)) // its renderer has nothing to draw
	_, err := program.Run()
	out.Close()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM) // the first one has ended the screens
	defer signal.Stop(signals)
	screens.bring(o.Out, signals)
	switch {
	case screens.crash != nil:
		return screens.crash
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return nil
	case err != nil:
		return fmt.Errorf("screens: %w", err)
	}
	return nil
}

// shown is the model on a terminal: its frames go to the Screen, which sends what
// differs, and to Bubble Tea's renderer goes nothing.
type shown struct {
	*model
	out *screen.Screen
}

// Update is the model's.
func (s shown) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	_, cmd := s.model.Update(msg)
	return s, cmd
}

// View shows the frame, and is empty.
func (s shown) View() string {
	s.out.Show(s.model.View(), s.width, s.height)
	return ""
}
