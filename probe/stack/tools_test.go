package stack_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// need skips the test when one of the programs it compares with or builds with
// is missing. Where nothing may be skipped (CI, or CYRLOCK_TESTS=all) the test
// fails instead: a suite that skips its proof must not look green there.
func need(t *testing.T, programs ...string) {
	t.Helper()
	var missing []string
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			missing = append(missing, p)
		}
	}
	if len(missing) > 0 {
		unable(t, "missing programs: "+strings.Join(missing, ", "))
	}
}

// unable ends a test that this machine cannot run, as [need] does.
func unable(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" || os.Getenv("CYRLOCK_TESTS") == "all" {
		t.Fatal("NOT TESTED: ", why)
	}
	t.Skip("NOT TESTED: ", why)
}

// eventually waits until a condition holds and fails the test when it does not
// within ten seconds. The condition returns what it still sees, or "".
func eventually(t *testing.T, condition func() string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		saw := condition()
		if saw == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after 10 s still: %s", saw)
		}
		time.Sleep(time.Millisecond)
	}
}

// run runs a program to its end and returns what it wrote to standard output.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

func exitsWell(dir, name string, args ...string) bool {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	return cmd.Run() == nil
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o755); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Error(err)
	}
}
