package tests

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// An exact stack from the screen: it is asked for first, and not taken when the
// answer is no. The holder goes on holding, and the waiter waiting.
func TestExactStackOnTheScreen(t *testing.T) {
	if _, err := exec.LookPath("cc"); err != nil {
		unavailable(t, err)
	}
	s := openScreen(t, binary(t)+" demo")
	s.until("VERDICT", "11 processes wait behind jwade's seen file", "HOLDS")
	s.tmux("send-keys", "2")
	holder := s.pid(`>. HOLDER 1 × imapd (\d+)`)
	s.tmux("send-keys", "n", "Enter", "g")
	waiter := s.pid(`>imapd (\d+) +\S+ +1 `)

	ran := switches(t, waiter)
	s.tmux("send-keys", "S")
	s.until("Attach to imapd "+waiter+"?", "WAITS for user/p/jwade.seen", "at place 1 of 3", "S attach")
	s.tmux("send-keys", "Enter", "Space", "y", "Escape")
	s.until("enter its stack")
	if now := switches(t, waiter); now != ran {
		t.Errorf("the answer was no, and %s ran: it was %q and is %q", waiter, ran, now)
	}
	s.tmux("send-keys", "S")
	s.until("S attach")
	s.tmux("send-keys", "S")
	s.until("exact, seen ", "stood still ", "lock_reopen", "imapd "+waiter+" stood still ")
	if now := switches(t, waiter); now == ran {
		t.Errorf("%s did not run: was it stopped?", waiter)
	}
	asleep(t, waiter)
	s.tmux("send-keys", "Escape")
	s.pid(`imapd (` + waiter + `) .*exact`)

	locks := heldLocks(t, holder)
	if len(locks) == 0 {
		t.Fatalf("%s holds no lock", holder)
	}
	s.tmux("send-keys", "Escape", "N", "S")
	s.until("Attach to imapd "+holder+"?", "It holds user/p/jwade.seen all the while", "S attach")
	s.tmux("send-keys", "S")
	s.until("exact, seen ", "prot_flush_internal", "imapd "+holder+" stood still ")
	asleep(t, holder)
	if now := heldLocks(t, holder); fmt.Sprint(now) != fmt.Sprint(locks) {
		t.Errorf("it held %q and holds %q", locks, now)
	}
	s.tmux("send-keys", "3")
	s.until("VERDICT", "11 processes wait behind jwade's seen file", "HOLDS  imapd "+holder)
	s.tmux("send-keys", "q")
	s.until("exit code 0")
}

// asleep fails unless a process sleeps and nobody traces it.
func asleep(t *testing.T, pid string) {
	t.Helper()
	status := ""
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		status = read(t, filepath.Join("/proc", pid, "status"))
		if strings.Contains(status, "TracerPid:\t0") && strings.Contains(status, "State:\tS") {
			return
		}
	}
	t.Errorf("it does not sleep on, or is traced:\n%s", status)
}

// pid waits for a line and returns the number in it.
func (s *screen) pid(line string) string {
	s.t.Helper()
	want := regexp.MustCompile(line)
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		shown := s.tmux("capture-pane", "-p")
		if m := want.FindStringSubmatch(shown); m != nil {
			return m[1]
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the screen never shows %q:\n%s", line, shown)
		}
	}
}

// switches counts how often a process ran: proc(5), status.
func switches(t *testing.T, pid string) string {
	t.Helper()
	var out []string
	for line := range strings.Lines(read(t, filepath.Join("/proc", pid, "status"))) {
		if strings.Contains(line, "ctxt_switches") {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return strings.Join(out, " ")
}

// heldLocks are the lines of its locks, by descriptor.
func heldLocks(t *testing.T, pid string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("/proc", pid, "fdinfo", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, file := range files {
		for line := range strings.Lines(read(t, file)) {
			if _, lock, ok := strings.Cut(line, "FLOCK"); ok {
				out = append(out, file+lock)
			}
		}
	}
	return out
}

func read(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
