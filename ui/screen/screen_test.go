package screen

import (
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charmbracelet/x/term"
)

var _ term.File = (*Screen)(nil) // or Bubble Tea takes it for a pipe

func write(t *testing.T, s *Screen, text string) {
	t.Helper()
	if n, err := s.Write([]byte(text)); n != len(text) || err != nil {
		t.Fatalf("%q: %d, %v", text, n, err)
	}
}

func closed(t *testing.T, s *Screen) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestOnlyInside: frames are drawn in the alternate screen, and nowhere else.
func TestOnlyInside(t *testing.T) {
	term := newTerminal(t, 40, 6)
	s := New(term.tty)
	one, two := page(40, 6, 3, 4), page(40, 6, 3, 6)
	s.Show(one.text, 40, 6)
	write(t, s, "\x1b[?25l")
	eventually(t, "the first bytes", func() bool { return term.all() == "\x1b[?25l" })
	if err := s.Send("\x1b]52;c;YQ==\a"); !errors.Is(err, errAway) {
		t.Errorf("sent before the alternate screen: %v", err)
	}
	write(t, s, "\x1b[?1049h\x1b[2J")
	term.shows(one)
	s.Show(two.text, 40, 6)
	term.shows(two)

	write(t, s, "\x1b[?1049l")
	s.Show(one.text, 40, 6)
	s.Redraw()
	write(t, s, "$ ") // behind whatever the painter had to do
	eventually(t, "the prompt", func() bool { return strings.HasSuffix(term.all(), "$ ") })
	before, after, _ := strings.Cut(term.all(), "\x1b[?1049l")
	if after != "$ " {
		t.Errorf("after leaving came %q", after)
	}
	if !strings.HasSuffix(before, "\x1b[6H\x1b[K") {
		t.Errorf("left without a row for the prompt: %q", before)
	}
	write(t, s, "\x1b[?1049h")
	term.shows(one)
	closed(t, s)
	closed(t, s)
	if _, err := s.Write([]byte("x")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a write after the end: %v", err)
	}
	if got := int64(len(term.all())); got != s.Written() {
		t.Errorf("%d bytes came, %d are said to be written", got, s.Written())
	}
}

// onNothing is a Screen on no terminal, in time that a test makes.
func onNothing(t *testing.T) *Screen {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { null.Close() })
	return New(null)
}

// TestAway: nothing is drawn before the alternate screen is entered or after it was
// left, however long that is and whatever is shown.
func TestAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := onNothing(t)
		away := func() {
			t.Helper()
			before := s.Written()
			s.Show("a", 10, 1)
			time.Sleep(time.Hour)
			s.Redraw()
			time.Sleep(time.Hour)
			if n := s.Written() - before; n > 0 {
				t.Errorf("%d bytes were drawn", n)
			}
		}
		away()
		write(t, s, enterAlternate)
		s.Show("b", 10, 1)
		time.Sleep(pace)
		s.Show("c", 10, 1) // not drawn any more
		write(t, s, leaveAlternate)
		away()
		closed(t, s)
	})
}

// TestForeignWrites: what Bubble Tea draws for an empty view does not get through,
// modes change nothing, and after anything else the frame is drawn anew.
func TestForeignWrites(t *testing.T) {
	term := newTerminal(t, 60, 8)
	s := New(term.tty)
	defer closed(t, s)
	f := page(60, 8, 4, 4)
	s.Show(f.text, 60, 8)
	write(t, s, "\x1b[?1049h")
	term.shows(f)

	drawn := s.Written()
	for _, quiet := range []string{"\x1b[H\r \x1b[K\x1b[1;1H", "\x1b[2K", "\r", "\x1b[H"} {
		write(t, s, quiet)
	}
	if got := s.Written(); got != drawn {
		t.Errorf("%d bytes of an empty view came through", got-drawn)
	}
	for _, quiet := range []string{"\x1b[?2004h", "\x1b[?25l\x1b[?1002l"} {
		write(t, s, quiet)
		drawn += int64(len(quiet))
	}
	const copies = "\x1b]52;c;YQ==\a"
	if err := s.Send(copies); err != nil {
		t.Fatal(err)
	}
	// One more cell, so that one can wait for it: no more than it is sent.
	f.text = strings.Replace(f.text, "cyrlock", "Cyrlock", 1)
	s.Show(f.text, 60, 8)
	term.shows(f)
	if more := s.Written() - drawn - int64(len(copies)); more > 40 {
		t.Errorf("%d bytes for a change in the first row", more)
	}

	for _, foreign := range []string{"\x1b[31;7mwall: reboot in 5 minutes", "\x1b[2J", "\x1b]0;title\a", "\n\n\n\n\n\n\n\n\n\n"} {
		before := s.Written()
		write(t, s, foreign)
		eventually(t, "a redraw", func() bool { return s.Written() > before+200 })
		term.shows(f)
	}
	before := s.Written()
	if _, err := term.tty.WriteString("\x1b[3;3Hsomebody else"); err != nil {
		t.Fatal(err)
	}
	s.Redraw()
	eventually(t, "a redraw", func() bool { return s.Written() > before+200 })
	term.shows(f)
}

// TestAnyFrames draws what comes, in any size, and ends with the last.
func TestAnyFrames(t *testing.T) {
	term := newTerminal(t, 70, 20)
	s := New(term.tty)
	defer closed(t, s)
	write(t, s, "\x1b[?1049h")
	r := rand.New(rand.NewPCG(1, 2))
	f := frame{w: 70, h: 20}
	for range 15 {
		for range 20 {
			f = changed(r, f)
			s.Show(f.text, f.w, f.h)
		}
		term.shows(f)
		f = frame{w: 20 + r.IntN(80), h: 5 + r.IntN(30)}
		term.resize(f.w, f.h)
	}
	s.Show("", 0, 0)
	s.Show("", -1, 5)
}

// TestPace: however many frames come, one in each pace is drawn, the last of them too;
// and none when they all look the same.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := onNothing(t)
		write(t, s, "\x1b[?1049h")
		s.Show("a", 10, 1)
		time.Sleep(time.Second)
		before := s.Written()
		const each = int64(len("\x1b[1Hb\x1b[H"))
		for i := range 1000 {
			s.Show(string(rune('b'+i%20)), 10, 1)
			time.Sleep(time.Millisecond)
		}
		most := int64(time.Second / pace)
		if n := (s.Written() - before) / each; n < most-2 || n > most+2 {
			t.Errorf("%d frames in a second", n)
		}
		s.Show("z", 10, 1)
		time.Sleep(pace)
		synctest.Wait()
		before = s.Written()
		for range 100 {
			s.Show("z", 10, 1)
			time.Sleep(time.Millisecond)
		}
		if got := s.Written(); got != before {
			t.Errorf("%d bytes for frames that look the same", got-before)
		}
		// Nothing is left to come: one who waits longer sees no more.
		s.Show("y", 10, 1)
		synctest.Wait()
		if got := s.Written() - before; got != each {
			t.Errorf("%d bytes at once after a rest, want %d", got, each)
		}
		closed(t, s)
	})
}
