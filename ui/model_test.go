package ui

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/page"
	"cyrlock/ui/sample"
)

// shows fails unless the screen holds every text.
func shows(t testing.TB, s *model, texts ...string) {
	t.Helper()
	got := frame(t, s)
	for _, text := range texts {
		if !strings.Contains(got, text) {
			t.Errorf("%q is not on the screen:\n%s", text, got)
		}
	}
}

func hides(t testing.TB, s *model, texts ...string) {
	t.Helper()
	got := frame(t, s)
	for _, text := range texts {
		if strings.Contains(got, text) {
			t.Errorf("%q is on the screen:\n%s", text, got)
		}
	}
}

// TestSteps walks the path with every key that leads along it.
func TestSteps(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Incident()), colour, 80, 24)
	for _, move := range []struct{ key, title string }{
		{"tab", "FIX"}, {"tab", "WATCH"}, {"tab", "FIND"}, {"tab", "STACKS"}, {"tab", "VERDICT"}, {"shift+tab", "STACKS"}, {"1", "FIND"}, {"3", "VERDICT"}, {"2", "STACKS"},
		{"esc", "VERDICT"}, {"esc", "VERDICT"}, {"1", "FIND"}, {"tab", "STACKS"}, {"esc", "FIND"}, {"esc", "VERDICT"}, {"5", "WATCH"}, {"4", "FIX"},
	} {
		press(t, s, move.key)
		if !strings.Contains(frame(t, s), move.title) {
			t.Fatalf("after %s: want %s:\n%s", move.key, move.title, frame(t, s))
		}
	}
}

// TestDeeper: enter leads from a file to the stack of its holder to the verdict,
// and esc leads back.
func TestDeeper(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Incident()), colour, 80, 24, "1", "down", "enter", "enter")
	shows(t, s, "STACKS", ">▸ WAIT   3 × imapd 24950")
	press(t, s, "enter", "enter", "enter") // its bucket, the process, the verdict on it
	shows(t, s, "VERDICT", "\n>└ 3 imapd 24950")
	press(t, s, "esc", "esc", "esc", "esc")
	shows(t, s, "FIND")
}

// one is a Machine that a test tells what to answer.
type one struct {
	snapshot evidence.Snapshot
	err      error
	asked    []evidence.Query
}

func (o *one) Look(_ context.Context, q evidence.Query) (evidence.Snapshot, error) {
	o.asked = append(o.asked, q)
	return o.snapshot, o.err
}

// TestFailedLook: old data stays, with its age and the reason, until a look works.
func TestFailedLook(t *testing.T) {
	m := &one{snapshot: sample.Incident()}
	s := screens(t, m, colour, 80, 24)
	m.snapshot, m.err = evidence.Snapshot{}, errors.New("/proc/locks: permission denied")
	look(t, s, epoch.Add(2*time.Second))
	s.Update(ticked(epoch.Add(14 * time.Second)))
	shows(t, s, "! The last look failed: /proc/locks: permission denied", "OLD DATA 14s old, r looks again", "seen 09:14:02", "HOLDS  imapd 24870")
	m.snapshot, m.err = sample.Incident(), nil
	look(t, s, epoch.Add(15*time.Second))
	hides(t, s, "failed", "OLD DATA")
}

// TestPartialLook: what came beside an error is shown, and the error too.
func TestPartialLook(t *testing.T) {
	m := &one{snapshot: sample.Incident(), err: errors.New("stacks: took too long")}
	shows(t, screens(t, m, colour, 80, 24), "The last look failed: stacks: took too long", "HOLDS  imapd 24870")
}

func TestFirstLookFails(t *testing.T) {
	shows(t, screens(t, &one{err: errors.New("no /proc")}, colour, 80, 24), "no /proc", "r looks again")
}

// TestSlowLook: what is on the screen says how old it is.
func TestSlowLook(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Incident()), colour, 80, 24)
	if _, cmd := s.Update(ticked(epoch.Add(2 * time.Second))); cmd == nil || !s.looking {
		t.Fatal("no look after two seconds")
	}
	s.Update(ticked(epoch.Add(4 * time.Second)))
	hides(t, s, "s old")
	s.Update(ticked(epoch.Add(41 * time.Second)))
	shows(t, s, "LATE 41s old, still looking", "seen 09:14:02")
	if s.lookIfDue() != nil || s.again() != nil {
		t.Error("a second look began beside the first")
	}
}

func TestPause(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Incident()), colour, 80, 24, "p")
	s.Update(ticked(epoch.Add(90 * time.Second)))
	if s.looking {
		t.Error("it looks while paused")
	}
	shows(t, s, "PAUSED 1m30s old", "seen 09:14:02")
	press(t, s, "r")
	if s.lookedAt.IsZero() {
		t.Error("r does not look while paused")
	}
	press(t, s, "p")
	hides(t, s, "PAUSED")
}

// TestPace: looking takes at most a fiftieth of a core while something hangs.
func TestPace(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Incident()), colour, 80, 24)
	msg := s.look()().(looked)
	msg.at, msg.cost = epoch.Add(2*time.Second), 200*time.Millisecond
	s.Update(msg)
	s.lookedAt = msg.at
	shows(t, s, "every 10s")
	s.Update(ticked(epoch.Add(11 * time.Second)))
	if s.looking {
		t.Error("it looked after 9 seconds")
	}
	s.Update(ticked(epoch.Add(13 * time.Second)))
	if !s.looking {
		t.Error("it did not look after 11 seconds")
	}
}

func TestRecordedIsLookedAtOnce(t *testing.T) {
	s := newModel(t.Context(), sample.Recorded(sample.Incident()), Options{Label: "recorded"}, draw.NewTheme(nil, false, false, colour))
	s.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	look(t, s, epoch)
	s.Update(ticked(epoch.Add(time.Hour)))
	if s.looking {
		t.Error("it looks again at what cannot change")
	}
	shows(t, s, "RECORDED 2026-11-23 09:14:02 +0000")
	hides(t, s, "0s old")
}

// TestSelectionFollows: rows come and go above the selected process.
func TestSelectionFollows(t *testing.T) {
	m := &one{snapshot: sample.Incident()}
	s := screens(t, m, colour, 80, 24, "down", "down")
	shows(t, s, "\n>├ 2 imapd 24901")
	m.snapshot.Files[2].Waiters = m.snapshot.Files[2].Waiters[1:] // 24876 has got what it waited for
	look(t, s, epoch.Add(2*time.Second))
	shows(t, s, "\n>├ 1 imapd 24901")

	press(t, s, "2", "n", "n")
	shows(t, s, "\n>▸ WAIT   9 × lmtpd 25010")
	m.snapshot = sample.Incident()
	m.snapshot.Files[1].Waiters = m.snapshot.Files[1].Waiters[:2]
	look(t, s, epoch.Add(4*time.Second))
	shows(t, s, "\n>▸ WAIT   2 × lmtpd 25010")

	press(t, s, "1", "down")
	shows(t, s, "\n> …ol/imap/user/jwade/cyrus.header")
	m.snapshot.Files[1].Waiters[0].SinceS = 1000
	look(t, s, epoch.Add(6*time.Second))
	shows(t, s, "\n> …ol/imap/user/jwade/cyrus.header")
}

// TestReusedPID: another process with the selected one's pid is another process.
func TestReusedPID(t *testing.T) {
	m := &one{snapshot: sample.Incident()}
	s := screens(t, m, colour, 80, 24, "2", "n", "3", "down")
	shows(t, s, "\n>├ 2 imapd 24901")
	m.snapshot = sample.Incident()
	m.snapshot.Processes[2].Start++
	look(t, s, epoch.Add(2*time.Second))
	shows(t, s, "\n>HOLDS  imapd 24870")
	stacks := s.pages[page.StepStacks].(*page.Stacks)
	stacks.Seek(s.Scene, 24901)
	m.snapshot.Processes[2].Start++
	look(t, s, epoch.Add(4*time.Second))
	if pid := stacks.Selected(s.Scene).PID; pid != 24876 { // the same stack, another process
		t.Errorf("the stacks page follows a pid to another process: %d", pid)
	}
}

// TestEverythingEnds: the hang is over, whatever was selected.
func TestEverythingEnds(t *testing.T) {
	for _, keys := range [][]string{nil, {"e"}, {"end"}, {"2", "down"}, {"1", "end"}, {"c"}, {"?"}} {
		m := &one{snapshot: sample.Incident()}
		s := screens(t, m, colour, 80, 24, keys...)
		m.snapshot.Files, m.snapshot.Processes = nil, nil
		look(t, s, epoch.Add(2*time.Second))
		shows(t, s, "OK")
		press(t, s, "esc", "3", "down", "enter", " ", "e", "y", "c", "down", "esc", "esc")
		shows(t, s, "Nobody waits for a file lock", "master 801")
	}
}

// TestPacket: keys that arrive together are keys one by one; a paste is none.
func TestPacket(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Incident()), colour, 80, 24)
	s.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("/jwade")})
	shows(t, s, "FIND", "User or file: jwade_")
	s.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("3"), Alt: true})
	shows(t, s, "VERDICT") // esc left the filter, 3 went to the step
	if _, cmd := s.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("12q"), Paste: true}); cmd != nil {
		t.Error("a paste is taken for keys")
	}
	shows(t, s, "VERDICT")
}

func TestTooSmall(t *testing.T) {
	for _, size := range [][2]int{{39, 24}, {80, 11}, {1, 1}, {22, 1}} {
		s := screens(t, sample.Recorded(sample.Incident()), colour, size[0], size[1])
		if got := frame(t, s); !strings.HasPrefix("make the window larger", strings.TrimRight(got, "\n…")) {
			t.Errorf("%v: %q", size, got)
		}
	}
}

// TestCrash: a programming error ends the program in order, wherever it happens.
func TestCrash(t *testing.T) {
	s := screens(t, panics{}, colour, 80, 24)
	if s.crash == nil || !strings.Contains(s.crash.Error(), "look: internal error: boom\n") || !strings.Contains(s.crash.Error(), "main_test.go") {
		t.Errorf("in a command: %v", s.crash)
	}
	s = screens(t, sample.Recorded(sample.Incident()), colour, 80, 24)
	s.pages[page.StepVerdict] = nil
	if _, cmd := s.Update(keyMsg("x")); cmd == nil || s.crash == nil {
		t.Error("in Update: it goes on")
	}
	s = screens(t, sample.Recorded(sample.Incident()), colour, 80, 24)
	s.pages[page.StepVerdict] = nil
	ended := false
	s.end = func() { ended = true }
	if s.View(); !ended || s.crash == nil {
		t.Error("in View: it goes on")
	}
}

// TestHelpNamesEveryKey: the help is made from the keys, so none is missing.
func TestHelpNamesEveryKey(t *testing.T) {
	for _, page := range []string{"1", "2", "3"} {
		s := screens(t, sample.Recorded(sample.Incident()), colour, 100, 50, page, "?")
		p := s.pages[s.step]
		for _, b := range append(append(p.Keys(s.Scene), s.Keys.Everywhere()...), s.Keys.Moves()...) {
			shows(t, s, b.Help().Key, b.Help().Desc)
		}
		press(t, s, "?")
		hides(t, s, "one page up")
	}
}
