package tests

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"cyrlock/fix"
)

// deafHolder starts a process that ignores SIGTERM and holds a lock that another
// waits for.
func deafHolder(t *testing.T) (holder *exec.Cmd, file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "jwade.seen")
	spawn := func(script string) *exec.Cmd {
		cmd := exec.Command("sh", "-c", script, "sh", file)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	holder = spawn(`trap '' TERM; exec 9>"$1"; flock 9; echo ready; while :; do sleep 0.1 9>&-; done`)
	spawn(`exec 9>"$1"; echo ready; exec flock 9`)
	return holder, file
}

// endable waits until a fresh look calls the process a root.
func endable(t *testing.T, state string, pid int) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		_, out, code := runFix(t, "", state, "end", fmt.Sprint(pid), "--dry-run")
		if code == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("exit code %d: %s", code, out)
		}
	}
}

// cyrlock is killed between SIGTERM and SIGKILL: the list says so, and what is true of
// the process; while it worked, a second one said who was at it.
func TestFixKilled(t *testing.T) {
	holder, _ := deafHolder(t)
	state := filepath.Join(t.TempDir(), "state")
	endable(t, state, holder.Process.Pid)
	first := exec.Command(binary(t), "fix", "end", fmt.Sprint(holder.Process.Pid), "--yes", "--patience", "10m", "--state", state)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = first.Process.Kill(), first.Wait() }()
	l := fix.Ledger{Dir: state}
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		list, err := l.List()
		if err == nil && len(list) == 1 && list[0].State == fix.Applying && list[0].Steps[1].State == fix.StepDoing {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v %+v", err, list)
		}
	}
	if _, out, code := runFix(t, "", state, "end", fmt.Sprint(holder.Process.Pid), "--yes"); code != 1 || !strings.Contains(out, fmt.Sprintf("another cyrlock (pid %d) is at work", first.Process.Pid)) {
		t.Errorf("a second one: exit code %d: %s", code, out)
	}
	_, _ = first.Process.Kill(), first.Wait()

	out, code := run(t, "fix", "list", "--state", state)
	for _, want := range []string{"interrupted", "done       SIGTERM to ", "doing      SIGKILL to ", fmt.Sprintf("process %d is there", holder.Process.Pid)} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("the list lacks %q: exit code %d: %s", want, code, out)
		}
	}
	if out, code := run(t, "fix", "undo", "1", "--yes", "--state", state); code != 1 || !strings.Contains(out, "cannot be undone") {
		t.Errorf("undo: exit code %d: %s", code, out)
	}
	f, out, code := runFix(t, "", state, "end", fmt.Sprint(holder.Process.Pid), "--yes", "--patience", "100ms")
	if code != 0 || !f.Proof.Good || f.Receipt.ID != 2 || !strings.Contains(f.Receipt.Steps[1].Said, "without an answer to SIGTERM") {
		t.Errorf("exit code %d: %s", code, out)
	}
}

// An ordinary user is told what it takes, and nothing is done.
func TestFixOrdinaryUser(t *testing.T) {
	if os.Getuid() != 0 {
		unavailable(t, "this test becomes another user, which only root may")
	}
	holder, _ := deafHolder(t)
	dir, err := os.MkdirTemp("", "cyrlock-user-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	bin := filepath.Join(dir, "cyrlock")
	body, err := os.ReadFile(binary(t))
	if err == nil {
		err = os.WriteFile(bin, body, 0o755)
	}
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	state := filepath.Join(dir, "state")
	if err == nil {
		err = os.Mkdir(state, 0o700)
	}
	if err == nil {
		err = os.Chown(state, 65534, 65534)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	// In a session of its own: within one SIGCONT needs no permission (kill(2)).
	for _, args := range [][]string{{"end", fmt.Sprint(holder.Process.Pid), "--force"}, {"end", fmt.Sprint(holder.Process.Pid)},
		{"continue", fmt.Sprint(holder.Process.Pid), "--force"}, {"continue", fmt.Sprint(holder.Process.Pid)}} {
		all := append([]string{"-w", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", bin, "fix", "--yes", "--state", state}, args...)
		out, code := runAs(t, exec.CommandContext(t.Context(), "setsid", all...))
		if code != 1 || !strings.Contains(out, "run as root") {
			t.Errorf("%v: exit code %d: %s", args, code, out)
		}
		t.Log(out)
	}
	if out, code := run(t, "fix", "list", "--state", state); code != 1 || !strings.Contains(out, "belongs to user 65534") {
		t.Errorf("somebody else's ledger: exit code %d: %s", code, out)
	}
}

// On a terminal the word has to be typed, and nothing else does it.
func TestFixAsks(t *testing.T) {
	holder, _ := deafHolder(t)
	state := filepath.Join(t.TempDir(), "state")
	endable(t, state, holder.Process.Pid)
	typed := func(word string) (said string, code int) {
		cmd := exec.Command(binary(t), "fix", "end", fmt.Sprint(holder.Process.Pid), "--patience", "100ms", "--state", state)
		tty, err := pty.Start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		defer tty.Close()
		if _, err := io.WriteString(tty, word); err != nil {
			t.Fatal(err)
		}
		all, _ := io.ReadAll(tty) // the other end goes with the process (EIO)
		_ = cmd.Wait()
		return string(all), cmd.ProcessState.ExitCode()
	}
	for _, word := range []string{"y\n", "end\n", "\n", "\x04"} {
		if said, code := typed(word); code != 1 || !strings.Contains(said, "Type END to do it") || !strings.Contains(said, "nothing was done") {
			t.Errorf("%q: exit code %d: %s", word, code, said)
		}
	}
	if list, err := (fix.Ledger{Dir: state}).List(); err != nil || len(list) > 0 {
		t.Errorf("%v %+v", err, list)
	}
	said, code := typed("END\n")
	if code != 0 || !strings.Contains(said, "PROOF: 1 waiter drained") {
		t.Errorf("exit code %d: %s", code, said)
	}
}

// A disk that is full when a holder is to be ended: nothing is done that cannot be
// noted, and the error says how to go on.
func TestFixNoRoom(t *testing.T) {
	holder, _ := deafHolder(t)
	endable(t, t.TempDir(), holder.Process.Pid)
	f, out, code := runFix(t, "", "/dev/full/state", "end", fmt.Sprint(holder.Process.Pid), "--yes")
	if code != 1 || !strings.Contains(out, "name another folder with --state") {
		t.Errorf("exit code %d: %s %+v", code, out, f)
	}
	if err := json.Unmarshal([]byte(out), &f); err == nil && f.Receipt != nil {
		t.Errorf("%s", out)
	}
}

// The disk for receipts is the one that hangs: within some seconds cyrlock says so,
// and how to go on. Nothing was done.
func TestFixHungDisk(t *testing.T) {
	holder, _ := deafHolder(t)
	endable(t, t.TempDir(), holder.Process.Pid)
	s, dir := mountStore(t, nil)
	close(s.hang)
	cmd := exec.Command(binary(t), "fix", "end", fmt.Sprint(holder.Process.Pid), "--yes", "--state", filepath.Join(dir, "state"))
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		said <- line
	}()
	select {
	case line := <-said:
		if !strings.Contains(line, "does not answer within 10s") || !strings.Contains(line, "--state") {
			t.Errorf("%q", line)
		}
	case <-time.After(patience):
		t.Error("it hangs, too")
	}
	s.repair() // until then who waits for it cannot even end
	_ = cmd.Wait()
	if _, err := os.Stat("/proc/" + fmt.Sprint(holder.Process.Pid)); err != nil {
		t.Error("the holder was ended, and there is no receipt")
	}
}

// Ctrl-C at the question leaves at once, and nothing is done.
func TestFixAskedAndBroken(t *testing.T) {
	holder, _ := deafHolder(t)
	state := filepath.Join(t.TempDir(), "state")
	endable(t, state, holder.Process.Pid)
	cmd := exec.Command(binary(t), "fix", "end", fmt.Sprint(holder.Process.Pid), "--state", state)
	tty, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	said := make(chan string, 1)
	go func() {
		var all strings.Builder
		buf := make([]byte, 4096)
		for asked := false; ; {
			n, err := tty.Read(buf)
			all.Write(buf[:n])
			if !asked && strings.Contains(all.String(), "Type END to do it") {
				asked = true
				_, _ = io.WriteString(tty, "\x03")
			}
			if err != nil { // the other end goes with the process (EIO)
				said <- all.String()
				return
			}
		}
	}()
	select {
	case all := <-said:
		_ = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(all, "nothing was done") {
			t.Errorf("exit code %d: %s", code, all)
		}
	case <-time.After(patience):
		_, _ = cmd.Process.Kill(), cmd.Wait()
		t.Error("it still asks")
	}
	if _, err := os.Stat(state); err == nil {
		t.Error("there is a receipt of nothing")
	}
}

// What is refused is an object, too, for who asked for JSON.
func TestFixRefusedJSON(t *testing.T) {
	holder, _ := deafHolder(t)
	state := filepath.Join(t.TempDir(), "state")
	endable(t, state, holder.Process.Pid)
	for want, args := range map[string][]string{
		"it is never ended":     {"end", "1", "--yes"},
		"--read-only":           {"end", fmt.Sprint(holder.Process.Pid), "--yes", "--read-only"},
		"no terminal to ask at": {"end", fmt.Sprint(holder.Process.Pid)},
		"waits for no lock":     {"cancel", fmt.Sprint(os.Getpid()), "--yes"},
		"no such receipt":       {"undo", "--yes"},
	} {
		cmd := exec.Command(binary(t), append([]string{"fix", "--json", "--state", state}, args...)...)
		out, err := cmd.Output()
		var f fixed
		if bad := json.Unmarshal(out, &f); err == nil || bad != nil || !strings.Contains(f.Error, want) {
			t.Errorf("%v: %v, %v: %s", args, err, bad, out)
		}
	}
}
