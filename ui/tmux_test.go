package ui

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"cyrlock/ui/sample"
)

// missing tells of a tool that a test needs. Where everything must be tested, that
// is a failure.
func missing(t *testing.T, tool string) {
	t.Helper()
	if os.Getenv("CI") != "" || os.Getenv("CYRLOCK_TESTS") == "all" {
		t.Fatalf("%s is not installed", tool)
	}
	t.Logf("NOT TESTED: %s is not installed", tool)
}

// A terminal is a tmux server of the test's own, with a shell in it.
type terminal struct {
	t   *testing.T
	dir string
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	t.Parallel()
	if _, err := exec.LookPath("tmux"); err != nil {
		missing(t, "tmux")
		t.SkipNow()
	}
	dir, err := os.MkdirTemp("", "ui") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t, dir}
	t.Cleanup(func() { os.RemoveAll(dir) })
	term.tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "env LC_ALL=C.UTF-8 NO_COLOR= PS1='ready> ' sh -i")
	t.Cleanup(func() { term.tmux("kill-server") })
	term.sees("ready>")
	return term
}

func (term *terminal) tmux(args ...string) string {
	term.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", filepath.Join(term.dir, "tmux")}, args...)...).CombinedOutput()
	if err != nil {
		term.t.Fatalf("tmux %v: %v: %s", args, err, out)
	}
	return string(out)
}

func (term *terminal) keys(keys ...string) {
	term.t.Helper()
	term.tmux(append([]string{"send-keys"}, keys...)...)
}

func (term *terminal) screen() string { return term.tmux("capture-pane", "-p", "-J") }

func (term *terminal) sees(text string) {
	term.t.Helper()
	seen := ""
	defer func() {
		if term.t.Failed() {
			term.t.Logf("the screen:\n%s", seen)
		}
	}()
	eventually(term.t, strconv.Quote(text), func() bool { seen = term.screen(); return strings.Contains(seen, text) })
}

// starts runs the screens from the shell, with the terminal's settings noted
// before and after.
func (term *terminal) starts(machine string) {
	term.t.Helper()
	self, err := os.Executable()
	if err != nil {
		term.t.Fatal(err)
	}
	script := fmt.Sprintf("cd %s; stty -a >before; CYRLOCK_TEST_PID=pid CYRLOCK_TEST_SCREENS=%s %s; stty -a >after; echo $? >done", term.dir, machine, self)
	term.keys("clear; "+script, "Enter")
}

func (term *terminal) read(name string) string {
	raw, _ := os.ReadFile(filepath.Join(term.dir, name))
	return strings.TrimSpace(string(raw))
}

// restored waits for the end of the screens, and compares the terminal with what
// it was: its settings, the screen behind, the cursor.
func (term *terminal) restored() {
	term.t.Helper()
	eventually(term.t, "the end of the screens", func() bool { return term.read("done") != "" })
	if before, after := term.read("before"), term.read("after"); before == "" || before != after {
		term.t.Errorf("stty -a was\n%s\nand is\n%s", before, after)
	}
	if got := strings.TrimSpace(term.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag} #{mouse_any_flag}")); got != "0 1 0" {
		term.t.Errorf("alternate screen, cursor, mouse: %s; want 0 1 0", got)
	}
	term.keys("echo still a she''ll", "Enter")
	term.sees("still a shell")
}

func (term *terminal) signal(s syscall.Signal) {
	term.t.Helper()
	pid, err := strconv.Atoi(term.read("pid"))
	if err != nil {
		term.t.Fatal(err)
	}
	if err := syscall.Kill(pid, s); err != nil {
		term.t.Fatal(err)
	}
}

// TestRestored: whatever ends the screens, the terminal is as it was.
func TestRestored(t *testing.T) {
	for name, end := range map[string]func(*terminal){
		"q":       func(term *terminal) { term.keys("q") },
		"ctrl-c":  func(term *terminal) { term.keys("C-c") },
		"SIGTERM": func(term *terminal) { term.signal(syscall.SIGTERM) },
		"SIGHUP":  func(term *terminal) { term.signal(syscall.SIGHUP) },
		"SIGINT":  func(term *terminal) { term.signal(syscall.SIGINT) },
	} {
		t.Run(name, func(t *testing.T) {
			term := newTerminal(t)
			term.starts("incident")
			term.sees("VERDICT")
			end(term)
			term.restored()
			term.sees("ended: well")
		})
	}
}

// TestRestoredAfterPanic: the reason and the stack are readable afterwards.
func TestRestoredAfterPanic(t *testing.T) {
	term := newTerminal(t)
	term.starts("panic")
	term.restored()
	all := term.tmux("capture-pane", "-p", "-J", "-S", "-200")
	for _, want := range []string{"ended: look: internal error: boom", "main_test.go"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
}

// TestQuitWhileLooking: a look that hangs keeps nobody from leaving.
func TestQuitWhileLooking(t *testing.T) {
	term := newTerminal(t)
	term.starts("late")
	term.sees("still looking")
	term.keys("q")
	term.restored()
}

func TestKeysInATerminal(t *testing.T) {
	term := newTerminal(t)
	term.starts("incident")
	term.sees("VERDICT")
	term.keys("2")
	term.sees("the frame to look for")
	term.keys("Escape")
	term.sees("VERDICT")
	term.keys("/jwade.s")
	term.sees("User or file: jwade.s_")
	term.keys("Escape")
	term.keys("?")
	term.sees("one page up")
	term.keys("Escape", "3") // in one packet, as over a slow line
	term.sees("HOLDS  imapd 24870")

	term.tmux("resize-window", "-x", "100", "-y", "30")
	term.sees("write → 192.0.2.3:51234, 41 kB queued")
	eventually(t, "a footer in row 30", func() bool {
		rows := strings.Split(strings.TrimRight(term.screen(), "\n"), "\n")
		return len(rows) == 30 && strings.Contains(rows[29], "q quit")
	})
	term.tmux("resize-window", "-x", "30", "-y", "8")
	term.sees("make the window larger")
	term.tmux("resize-window", "-x", "80", "-y", "24")
	term.sees("HOLDS  imapd 24870")
	term.keys("q")
	term.restored()
}

// TestSuspend: ctrl-z goes to the shell, fg comes back.
func TestSuspend(t *testing.T) {
	term := newTerminal(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	term.keys("cd "+term.dir+"; stty -a >before; CYRLOCK_TEST_SCREENS=incident "+self, "Enter")
	term.sees("VERDICT")
	term.keys("C-z")
	term.sees("Stopped")
	term.keys("clear; stty -a >after; echo $? >done", "Enter")
	term.restored()
	term.keys("fg", "Enter")
	term.sees("HOLDS  imapd 24870")
	term.keys("2")
	term.sees("STACKS")
	if err := os.Remove(filepath.Join(term.dir, "done")); err != nil {
		t.Fatal(err)
	}
	term.keys("q")
	term.sees("ended: well")
	term.keys("stty -a >after; echo $? >done", "Enter")
	term.restored()
}

// TestSuspendWithoutShell: where nobody does job control the kernel ignores the
// stop, and the screens must come back by themselves.
func TestSuspendWithoutShell(t *testing.T) {
	term := newTerminal(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	term.tmux("new-window", "env LC_ALL=C.UTF-8 CYRLOCK_TEST_SCREENS=incident "+self)
	term.sees("VERDICT")
	term.keys("C-z")
	term.keys("2")
	term.sees("STACKS")
	term.keys("q")
}

// TestNoTerminal: in a pipe, Run says what to use instead.
func TestNoTerminal(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if err := Run(t.Context(), sample.Recorded(sample.Incident()), Options{In: r, Out: w}); err == nil || !strings.Contains(err.Error(), "cyrlock check") {
		t.Errorf("%v", err)
	}
}
