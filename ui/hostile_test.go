package ui

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/evidence"
	"cyrlock/ui/sample"
)

// nasty is text that strangers may put into titles, paths and function names.
var nasty = []string{
	"\x1b[2J\x1b[H\x1b]0;owned\a", "\x1b]52;c;cm0gLXJmIC8=\a", "\r\n\r\n", "\x9b31m", "日本語のメールボックス", "🇩🇪🇫🇷👩‍👩‍👧‍👦❤️",
	"a" + strings.Repeat("\u0301", 500), strings.Repeat("x", 10_000), strings.Repeat("広", 5000), "\xff\xfe\x80", "\u202egnp.exe", "", "' ; reboot; '", "%s%n", "\t\v\f\x00",
}

// hostile is the incident with every text replaced by one of nasty.
func hostile(r *rand.Rand) evidence.Snapshot {
	s := sample.Incident()
	pick := func() string { return nasty[r.IntN(len(nasty))] }
	s.Host.Name, s.Host.Cyrus.Conf, s.Host.Cyrus.Version = pick(), pick(), pick()
	for i := range s.Files {
		f := &s.Files[i]
		f.Path = pick() + "/" + pick()
		f.Deleted = r.IntN(2) == 0
	}
	for i := range s.Processes {
		p := &s.Processes[i]
		p.Exe, p.Comm, p.Title, p.User, p.Mailbox, p.Client, p.Service = pick(), pick(), pick(), pick(), pick(), pick(), pick()
		for j := range p.Threads {
			t := &p.Threads[j]
			t.Syscall, t.Wchan, t.Error = pick(), pick(), pick()
			if t.On != nil {
				t.On.Path = pick()
			}
			for k := range t.Frames {
				f := &t.Frames[k]
				if r.IntN(3) == 0 {
					f.Func, f.Module, f.File = pick(), pick(), pick()
				}
				f.Args = append(f.Args, evidence.Arg{Name: pick(), Value: pick()})
			}
		}
	}
	s.Gaps = []evidence.Gap{{PID: 24876, What: pick(), Why: pick()}, {What: pick(), Why: pick()}}
	return s
}

// TestHostileText: no byte of a stranger's reaches the terminal as a command, and
// no row grows beyond the screen.
func TestHostileText(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		for _, env := range []func(string) string{colour, without, vt100} {
			m := &one{snapshot: hostile(r), err: errors.New(nasty[r.IntN(len(nasty))])}
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

// crowd has n waiters behind one holder, each with a stack of its own kind.
func crowd(n, kinds int) evidence.Snapshot {
	s := sample.Incident()
	seen := &s.Files[2]
	for i := range n {
		pid := 30000 + i
		p := sample.SeenWaiter(pid, "INBOX", float64(i%600))
		p.Threads[0].Frames[5].Func = fmt.Sprintf("caller_%d", i%kinds)
		s.Processes = append(s.Processes, p)
		seen.Waiters = append(seen.Waiters, sample.Waits(pid, 22, float64(i%600), 4+i))
	}
	return s
}

// TestManyWaiters: five thousand wait, all in places of their own, and every key
// is answered while the finger is still down.
func TestManyWaiters(t *testing.T) {
	s := screens(t, sample.Recorded(crowd(5000, 5000)), colour, 80, 24)
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
	}{{"5000-stacks", crowd(5000, 5000)}, {"one-stack", crowd(5000, 1)}, {"2500-chains", chains(2500)}}
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

// chains are n locks, each with one holder and one waiter.
func chains(n int) evidence.Snapshot {
	var links [][3]int
	for i := range n {
		links = append(links, [3]int{i + 1, 2*i + 10, 2*i + 11})
	}
	return sample.Files(links...)
}

// FuzzScreens plays random keys, sizes, reports and times, and looks at every frame.
func FuzzScreens(f *testing.F) {
	f.Add(uint64(1), "1/jwade\r2 \tke")
	f.Add(uint64(2), "cccy?Gg\x1be\x1b33jjjj \r\r\r")
	f.Add(uint64(3), "\x01r\x01r\x01p\x011jk\x012jk\x013jk\x02\x03\x01:st\rS\x01S")
	f.Fuzz(func(t *testing.T, seed uint64, script string) {
		r := rand.New(rand.NewPCG(seed, 0))
		m := &one{snapshot: sample.Incident()}
		s := screens(t, m, []func(string) string{colour, without, vt100}[r.IntN(3)], 80, 24)
		now := epoch
		for _, c := range script[:min(len(script), 200)] {
			switch c {
			case 1: // another look brings something else
				m.snapshot, m.err = surprise(r), nil
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
			case 'q':
			case '\r':
				press(t, s, "enter")
			case '\x1b':
				press(t, s, "esc")
			case '\t':
				press(t, s, "tab")
			case '\b':
				press(t, s, []string{"backspace", "ctrl+u", "pgdown", "pgup", "home", "end", "up", "down"}[r.IntN(8)])
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

// surprise is evidence that no machine shows: loops, pids that are not there,
// numbers that are none.
func surprise(r *rand.Rand) evidence.Snapshot {
	switch r.IntN(5) {
	case 0:
		return evidence.Snapshot{Taken: epoch}
	case 1:
		return hostile(r)
	case 2:
		return crowd(r.IntN(60), 1+r.IntN(4))
	case 3:
		return evidence.Snapshot{Gaps: []evidence.Gap{{What: evidence.LockTable, Why: "permission denied"}}, Taken: epoch}
	}
	s := sample.Incident()
	pid := func() int { return []int{0, -1, 24870, 24876, 24901, 24950, 25010, 99999, math.MaxInt32}[r.IntN(9)] }
	for i := range s.Files {
		f := &s.Files[i]
		f.Holders, f.Waiters = nil, nil
		for range r.IntN(4) {
			f.Holders = append(f.Holders, evidence.Holder{PID: pid(), FD: r.IntN(5) - 1, Mode: evidence.Write, Lock: evidence.Flock, Description: r.IntN(3)})
		}
		for range r.IntN(6) {
			w := sample.Waits(pid(), r.IntN(5)-1, []float64{-1, 0, 1e18, math.NaN(), math.Inf(1), 5}[r.IntN(6)], 0)
			w.TID = pid()
			f.Waiters = append(f.Waiters, w)
		}
	}
	if r.IntN(2) == 0 {
		s.Processes = s.Processes[:r.IntN(len(s.Processes))]
	}
	return s
}
