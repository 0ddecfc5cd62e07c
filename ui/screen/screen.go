// Package screen puts frames on a terminal with as few bytes as it can.
//
// It promises: of two frames that differ in a few cells, only these are sent;
// showing a frame never waits for the terminal, and neither does leaving it; what
// is sent draws, sets a style or moves the cursor in ways that a VT100, the Linux
// console and xterm know (CUP, SGR, EL, DECAWM), whatever the frame holds; and
// nothing is drawn while the terminal is not in the alternate screen.
//
// Bubble Tea keeps doing what it does well: raw mode, the alternate screen, the
// cursor, suspending, sizes. Its renderer sends every row that has changed as a
// whole, which for a column of ages is the whole screen. So the model's View hands
// its frame to [Screen.Show] and returns "", and the Screen is Bubble Tea's output.
//
// Not x/cellbuf, which finds changed cells too: for TERM=vt100 it inserts and
// deletes characters (IRM, DCH), which a VT100 cannot, and a change at both ends
// of a row sends all that is between (v0.0.15).
package screen

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// A Screen stands between Bubble Tea and the terminal; give it to tea.WithOutput.
// Its methods may be called from any goroutine.
type Screen struct {
	term     *os.File
	patience time.Duration
	wake     chan struct{} // holds one: there is something for the painter
	ended    chan struct{} // closed when the painter has ended
	written  atomic.Int64
	stuck    atomic.Bool // somebody waited in vain, and nothing was written since

	mu      sync.Mutex // never held while writing to the terminal
	next    frame      // the newest
	again   bool       // draw it whole
	queue   []sequence
	closing bool
}

// A frame is text of h rows, each of w cells.
type frame struct {
	text string
	w, h int
}

// A sequence waits to be written between two frames.
type sequence struct {
	text string
	ours bool       // from Send, not from Bubble Tea
	done chan error // holds one
}

// patience is how long a terminal may take nothing at all before nobody waits for
// it any more: a line of 9600 baud takes a piece in 2.2 seconds.
const patience = 3 * time.Second

var (
	errStuck = errors.New("the terminal does not take what is written to it")
	errAway  = errors.New("the screens are not on the terminal")
)

// New makes a Screen on a terminal, and starts its painter. Close it.
func New(term *os.File) *Screen {
	s := &Screen{term: term, patience: patience, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go s.paint()
	return s
}

// Show makes this frame the one to be drawn: rows joined by "\n", each of w cells,
// with SGR as the only escape sequences; a style ends with its row. It returns at
// once. Frames that come faster than they can be drawn are left out, but for the
// last. Without a size it does nothing.
func (s *Screen) Show(text string, w, h int) {
	if w <= 0 || h <= 0 {
		return
	}
	s.mu.Lock()
	s.next = frame{text, w, h}
	s.mu.Unlock()
	s.rouse()
}

// Redraw draws the frame whole, for somebody else may have written to the terminal.
func (s *Screen) Redraw() {
	s.mu.Lock()
	s.again = true
	s.mu.Unlock()
	s.rouse()
}

// Send writes an escape sequence that draws nothing, such as OSC 52, between two
// frames, and waits until it is written. It fails when the screens are not on the
// terminal or the terminal takes nothing.
func (s *Screen) Send(seq string) error {
	if s.stuck.Load() {
		return errStuck
	}
	return s.enqueue(seq, true)
}

// Write is for Bubble Tea alone, and waits until p is written. Of what Bubble Tea
// draws in the alternate screen, which is one space for an empty view and an empty
// row at the end, nothing is passed on.
func (s *Screen) Write(p []byte) (int, error) {
	if err := s.enqueue(string(p), false); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Read reads from the terminal; Bubble Tea has another input.
func (s *Screen) Read(p []byte) (int, error) { return s.term.Read(p) }

// Fd is the terminal's: with it Bubble Tea asks for the size.
func (s *Screen) Fd() uintptr { return s.term.Fd() }

// Written is how many bytes the terminal took so far.
func (s *Screen) Written() int64 { return s.written.Load() }

// Close ends the painter and leaves the terminal open. It waits for what was
// written before, but not for a terminal that takes nothing. Further frames and
// writes are dropped.
func (s *Screen) Close() error {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	s.rouse()
	return await(s, s.ended, nil)
}

func (s *Screen) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *Screen) enqueue(text string, ours bool) error {
	seq := sequence{text, ours, make(chan error, 1)}
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return os.ErrClosed
	}
	s.queue = append(s.queue, seq)
	s.mu.Unlock()
	s.rouse()
	return await(s, nil, seq.done)
}

// await waits for an end or a result as long as the terminal takes anything. Once
// it took nothing for so long, the next do not wait at all: Bubble Tea writes a
// dozen sequences at its end, and the end must come.
func await(s *Screen, end <-chan struct{}, result <-chan error) error {
	for !s.stuck.Load() {
		before := s.written.Load()
		select {
		case <-end:
			return nil
		case err := <-result:
			return err
		case <-time.After(s.patience):
			if s.written.Load() == before {
				s.stuck.Store(true)
			}
		}
	}
	return errStuck
}
