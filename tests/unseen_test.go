package tests

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cyrlock/diagnose"
)

// A shell of root has a lock that flock(1) took for it, and ended. An ordinary user who
// waits for it may not see whose it is, and is not told that this were known.
func TestHolderUnseenByOrdinaryUser(t *testing.T) {
	if os.Getuid() != 0 {
		unavailable(t, "root alone can start a process of root and one of another user")
	}
	dir, err := os.MkdirTemp("", "cyrlock") // t.TempDir is for root alone
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	tool := filepath.Join(dir, "cyrlock")
	q := &queue{t: t, file: filepath.Join(dir, "jwade.seen")}
	command(t, dir, "cp", binary(t), tool)
	command(t, dir, "touch", q.file)
	command(t, dir, "chmod", "a+rwx", dir, tool, q.file)
	q.holder, _ = q.spawn(`exec 9<"$1"; flock 9; echo ready; read x; true`)

	nobody := func(script string, args ...string) *exec.Cmd {
		cmd := exec.Command("sh", append([]string{"-c", script, "sh"}, args...)...)
		cmd.Dir, cmd.Env = dir, []string{"PATH=/usr/bin:/bin"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		return cmd
	}
	waiter := nobody(`exec 9<"$1"; echo ready; exec flock 9`, q.file)
	out, err := waiter.StdoutPipe()
	if err == nil {
		err = waiter.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = waiter.Process.Kill(), waiter.Wait() })
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "one waits", func() bool { return len(q.order()) == 1 })

	check := nobody(`exec "$1" check --json --file "$2"`, tool, q.file)
	text, _ := check.Output()
	var report diagnose.Report
	if err := json.Unmarshal(text, &report); err != nil || len(report.Roots) != 1 {
		t.Fatalf("%v: %s", err, text)
	}
	root := report.Roots[0]
	if root.Class != diagnose.ForeignHolder || root.Confidence != diagnose.Guess || !strings.Contains(root.Sentence, "could not be seen") || !strings.Contains(root.Doubt, "as root") {
		t.Errorf("%s (%s): %s; doubt: %s", root.Class, root.Confidence, root.Sentence, root.Doubt)
	}
	t.Logf("%s (%s): %s %q", root.Class, root.Confidence, root.Sentence, root.Why)

	// Root sees the heir.
	seen, code := run(t, "check", "--file", q.file)
	if !strings.Contains(seen, " "+pid(q.holder.Process.Pid)+" holds it") {
		t.Errorf("exit code %d: %s", code, seen)
	}
}
