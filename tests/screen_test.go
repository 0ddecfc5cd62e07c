package tests

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A screen is a terminal in tmux with cyrlock in it.
type screen struct {
	t      *testing.T
	socket string
}

func openScreen(t *testing.T, command string) *screen {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		unavailable(t, err)
	}
	s := &screen{t, filepath.Join(t.TempDir(), "tmux")}
	s.tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "env LANG=C.UTF-8 sh")
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", s.socket, "kill-server").Run() })
	s.tmux("send-keys", "PS1='$ '; clear; stty -g; "+command+"; echo exit code $?; stty -g", "Enter")
	return s
}

func (s *screen) tmux(args ...string) string {
	s.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", s.socket}, args...)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// until waits until the screen shows all of the texts.
func (s *screen) until(texts ...string) string {
	s.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		shown := s.tmux("capture-pane", "-p")
		missing := ""
		for _, text := range texts {
			if !strings.Contains(shown, text) {
				missing = text
			}
		}
		if missing == "" {
			return shown
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the screen never shows %q:\n%s", missing, shown)
		}
	}
}

// The demo as a newcomer sees it: the sentence first, then a walk over the pages,
// and a terminal as it was.
func TestDemoOnTheScreen(t *testing.T) {
	if _, err := exec.LookPath("cc"); err != nil {
		unavailable(t, err)
	}
	s := openScreen(t, binary(t)+" demo")
	first := s.until("VERDICT", "11 processes wait behind jwade's seen file", "stopped reading", "HOLDS", "kill -TERM")
	if n := len(strings.Split(strings.TrimRight(first, "\n"), "\n")); n > 24 {
		t.Errorf("%d lines on a screen of 24", n)
	}
	s.tmux("send-keys", "1")
	s.until("FIND", "jwade.seen", "waiter 1")
	s.tmux("send-keys", "2")
	s.until("STACKS", "prot_flush_internal")
	s.tmux("send-keys", "3")
	s.until("VERDICT")
	s.tmux("send-keys", "q")
	after := s.until("exit code 0")
	var modes []string
	for line := range strings.Lines(after) {
		if strings.Count(line, ":") > 10 {
			modes = append(modes, strings.TrimSpace(line))
		}
	}
	if len(modes) != 2 || modes[0] != modes[1] {
		t.Errorf("the terminal is not as it was: %s", fmt.Sprintf("%q", modes))
	}
}
