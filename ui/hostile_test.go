package ui

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/evidence"
	"cyrlock/fix"
	"cyrlock/ui/sample"
)

// TestHostileText: no byte of a stranger's reaches the terminal as a command, and
// no row grows beyond the screen.
func TestHostileText(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		for _, env := range []func(string) string{colour, without, vt100} {
			m := &one{snapshot: sample.Hostile(r), err: errors.New(sample.Nasty[r.IntN(len(sample.Nasty))])}
			for _, size := range [][2]int{{80, 24}, {40, 12}, {200, 60}} {
				for _, keys := range [][]string{nil, {"e"}, {"1"}, {"2", " "}, {"?"}, {"c"}} {
					s := screens(t, m, env, size[0], size[1], keys...)
					view := s.View()
					exact(t, view, size[0], size[1])
					harmless(t, view)
				}
			}
		}
	}
}

// harmless fails where a view holds an escape sequence that is not a colour, or
// any other control character.
func harmless(t testing.TB, view string) {
	t.Helper()
	for i := 0; i < len(view); i++ {
		switch c := view[i]; {
		case c == 0x1b:
			end := strings.IndexByte(view[i:], 'm')
			if end < 0 || strings.Trim(view[i+1:i+end], "[0123456789;") != "" || view[i+1] != '[' {
				t.Fatalf("escape sequence in %q", view[i:min(len(view), i+20)])
			}
			i += end
		case c == '\n':
		case c < ' ' || c == 0x7f:
			t.Fatalf("control character %#x in %q", c, view[max(0, i-20):min(len(view), i+20)])
		}
	}
	for _, r := range view {
		if r >= 0x80 && r < 0xa0 || r == '\u202e' {
			t.Fatalf("control character %U", r)
		}
	}
}

// TestManyWaiters: five thousand wait, all in places of their own, and every key
// is answered while the finger is still down.
func TestManyWaiters(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Crowd(5000, 5000)), colour, 80, 24)
	shows(t, s, "5,012 processes wait behind jwade's seen file", "5,003 wait for it", "more imapd")
	slowest := time.Duration(0)
	for _, k := range []string{"end", "up", " ", "end", "pgup", "e", "e", "2", "down", "end", " ", "pgdown", "1", "down", "c", "c", "/", "j", "w", "enter", "3", "y"} {
		began := time.Now()
		press(t, s, k)
		exact(t, s.View(), 80, 24)
		slowest = max(slowest, time.Since(began))
	}
	t.Logf("slowest key and frame: %v", slowest)
	if slowest > 2*time.Second { // 50 ms where nothing else runs
		t.Errorf("a key took %v", slowest)
	}
}

// BenchmarkFrame is a key and the frame that answers it, with five thousand
// processes: in one stack each, all in one, and each behind a lock of its own.
func BenchmarkFrame(b *testing.B) {
	machines := []struct {
		name string
		s    evidence.Snapshot
	}{{"5000-stacks", sample.Crowd(5000, 5000)}, {"one-stack", sample.Crowd(5000, 1)}, {"2500-chains", sample.Chains(2500)}}
	for _, m := range machines {
		for _, page := range []string{"1", "2", "3", "4", "5"} {
			b.Run(m.name+"/"+page, func(b *testing.B) {
				s := screens(b, sample.Recorded(m.s), colour, 200, 60, page)
				keys := []string{"down", "end", " ", "up", "pgup", "home"}
				for i := 0; b.Loop(); i++ {
					press(b, s, keys[i%len(keys)])
					s.View()
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "ms/frame")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// FuzzScreens plays random keys, sizes, reports and times, and looks at every frame.
func FuzzScreens(f *testing.F) {
	f.Add(uint64(1), "1/jwade\r2 \tke")
	f.Add(uint64(2), "cccy?Gg\x1be\x1b33jjjj \r\r\r")
	f.Add(uint64(3), "\x01r\x01r\x01p\x011jk\x012jk\x013jk\x02\x03\x01:st\rS\x01S")
	f.Add(uint64(4), "nNhl hhllnne\x01n\x01h l\x014jnN3\x014G\x015\x013")
	f.Add(uint64(5), "2nS\x04S n\r\rS\x04jjS\x01 \x01lh\x01\x1b\x1bjjj \x02S\x02\x04")
	f.Add(uint64(6), "4\r\x04END\r\x01\x1b\x1bjjjj\r/usr/src\r\x04PATCH\r\x02uu\x04UNDO\r\x015\x014")
	f.Add(uint64(7), "4\r\x04ENX\r\b\x02\bEND\r\x01\x024j\r\x1b\x01\r\x04\x01\x02END\r55\x01")
	f.Fuzz(func(t *testing.T, seed uint64, script string) {
		r := rand.New(rand.NewPCG(seed, 0))
		m := &stoppable{one: one{snapshot: sample.Incident()}}
		mends := &mender{proof: []*fix.Proof{nil, drained, {Sentence: sample.Nasty[r.IntN(len(sample.Nasty))]}}[r.IntN(3)]}
		if nasty := errors.New(sample.Nasty[r.IntN(len(sample.Nasty))]); r.IntN(3) == 0 {
			mends.fails = nasty
		} else if r.IntN(3) == 0 {
			mends.refuses = nasty
		}
		if old := carried(patch(), 1); r.IntN(2) == 0 {
			mends.undoable = &old
		}
		s := screens(t, m, []func(string) string{colour, without, vt100}[r.IntN(3)], 80, 24)
		s.options.Fixer = mends
		s.fixPage().Allow("")
		now := epoch
		for _, c := range script[:min(len(script), 200)] {
			switch c {
			case 1: // another look brings something else
				m.snapshot, m.err = sample.Surprise(r), nil
				if r.IntN(4) == 0 {
					m.err = context.DeadlineExceeded
				}
				now = now.Add(time.Duration(r.IntN(5)) * time.Second)
				look(t, s, now)
			case 2:
				s.Update(tea.WindowSizeMsg{Width: r.IntN(230), Height: r.IntN(70)})
			case 3:
				now = now.Add(time.Duration(r.IntN(100)) * time.Second)
				s.Update(ticked(now))
			case 4:
				settles(s)
			case 'q':
			case '\r':
				mend(t, s, "enter")
			case '\x1b':
				press(t, s, "esc")
			case '\t':
				press(t, s, "tab")
			case '\b':
				press(t, s, []string{"backspace", "ctrl+u", "pgdown", "pgup", "home", "end", "up", "down"}[r.IntN(8)])
			case 'u':
				mend(t, s, "u")
			default:
				press(t, s, string(c))
			}
			if s.crash != nil {
				t.Fatal(s.crash)
			}
			if s.width > 0 && s.height > 0 {
				view := s.View()
				exact(t, view, s.width, s.height)
				harmless(t, view)
			}
			if s.crash != nil {
				t.Fatal(s.crash)
			}
		}
	})
}
