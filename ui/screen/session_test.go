package screen

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/charmbracelet/x/term"
)

// A session is a shell in a terminal.
type session struct {
	*terminal
	dir string
}

func newSession(t *testing.T) *session {
	t.Helper()
	s := &session{newTerminal(t, 80, 24), t.TempDir()}
	shell := exec.Command("sh", "-i")
	// Bubble Tea has races of its own when it is killed; of ours one wants to know.
	races := filepath.Join(s.dir, "race")
	shell.Env = append(os.Environ(), "PS1=ready> ", "ENV=", "SCREEN_TEST_PROGRAM="+s.dir, "TERM=xterm", "GORACE=exitcode=0 log_path="+races)
	t.Cleanup(func() {
		reports, _ := filepath.Glob(races + ".*")
		for _, name := range reports {
			if raw, _ := os.ReadFile(name); bytes.Contains(raw, []byte("screen.(*Screen)")) {
				t.Errorf("%s", raw)
			}
		}
	})
	shell.Stdin, shell.Stdout, shell.Stderr = s.tty, s.tty, s.tty
	shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() { // then the program may live on, and keep the terminal open
			if raw, err := os.ReadFile(filepath.Join(s.dir, "pid")); err == nil {
				if pid, err := strconv.Atoi(string(raw)); err == nil && pid > 1 {
					_ = syscall.Kill(pid, syscall.SIGKILL)
				}
			}
		}
		_ = shell.Process.Kill()
		_ = shell.Wait()
	})
	s.sees("ready>")
	return s
}

func (s *session) types(keys string) {
	s.t.Helper()
	if _, err := s.far.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

func (s *session) sees(text string) {
	s.t.Helper()
	defer func() {
		if s.t.Failed() {
			s.t.Logf("the screen:\n%s", strings.Join(s.rows(), "\n"))
		}
	}()
	eventually(s.t, text, func() bool { return strings.Contains(strings.Join(s.rows(), "\n"), text) })
}

func (s *session) signal(sig syscall.Signal) {
	s.t.Helper()
	raw, err := os.ReadFile(filepath.Join(s.dir, "pid"))
	if err != nil {
		s.t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(raw))
	if err != nil {
		s.t.Fatal(err)
	}
	if err := syscall.Kill(pid, sig); err != nil {
		s.t.Fatal(err)
	}
}

// starts runs the program and waits until its clock has ticked on the last row.
func (s *session) starts() {
	s.t.Helper()
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	s.types(self + "\n")
	s.draws(80, 24)
}

func (s *session) draws(w, h int) {
	s.t.Helper()
	first := ""
	eventually(s.t, fmt.Sprintf("a clock of %d rows that goes", h), func() bool {
		rows := s.rows()
		now := rows[h-1]
		for y, row := range rows {
			if !strings.HasPrefix(row, fmt.Sprintf("row %d of %d, %d wide, tick", y+1, h, w)) {
				return false
			}
		}
		if first == "" {
			first = now
		}
		return now != first
	})
}

// settings are the terminal's: raw or not, and all else that stty shows.
func (s *session) settings() term.State {
	s.t.Helper()
	state, err := term.GetState(s.tty.Fd())
	if err != nil {
		s.t.Fatal(err)
	}
	return *state
}

// left checks what came since the alternate screen was left: no frame.
func (s *session) left(settings term.State) {
	s.t.Helper()
	all := s.all()
	after := all[strings.LastIndex(all, leaveAlternate):]
	if strings.Contains(after, "row ") || strings.Contains(after, home) {
		s.t.Errorf("drawn after the alternate screen was left: %q", after)
	}
	if s.settings() != settings {
		s.t.Error("the terminal's settings are not what they were")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.emu.IsAltScreen() || s.emu.CursorHidden() {
		s.t.Error("still in the alternate screen, or without a cursor")
	}
}
