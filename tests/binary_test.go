package tests

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/lab"
)

// run starts cyrlock as a script does and returns what it says and its exit code.
func run(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	return runAs(t, exec.CommandContext(t.Context(), binary(t), args...))
}

func runAs(t *testing.T, cmd *exec.Cmd) (out string, code int) {
	t.Helper()
	b, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v: %v", cmd, err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}

// start brings up an incident for the length of a test.
func start(t *testing.T, name string) *lab.Running {
	t.Helper()
	r, err := lab.Start(t.Context(), name)
	if err != nil {
		unavailable(t, err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// check as a monitoring system calls it: the exit code is the verdict, the first
// line has the numbers.
func TestCheckIsAPlugin(t *testing.T) {
	r := start(t, lab.Seed)
	for deadline := time.Now().Add(patience); ; {
		out, code := run(t, "check", "--conf", r.Conf, "--file", r.Seen, "--threshold", "300ms")
		first, _, _ := strings.Cut(out, "\n")
		if code == 2 {
			if !strings.HasPrefix(first, "CRITICAL: 11 processes wait behind jwade's seen file") || !strings.Contains(first, "| waiters=11 roots=1 oldest=") {
				t.Errorf("first line: %s", first)
			}
			for _, want := range []string{"stalled-client (certain)", "that client stopped reading", "lock_reopen (fd=", "the frame to look for", "cyrlock fix end "} {
				if !strings.Contains(out, want) {
					t.Errorf("the report lacks %q:\n%s", want, out)
				}
			}
			break
		}
		if code != 1 || time.Now().After(deadline) { // young waits are a WARNING
			t.Fatalf("exit code %d: %s", code, first)
		}
	}
	out, code := run(t, "check", "--conf", r.Conf, "--file", filepath.Join(r.Dir, "no", "such.file"))
	if code != 0 || !strings.HasPrefix(out, "OK: Nobody waits for ") {
		t.Errorf("a file that nobody has: exit code %d: %s", code, out)
	}
}

// The step "lsof | grep USER.seen" of the procedure, by user, with everybody who
// has the file open, and as JSON.
func TestCheckUser(t *testing.T) {
	r := start(t, lab.Seed)
	reader, err := os.Open(r.Seen)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	out, _ := run(t, "check", "--json", "--conf", r.Conf, "--user", "jwade")
	var report diagnose.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	i := slices.IndexFunc(report.Files, func(f evidence.File) bool { return f.Path == r.Seen })
	if i < 0 {
		t.Fatalf("jwade's seen file is not in the report: %+v", report.Files)
	}
	f := report.Files[i]
	if len(f.Holders) != 1 || f.Holders[0].PID != r.PIDs["root"][0] || len(f.Waiters) != 3 {
		t.Errorf("holders %+v, %d waiters", f.Holders, len(f.Waiters))
	}
	if !slices.ContainsFunc(f.Open, func(o evidence.Opener) bool { return o.PID == os.Getpid() }) {
		t.Errorf("this test has it open, too: %+v", f.Open)
	}
	if report.Schema != evidence.Schema || report.Host.Cyrus.Conf != r.Conf {
		t.Errorf("schema %d, conf %s", report.Schema, report.Host.Cyrus.Conf)
	}
}

// An ordinary user gets a verdict, and hears what could not be seen and what is needed.
func TestOrdinaryUser(t *testing.T) {
	if os.Getuid() != 0 {
		unavailable(t, "this test becomes another user, which only root may")
	}
	r := start(t, lab.Seed)
	bin := filepath.Join(t.TempDir(), "cyrlock")
	body, err := os.ReadFile(binary(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bin, body, 0o755); err != nil {
		t.Fatal(err)
	}
	for dir := filepath.Dir(bin); len(dir) > len(os.TempDir()); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	out, code := runAs(t, exec.CommandContext(t.Context(), "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", bin, "check", "--threshold", "1ms"))
	if code == 0 || strings.HasPrefix(out, "OK") {
		t.Errorf("a hang is there; exit code %d: %s", code, out)
	}
	if !strings.Contains(out, "Not seen") || !strings.Contains(out, "root") {
		t.Errorf("what could not be seen, and what is needed, is not said:\n%s", out)
	}
	// Idle workers queue on a file whose name this user cannot read. They are idle all the same.
	for _, pid := range r.PIDs["idle"] {
		if strings.Contains(out, fmt.Sprintf(" %d ", pid)) {
			t.Errorf("idle worker %d is in the report:\n%s", pid, out)
		}
	}
}

// demo without a terminal says so, reports its own incident, and leaves nothing.
func TestDemoWithoutTerminal(t *testing.T) {
	if _, err := exec.LookPath("cc"); err != nil {
		unavailable(t, err)
	}
	tmp := t.TempDir()
	cmd := exec.CommandContext(t.Context(), binary(t), "demo")
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
	out, code := runAs(t, cmd)
	if code != 0 || !strings.Contains(out, "No terminal") || !strings.Contains(out, "CRITICAL: 11 processes wait behind jwade's seen file") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if left, _ := os.ReadDir(tmp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Without a compiler the demo shows a recording, and says that it is one.
func TestDemoWithoutCompiler(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), binary(t), "demo")
	cmd.Env = append(os.Environ(), "PATH="+t.TempDir())
	out, code := runAs(t, cmd)
	if code != 0 || !strings.Contains(out, "RECORDED") || !strings.Contains(out, "CRITICAL: 11 processes wait behind jwade's seen file") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}
