package screen

import (
	"regexp"
	"strings"
	"time"
)

const (
	// pace is the least time between two frames: a key that comes just after one must
	// not wait for long.
	pace = 16 * time.Millisecond
	// piece is how much is written at once, in bytes: the kernel itself takes a
	// write to a terminal in pieces of this size (tty_io.c), and what is written
	// tells a slow terminal from a stuck one.
	piece = 2048
)

const (
	enterAlternate = "\x1b[?1049h"
	leaveAlternate = "\x1b[?1049l"
)

// paint is the one that writes to the terminal. It sleeps while nothing is new.
func (s *Screen) paint() {
	defer close(s.ended)
	var (
		c      canvas
		inside bool      // in the alternate screen
		shown  frame     // the last that was drawn
		from   time.Time // when the next may be drawn
		due    <-chan time.Time
	)
	for {
		select {
		case <-s.wake:
		case <-due:
		}
		due = nil
		next, sequences, again, closing := s.take()
		if again {
			c.forget()
		}
		for _, seq := range sequences {
			text, change := pass(seq, inside)
			switch change {
			case entered:
				inside = true
			case left:
				inside = false
				text = c.leave() + text
			}
			if change != nothing {
				// Bubble Tea has more to say, as a rule: not a frame between.
				c.forget()
				from = time.Now().Add(pace)
			}
			if seq.ours && !inside {
				seq.done <- errAway
				continue
			}
			seq.done <- s.put([]byte(text))
		}
		if closing {
			return
		}
		if !inside || next.h == 0 || next == shown && c.drawn() {
			continue
		}
		if wait := time.Until(from); wait > 0 {
			due = time.After(wait)
			continue
		}
		if s.put(c.draw(next)) != nil {
			c.forget()
		}
		shown, from = next, time.Now().Add(pace)
	}
}

// take gives the painter its work.
func (s *Screen) take() (next frame, queue []sequence, again, closing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next, queue, again, closing = s.next, s.queue, s.again, s.closing
	s.queue, s.again = nil, false
	return next, queue, again, closing
}

// put writes to the terminal, for as long as that takes.
func (s *Screen) put(p []byte) error {
	for len(p) > 0 {
		n, err := s.term.Write(p[:min(len(p), piece)])
		s.written.Add(int64(n))
		if err != nil {
			return err
		}
		s.stuck.Store(false)
		p = p[n:]
	}
	return nil
}

// A change is what a sequence does to what is drawn.
type change int

const (
	nothing change = iota
	entered        // the alternate screen
	left
	disturbed // the frame, perhaps
)

// What Bubble Tea 1.3 writes in the alternate screen: modes, which change no cell,
// and its own idea of an empty view (standard_renderer.go: flush, stop).
var (
	modes = regexp.MustCompile(`^(\x1b\[\?[0-9;]*[hl])+$`)
	empty = regexp.MustCompile(`^([ \r]|\x1b\[[0-9;]*[HK])+$`)
)

// pass is what is to be written for a sequence.
func pass(seq sequence, inside bool) (string, change) {
	switch {
	case seq.ours:
		return seq.text, nothing
	case strings.Contains(seq.text, leaveAlternate):
		return seq.text, left
	case strings.Contains(seq.text, enterAlternate):
		return seq.text, entered
	case !inside, modes.MatchString(seq.text):
		return seq.text, nothing
	case empty.MatchString(seq.text):
		return "", nothing
	}
	return seq.text, disturbed
}
