package ui

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"

	"cyrlock/ui/draw"
)

// A wire is the program on a terminal of a kind: all that it sent, and what an
// emulator makes of it.
type wire struct {
	t   *testing.T
	cmd *exec.Cmd
	tty *os.File

	mu   sync.Mutex
	sent strings.Builder
	term *vt.Emulator
	done chan struct{}
}

func dial(t *testing.T, machine string, env ...string) *wire {
	t.Helper()
	w := &wire{t: t, cmd: exec.Command(os.Args[0]), term: vt.NewEmulator(80, 24), done: make(chan struct{})}
	w.cmd.Env = append(os.Environ(), "CYRLOCK_TEST_SCREENS="+machine, "LC_ALL=", "LC_CTYPE=", "LANG=C.UTF-8", "NO_COLOR=")
	w.cmd.Env = append(w.cmd.Env, env...)
	tty, err := pty.StartWithSize(w.cmd, &pty.Winsize{Cols: 80, Rows: 24})
	if err != nil {
		t.Fatal(err)
	}
	w.tty = tty
	go func() {
		defer close(w.done)
		buf := make([]byte, 4096)
		for {
			n, err := tty.Read(buf)
			w.mu.Lock()
			w.sent.Write(buf[:n])
			_, _ = w.term.Write(buf[:n])
			w.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return w
}

func (w *wire) screen() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.term.String()
}

func (w *wire) press(key, shows string) {
	w.t.Helper()
	if _, err := w.tty.WriteString(key); err != nil {
		w.t.Fatal(err)
	}
	if shows != "" {
		eventually(w.t, shows, func() bool { return strings.Contains(w.screen(), shows) })
	}
}

// quit ends the program and returns all that it ever sent.
func (w *wire) quit() string {
	w.t.Helper()
	w.press("q", "")
	if err := w.cmd.Wait(); err != nil {
		w.t.Errorf("after q: %v", err)
	}
	<-w.done
	w.tty.Close()
	return w.sent.String()
}

var (
	sequence = regexp.MustCompile("\x1b(\\[[0-9;?]*[ -/]*[@-~]|\\][^\a\x1b]*(\a|\x1b\\\\)|.)")
	// common are those that a VT100, the Linux console and xterm know or ignore in
	// silence: positions, erasing, styles, autowrap, cursor, alternate screen,
	// bracketed paste.
	common = regexp.MustCompile("^\x1b\\[([0-9;]*H|[0-9]*[KJ]|[0-9;]*m|\\?(7|25|1049|2004)[hl]|\\?(1002|1003|1006)l)$")
)

// TestTerminals: every page on every kind of terminal, and not one byte that it
// does not understand.
func TestTerminals(t *testing.T) {
	for name, c := range map[string]struct {
		env           []string
		ascii, colour bool
	}{
		"xterm":    {[]string{"TERM=xterm-256color"}, false, true},
		"tmux":     {[]string{"TERM=tmux-256color"}, false, true},
		"screen":   {[]string{"TERM=screen"}, false, true},
		"console":  {[]string{"TERM=linux"}, true, true},
		"vt100":    {[]string{"TERM=vt100"}, true, false},
		"dumb":     {[]string{"TERM=dumb"}, true, false},
		"NO_COLOR": {[]string{"TERM=xterm", "NO_COLOR=1"}, false, false},
		"latin1":   {[]string{"TERM=xterm", "LANG=de_DE.ISO-8859-1"}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := dial(t, "incident", c.env...)
			for _, k := range [][2]string{{"", "12 processes wait"}, {"1", "FIND"}, {"2", "STACKS"}, {"4", "FIX"}, {"5", "WATCH"}, {"3", "VERDICT"}, {"e", "To be sure"}, {"?", "one page up"}} {
				w.press(k[0], k[1])
			}
			sent := w.quit()
			coloured := false
			for _, s := range sequence.FindAllString(sent, -1) {
				if !common.MatchString(s) {
					t.Errorf("sent %q", s)
				}
				if strings.HasSuffix(s, "m") {
					coloured = coloured || regexp.MustCompile(`[\[;][349][0-7][;m]`).MatchString(s)
					if strings.Contains(s, "38;") || strings.Contains(s, "48;") {
						t.Errorf("sent %q: more than sixteen colours", s)
					}
				}
			}
			if c.ascii && !draw.IsASCII(sent) {
				t.Error("sent what is not ASCII")
			}
			if coloured != c.colour {
				t.Errorf("colour: %v", coloured)
			}
		})
	}
}
