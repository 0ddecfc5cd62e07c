package screen

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/term"
	"golang.org/x/sys/unix"

	_ "cyrlock/ui/early" // or Bubble Tea asks the terminal for its colours first
)

// TestMain lets the test binary be a program with a screen, in a real terminal.
func TestMain(m *testing.M) {
	dir := os.Getenv("SCREEN_TEST_PROGRAM")
	if dir == "" {
		os.Exit(m.Run())
	}
	ended := fmt.Sprintln("ended:", program(dir))
	_ = os.WriteFile(filepath.Join(dir, "ended"), []byte(ended), 0o600)
	fmt.Print(ended)
}

// program shows a clock until q is typed or a signal comes.
func program(dir string) error {
	if err := os.WriteFile(filepath.Join(dir, "pid"), []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return err
	}
	before, err := term.GetState(os.Stdin.Fd())
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	s := New(os.Stdout)
	_, err = tea.NewProgram(&clock{screen: s}, tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithAltScreen(),
		tea.WithInput(os.Stdin), tea.WithOutput(s), tea.WithFPS(60)).Run()
	err = errors.Join(err, s.Close())
	after, restored := term.GetState(os.Stdin.Fd())
	if restored != nil {
		return restored
	}
	if *before != *after {
		return fmt.Errorf("the terminal is not as it was: %v", err)
	}
	return err
}

// A clock is a model whose frames never stop to change.
type clock struct {
	screen *Screen
	w, h   int
	ticks  int
}

type tick struct{}

func (c *clock) Init() tea.Cmd {
	return tea.Tick(10*time.Millisecond, func(time.Time) tea.Msg { return tick{} })
}

func (c *clock) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		c.w, c.h = msg.Width, msg.Height
	case tick:
		c.ticks++
		return c, c.Init()
	case tea.KeyMsg:
		switch msg.String() {
		case "q":
			return c, tea.Quit
		case "ctrl+z":
			return c, tea.Suspend
		case "p":
			panic("boom")
		}
	}
	return c, nil
}

func (c *clock) View() string {
	rows := make([]string, c.h)
	for y := range rows {
		text := fmt.Sprintf("row %d of %d, %d wide, tick %d.", y+1, c.h, c.w, c.ticks)
		rows[y] = "\x1b[7m" + text + "\x1b[m" + strings.Repeat(" ", max(0, c.w-len(text)))
	}
	c.screen.Show(strings.Join(rows, "\n"), c.w, c.h)
	return ""
}

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

// TestProgram: with Bubble Tea, in a terminal, however the program ends.
func TestProgram(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(*session)
		says string
	}{
		"quit":    {func(s *session) { s.types("q") }, "ended: <nil>"},
		"SIGTERM": {func(s *session) { s.signal(syscall.SIGTERM) }, "ended: program was killed: context canceled"},
		"SIGHUP":  {func(s *session) { s.signal(syscall.SIGHUP) }, "ended: program was killed: context canceled"},
		"panic":   {func(s *session) { s.types("p") }, "ended: program was killed: program experienced a panic"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			settings := s.settings()
			s.starts()
			if s.settings() == settings {
				t.Error("the terminal is not raw")
			}
			if n := strings.Count(s.all(), "row 1 of 24"); n != 1 {
				t.Errorf("the screen was drawn whole %d times at the start", n)
			}
			test.end(s)
			s.sees(test.says)
			s.sees("ready>")
			s.left(settings)
			if strings.Contains(s.all(), "\r \x1b[K") {
				t.Error("Bubble Tea's empty view came through")
			}
		})
	}
}

// TestResize: the whole screen in every size, and drawn whole only then.
func TestResize(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.starts()
	for _, size := range [][2]int{{100, 30}, {60, 10}, {60, 11}, {200, 60}, {80, 24}} {
		s.resize(size[0], size[1])
		s.draws(size[0], size[1])
	}
	if n := strings.Count(s.all(), "row 1 of 60, 200 wide"); n != 1 {
		t.Errorf("drawn whole %d times", n)
	}
	s.types("q")
	s.sees("ended: <nil>")
}

// TestSuspend: ctrl-z goes to the shell, fg comes back, with another size.
func TestSuspend(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	settings := s.settings()
	s.starts()
	s.types("\x1a")
	s.sees("Stopped")
	s.left(settings)
	s.types("echo still a she''ll\n")
	s.sees("still a shell")
	s.left(settings)
	s.resize(90, 20)
	s.types("fg\n")
	s.draws(90, 20)
	s.types("q")
	s.sees("ended: <nil>")
	s.left(settings)
}

// TestStuckProgram: the terminal takes nothing any more, as after ctrl-s, and then
// comes SIGTERM.
func TestStuckProgram(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	settings := s.settings()
	s.starts()
	if err := unix.IoctlSetInt(int(s.tty.Fd()), unix.TCXONC, unix.TCOOFF); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	s.signal(syscall.SIGTERM)
	eventually(t, "the end", func() bool {
		said, _ := os.ReadFile(filepath.Join(s.dir, "ended"))
		return strings.Contains(string(said), errStuck.Error())
	})
	if took := time.Since(start); took > 2*patience {
		t.Errorf("the end took %v", took)
	}
	if err := unix.IoctlSetInt(int(s.tty.Fd()), unix.TCXONC, unix.TCOON); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the alternate screen", func() bool { return strings.Contains(s.all(), leaveAlternate) })
	s.sees("ready>")
	s.left(settings)
}
