package tests

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A talk is cyrlock without a screen: what is answered is written into a pipe when
// the question has been read from another.
type talk struct {
	t    *testing.T
	cmd  *exec.Cmd
	dir  string // for the incident's files
	in   io.WriteCloser
	mu   sync.Mutex
	said bytes.Buffer
	at   int           // what was heard already
	over chan struct{} // closed at the end of the output
}

func startTalk(t *testing.T, args ...string) *talk {
	t.Helper()
	if _, err := exec.LookPath("cc"); err != nil {
		unavailable(t, err)
	}
	k := &talk{t: t, cmd: exec.CommandContext(t.Context(), binary(t), args...), dir: t.TempDir(), over: make(chan struct{})}
	k.cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TMPDIR="+k.dir)
	in, err := k.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := k.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	k.cmd.Stderr = k.cmd.Stdout
	if err := k.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	k.in = in
	go func() {
		defer close(k.over)
		r := bufio.NewReader(out)
		for {
			b, err := r.ReadByte()
			if err != nil {
				return
			}
			k.mu.Lock()
			k.said.WriteByte(b)
			k.mu.Unlock()
		}
	}()
	return k
}

func (k *talk) all() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.said.String()
}

// hears waits until all of the texts were said, one after the other, after what
// was heard before.
func (k *talk) hears(texts ...string) {
	k.t.Helper()
	for _, text := range texts {
		for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
			if i := strings.Index(k.all()[k.at:], text); i >= 0 {
				k.at += i + len(text)
				break
			}
			if time.Now().After(deadline) {
				k.t.Fatalf("never said %q after\n%s", text, k.all()[:k.at]+"\n----\n"+k.all()[k.at:])
			}
		}
	}
}

// answers the question that comes next.
func (k *talk) answers(text string) {
	k.t.Helper()
	k.hears("Your choice: ")
	k.writes(text)
}

func (k *talk) writes(text string) {
	k.t.Helper()
	if _, err := io.WriteString(k.in, text+"\n"); err != nil {
		k.t.Fatal(err)
	}
}

// ends waits for the end and fails where it was not a good one, or where anything
// of the incident is left.
func (k *talk) ends() {
	k.t.Helper()
	select {
	case <-k.over:
	case <-time.After(patience):
		k.t.Fatalf("it does not end:\n%s", k.all())
	}
	if err := k.cmd.Wait(); err != nil {
		k.t.Errorf("%v, want exit code 0:\n%s", err, k.all())
	}
	first, _, _ := strings.Cut(k.all(), "Your choice: ") // later, another's incident may be seen
	for _, pid := range regexp.MustCompile(`(?:imapd|lmtpd) (\d+)`).FindAllStringSubmatch(first, -1) {
		if _, err := os.Stat("/proc/" + pid[1]); !errors.Is(err, fs.ErrNotExist) {
			k.t.Errorf("%s is still there: %v", pid[0], err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(k.dir, "*")); err != nil || len(left) > 0 {
		k.t.Errorf("left: %v, %v", left, err)
	}
}

// first finds what a pattern's group matched in all that was said.
func (k *talk) first(pattern string) string {
	k.t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(k.all())
	if m == nil {
		k.t.Fatalf("nothing like %s in\n%s", pattern, k.all())
	}
	return m[1]
}

// The five steps on a real incident by ear: the cause found, ended with the word that
// was asked for, and proved to be over.
func TestDemoByEar(t *testing.T) {
	k := startTalk(t, "demo", "--accessible")
	k.hears(": 11 processes wait behind jwade's seen file", "LAB", "Step 3 of 5, Verdict")
	for deadline := time.Now().Add(patience); !strings.Contains(k.all(), "HUNG: "); { // the client's window closes slowly on a busy machine
		if time.Now().After(deadline) {
			t.Fatalf("never hung:\n%s", k.all())
		}
		k.answers("l")
		k.hears("Your choice: ")
		k.at -= len("Your choice: ") // it is still to be answered
	}
	k.at = strings.LastIndex(k.all(), "HUNG: ")
	k.hears("Safe to do: end imapd", "How we know", "Waiter 1: imapd")
	holder := k.first(`(?m)^Holder: imapd (\d+), user jwade`)
	k.answers("1")
	k.hears("Step 1 of 5, Find", "1: user/p/jwade.seen, seen, HUNG. Held by imapd "+holder)
	k.answers("1")
	k.hears("Path: /", "/user/p/jwade.seen", "How the path is known: ", "Holder: imapd "+holder, "Waiter 1: imapd ", "Waiter 3: imapd ")
	k.answers("no-such-user")
	k.hears("no-such-user")
	k.answers("stacks")
	k.hears("Step 2 of 5, Stacks", "read without stopping anything", "1 holder, imapd "+holder, "3 waiters")
	k.answers("2")
	k.hears("Frame ", "the frame to look for: lock_reopen")
	k.answers("fix")
	k.hears("Step 4 of 5, Fix", "1: end imapd "+holder)
	k.answers("1")
	k.hears("Choice 1: end imapd "+holder, "\ncyrlock fix end "+holder+"\n", "The plan: end imapd "+holder, "Warning: Disconnects jwade", "Type END, in capitals, to do it")
	k.writes("end")
	k.hears("Type END, in capitals")
	k.writes("END")
	k.hears("Step 1 done: SIGTERM to imapd "+holder, "PROOF: 11 waiters drained within ", "Receipt 1 is in ")
	k.answers("watch")
	k.hears("Step 5 of 5, Watch", "Waiting now: ") // a hang of another test may be next
	k.answers("3")
	k.hears("Step 3 of 5, Verdict")
	k.answers("Quit")
	k.hears("The end; what was done is in the receipts in ")
	k.ends()
	if strings.ContainsFunc(k.all(), func(r rune) bool { return r < ' ' && r != '\n' || r > '~' && r < 0xa0 }) {
		t.Errorf("control characters in %q", k.all())
	}
}

// Whatever ends it, nothing is left running.
func TestDemoByEarEnds(t *testing.T) {
	for name, end := range map[string]func(*talk){
		"end of input": func(k *talk) { k.in.Close() },
		"SIGINT":       func(k *talk) { k.signal(syscall.SIGINT) },
		"SIGTERM":      func(k *talk) { k.signal(syscall.SIGTERM) },
		"SIGHUP":       func(k *talk) { k.signal(syscall.SIGHUP) },
	} {
		t.Run(name, func(t *testing.T) {
			k := startTalk(t, "demo", "--accessible")
			k.hears("Your choice: ")
			end(k)
			k.hears("nothing on this machine was changed.\n")
			k.ends()
		})
	}
}

func (k *talk) signal(s syscall.Signal) {
	k.t.Helper()
	if err := k.cmd.Process.Signal(s); err != nil {
		k.t.Fatal(err)
	}
}

// A reader that goes away (| head) ends it as well, when there is more to say.
func TestDemoByEarUnheard(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	k := &talk{t: t, dir: t.TempDir(), over: make(chan struct{})}
	if _, err := exec.LookPath("cc"); err != nil {
		unavailable(t, err)
	}
	k.cmd = exec.CommandContext(t.Context(), binary(t), "demo")
	k.cmd.Env = append(os.Environ(), "ACCESSIBLE=1", "TMPDIR="+k.dir)
	k.cmd.Stdout = w
	if k.in, err = k.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := k.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	heard := bufio.NewScanner(r)
	for heard.Scan() && !strings.HasPrefix(heard.Text(), "Waiter 3: ") {
		k.said.WriteString(heard.Text() + "\n")
	}
	r.Close()
	if _, err := io.WriteString(k.in, "1\n1\n"); err != nil {
		t.Fatal(err)
	}
	go func() { // what follows is heard by nobody
		defer close(k.over)
		for k.cmd.Process.Signal(syscall.Signal(0)) == nil && !zombie(k.cmd.Process.Pid) {
			time.Sleep(20 * time.Millisecond)
		}
	}()
	k.ends()
}

// Without a compiler it is a recorded incident, and says so.
func TestRecordedDemoByEar(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), binary(t), "demo", "--accessible")
	cmd.Env = []string{"PATH=/nonexistent", "HOME=" + t.TempDir(), "LC_ALL=C"}
	cmd.Stdin = strings.NewReader("look\n2\nq\n")
	out, code := runAs(t, cmd)
	for _, want := range []string{"HUNG: 11 processes wait behind jwade's seen file", "RECORDED at 20", "This is recorded: it does not change.", "Step 2 of 5, Stacks", "\nThe end; nothing"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit code %d, no %q in\n%s", code, want, out)
		}
	}
}

// zombie tells whether a process has ended, and is not waited for yet.
func zombie(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || bytes.Contains(b, []byte(") Z "))
}

// On a terminal: its settings are never touched, and not one escape sequence is
// written.
func TestByEarInATerminal(t *testing.T) {
	raw := filepath.Join(t.TempDir(), "raw")
	s := openScreen(t, "sleep 1; ACCESSIBLE=1 "+binary(t))
	s.tmux("pipe-pane", "cat >"+raw)
	s.until("Your choice:")
	s.tmux("send-keys", "gaps", "Enter")
	s.tmux("send-keys", "nonsense", "Enter")
	s.until("Not understood, and nothing was done: nonsense.")
	s.tmux("send-keys", "q", "Enter")
	after := s.until("nothing on this machine was changed.", "exit code 0")
	if n := strings.Count(after, ":"); n < 10 {
		t.Errorf("no settings of the terminal in\n%s", after)
	}
	b, err := os.ReadFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	first := regexp.MustCompile(`(OK|SLOW|HUNG|UNKNOWN): `).FindIndex(b) // the shell was before
	if first == nil {
		t.Fatalf("no verdict: %q", b)
	}
	if b = b[first[0]:]; !bytes.Contains(b, []byte("Step 3 of 5, Verdict")) || bytes.ContainsRune(b, '\x1b') {
		t.Errorf("no step, or an escape sequence: %q", b)
	}
}
