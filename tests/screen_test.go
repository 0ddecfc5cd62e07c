package tests

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
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
	s.tmux("send-keys", "PS1='$ '; clear; stty -g; "+command+"; echo exit code $?; stty -g; echo all is said", "Enter")
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

// walk is the demo as a newcomer sees it: the sentence first, then every page.
func (s *screen) walk() {
	s.t.Helper()
	first := s.until("VERDICT", "HUNG", "11 processes wait behind jwade's seen file", "stopped reading", "HOLDS", "8 of 10 delivery slots wait", "cyrlock fix end")
	if n := len(strings.Split(strings.TrimRight(first, "\n"), "\n")); n > 24 {
		s.t.Errorf("%d lines on a screen of 24", n)
	}
	for _, step := range []struct{ key, title, shows string }{
		{"1", "FIND", "waiter 1"}, {"2", "STACKS", "the frame to look for"}, {"4", "FIX", "cures"}, {"5", "WATCH", "11 at most"}, {"3", "VERDICT", "HOLDS"},
	} {
		s.tmux("send-keys", step.key)
		s.until(step.title, step.shows)
	}
}

// restored waits for the end, and compares the terminal with what it was.
func (s *screen) restored(code string) {
	s.t.Helper()
	after := s.until("exit code "+code, "all is said") // the settings come after the code
	var modes []string
	for line := range strings.Lines(after) {
		if strings.Count(line, ":") > 10 {
			modes = append(modes, strings.TrimSpace(line))
		}
	}
	if len(modes) != 2 || modes[0] != modes[1] {
		s.t.Errorf("the terminal is not as it was: %q", modes)
	}
}

// pidOf is the process of this command in the terminal.
func (s *screen) pidOf(name string) int {
	s.t.Helper()
	shell := strings.TrimSpace(s.tmux("display-message", "-p", "#{pane_pid}"))
	out, err := exec.Command("pgrep", "-P", shell, "-x", name).Output()
	if err != nil {
		s.t.Fatalf("no %s in the terminal: %v", name, err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		s.t.Fatal(err)
	}
	return pid
}

// TestDemoOnTheScreen: every page, what is copied, every size, and however it ends:
// a terminal as it was, and nothing left running.
func TestDemoOnTheScreen(t *testing.T) {
	if _, err := exec.LookPath("cc"); err != nil {
		unavailable(t, err)
	}
	for name, end := range map[string]struct {
		code string
		do   func(*screen)
	}{
		"q":      {"0", func(s *screen) { s.tmux("send-keys", "q") }},
		":quit":  {"0", func(s *screen) { s.tmux("send-keys", ":quit", "Enter") }},
		"killed": {"0", func(s *screen) { _ = syscall.Kill(s.pidOf("cyrlock"), syscall.SIGTERM) }},
		"hangup": {"0", func(s *screen) { _ = syscall.Kill(s.pidOf("cyrlock"), syscall.SIGHUP) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := openScreen(t, binary(t)+" demo")
			s.tmux("set-option", "-g", "set-clipboard", "on")
			s.walk()
			dir := demoDir(t, s)
			s.tmux("send-keys", "y")
			s.until("copied ")
			if copied := s.tmux("show-buffer"); !strings.Contains(copied, "11 processes wait behind jwade's seen file") || !strings.Contains(copied, "HOLDS") {
				t.Errorf("copied %q", copied)
			}
			s.tmux("resize-window", "-x", "40", "-y", "12")
			s.until("3/5 VERDICT", "HOLDS")
			s.tmux("resize-window", "-x", "200", "-y", "60")
			s.until("What it means", "zero window")
			s.tmux("resize-window", "-x", "80", "-y", "24")
			s.until("Safe to do", "› Watch", "HOLDS")
			end.do(s)
			s.restored(end.code)
			if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s is left", dir)
			}
		})
	}
}

// demoDir is the folder of the incident, as the screen names it.
func demoDir(t *testing.T, s *screen) string {
	t.Helper()
	s.tmux("send-keys", "1")
	dir := regexp.MustCompile(`/\S*cyrlock-lab-[0-9]+`).FindString(s.until("Path "))
	if dir == "" {
		t.Fatalf("no folder on the screen")
	}
	s.tmux("send-keys", "3")
	s.until("VERDICT", "HOLDS")
	return dir
}

// TestFixOnTheScreen: the demo's hang is ended from its page, with the word, and seen to
// drain; the receipt tells of it.
func TestFixOnTheScreen(t *testing.T) {
	if _, err := exec.LookPath("cc"); err != nil {
		unavailable(t, err)
	}
	state := filepath.Join(t.TempDir(), "state")
	s := openScreen(t, binary(t)+" demo --state "+state)
	s.until("VERDICT", "HUNG", "11 processes wait behind jwade's seen file")
	s.tmux("send-keys", "4")
	s.until("FIX", ">1 end imapd", "enter shows the whole plan and asks")
	s.tmux("send-keys", "Enter")
	s.until("End imapd", "SIGTERM to imapd", "in "+state, "type END and enter")
	s.tmux("send-keys", "-l", "end")
	s.tmux("send-keys", "Enter")
	s.until("that is not END")
	if _, err := os.Stat(state); err == nil {
		t.Fatal("something was begun")
	}
	s.tmux("send-keys", "-l", "END")
	s.until("type END and enter: END_")
	s.tmux("send-keys", "Enter")
	s.until("PROOF", "11 waiters drained within", "receipt 1", "done ", "Evidence")
	s.tmux("send-keys", "Enter")
	s.until("WATCH", "0 now, 11 at most", "you: end imapd")
	s.tmux("send-keys", "q")
	s.restored("0")
	out, code := run(t, "fix", "list", "--state", state)
	if code != 0 || !strings.Contains(out, "applied      end imapd") || !strings.Contains(out, "11 waiters drained within") {
		t.Errorf("exit code %d: %s", code, out)
	}
	if out, code := run(t, "open", filepath.Join(state, "receipts", "1.capture.json")); code != 0 || !strings.Contains(out, "11 processes wait") {
		t.Errorf("the evidence before: exit code %d: %s", code, out)
	}
}

// TestFixReadOnlyOnTheScreen: no key leads to it.
func TestFixReadOnlyOnTheScreen(t *testing.T) {
	if _, err := exec.LookPath("cc"); err != nil {
		unavailable(t, err)
	}
	state := filepath.Join(t.TempDir(), "state")
	s := openScreen(t, binary(t)+" demo --read-only --state "+state)
	s.until("VERDICT", "HUNG")
	s.tmux("send-keys", "4", "Enter", "u")
	shown := s.until("FIX", "read-only: y copies the command", "cyrlock fix end")
	for _, never := range []string{"enter do it", "u undo", "type END", "whole plan"} {
		if strings.Contains(shown, never) {
			t.Errorf("%q is on the screen:\n%s", never, shown)
		}
	}
	s.tmux("send-keys", "y")
	s.until("copied ")
	s.tmux("send-keys", "q")
	s.restored("0")
	if _, err := os.Stat(state); err == nil {
		t.Error("there is a receipt of nothing")
	}
}
