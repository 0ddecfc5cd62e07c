package screen

import (
	"context"
	"errors"
	"fmt"
	"os"
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
