package screen

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/creack/pty"
)

// TestStuckTerminal: a terminal that takes nothing holds up neither a frame nor the
// end; and should it take something after all, the end is what it gets.
func TestStuckTerminal(t *testing.T) {
	far, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	defer tty.Close()
	s := New(tty)
	s.patience = 50 * time.Millisecond
	write(t, s, "\x1b[?1049h")

	r := rand.New(rand.NewPCG(1, 2))
	start, longest := time.Now(), time.Duration(0)
	var stuckAt int64
	eventually(t, "the terminal to be full", func() bool {
		f := changed(r, frame{w: 200, h: 60})
		before := time.Now()
		s.Show(f.text, f.w, f.h)
		longest = max(longest, time.Since(before))
		// Full: nothing was written in the time of three frames.
		if n := s.Written(); n != stuckAt {
			stuckAt, start = n, time.Now()
		}
		return time.Since(start) > 3*pace
	})
	t.Logf("full after %d bytes; the longest Show took %v", stuckAt, longest)
	if longest > time.Second {
		t.Errorf("a Show took %v", longest)
	}
	start = time.Now()
	for range 20 {
		if _, err := s.Write([]byte("\x1b[?25h")); !errors.Is(err, errStuck) {
			t.Fatalf("a write to a terminal that takes nothing: %v", err)
		}
	}
	if err := s.Send("\a"); !errors.Is(err, errStuck) {
		t.Errorf("sent to a terminal that takes nothing: %v", err)
	}
	if _, err := s.Write([]byte("\x1b[?1049l")); !errors.Is(err, errStuck) {
		t.Errorf("left a terminal that takes nothing: %v", err)
	}
	if err := s.Close(); !errors.Is(err, errStuck) {
		t.Errorf("closed: %v", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("the end took %v", took)
	}

	var came strings.Builder
	buf := make([]byte, 4096)
	for !strings.HasSuffix(came.String(), "\x1b[?1049l") {
		n, err := far.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		came.Write(buf[:n])
	}
	<-s.ended
	if n := strings.Count(came.String(), "\x1b[?25h"); n != 20 {
		t.Errorf("%d of 20 writes came in the end", n)
	}
}

// TestSlowTerminal: one that takes a little all the time is waited for.
func TestSlowTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Screen{patience: patience}
		result := make(chan error, 1)
		go func() {
			for range 10 {
				time.Sleep(patience - time.Second)
				s.written.Add(1)
			}
			result <- nil
		}()
		start := time.Now()
		if err := await(s, nil, result); err != nil {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		if err := await(s, nil, result); !errors.Is(err, errStuck) {
			t.Error(err)
		}
		start = time.Now()
		if err := await(s, nil, result); !errors.Is(err, errStuck) || time.Since(start) > 0 {
			t.Errorf("the second waited for %v: %v", time.Since(start), err)
		}
	})
}

// TestGoneTerminal: nobody is at the other end any more.
func TestGoneTerminal(t *testing.T) {
	far, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	s := New(tty)
	write(t, s, "\x1b[?1049h")
	far.Close()
	s.Show("a", 10, 1)
	if _, err := s.Write([]byte("\x1b[?1049l")); err == nil {
		t.Error("a write to a terminal that is gone succeeded")
	}
	closed(t, s)
}
