// Package tests holds the tests of the whole: real hangs, a real Cyrus, the
// binary as a stranger runs it.
package tests

import (
	"encoding/json"
	"flag"
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
	"cyrlock/probe"
	"cyrlock/probe/stack"
)

var record = flag.Bool("record", false, "write what was seen to ../diagnose/testdata and ../lab/recorded")

// The threshold is short so that a hang need not grow old to be called one.
const threshold = 500 * time.Millisecond

// patience is how long a hang may take until it is seen for what it is. It
// bounds a wait until, and is never slept through.
const patience = 30 * time.Second

// Every class of verdict, each on a hang that is really there.
func TestClasses(t *testing.T) {
	for _, incident := range lab.Incidents() {
		t.Run(incident.Name, func(t *testing.T) {
			running, err := lab.Start(t.Context(), incident.Name)
			if err != nil {
				unavailable(t, err)
			}
			defer func() {
				if err := running.Stop(); err != nil {
					t.Error(err)
				}
			}()
			if incident.Class == string(diagnose.Healthy) || incident.Class == string(diagnose.Slow) {
				notHung(t, running)
				return
			}
			report, root := await(t, running)
			if root.PID != 0 && !slices.Contains(running.PIDs["root"], root.PID) {
				t.Errorf("named %d as the root, but it is %v\n%s", root.PID, running.PIDs["root"], root.Sentence)
			}
			for _, pid := range running.PIDs["idle"] {
				if slices.Contains(root.Victims, pid) {
					t.Errorf("idle worker %d is called a victim", pid)
				}
			}
			if *record {
				save(t, running, report)
			}
		})
	}
}

// await looks until the incident's root has its class.
func await(t *testing.T, r *lab.Running) (diagnose.Report, diagnose.Root) {
	t.Helper()
	look := looker(t, r)
	var last []string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		report := look()
		last = nil
		for _, root := range report.Roots {
			if !strings.HasPrefix(root.File, r.Dir) {
				continue // somebody else's hang on this machine
			}
			last = append(last, fmt.Sprintf("%s (%s): %s", root.Class, root.Confidence, root.Sentence))
			if string(root.Class) == r.Incident.Class && root.OldestS >= threshold.Seconds() {
				return report, root
			}
		}
	}
	t.Fatalf("never seen as %s; last seen:\n%s", r.Incident.Class, strings.Join(last, "\n"))
	return diagnose.Report{}, diagnose.Root{}
}

// notHung looks a few times: of a healthy server nothing is reported; on a slow
// one somebody waits, and nobody for long.
func notHung(t *testing.T, r *lab.Running) {
	t.Helper()
	look := looker(t, r)
	waits := r.Incident.Class == string(diagnose.Slow)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		seen := false
		for looks := 0; looks < 10 && !seen; looks++ {
			for _, root := range look().Roots {
				if !strings.HasPrefix(root.File, r.Dir) {
					continue
				}
				seen = true
				if !waits || root.OldestS >= diagnose.DefaultThreshold.Seconds() {
					t.Fatalf("called %s, and is only %s: %s", root.Class, r.Incident.Class, root.Sentence)
				}
			}
		}
		if seen == waits {
			return
		}
	}
	t.Fatal("nobody was seen to wait")
}

// looker looks at the incident as its victims would: from inside its PID
// namespace where it has one.
func looker(t *testing.T, r *lab.Running) func() diagnose.Report {
	t.Helper()
	if r.Inside != 0 {
		bin := binary(t)
		return func() diagnose.Report {
			cmd := exec.CommandContext(t.Context(), "nsenter", "-t", fmt.Sprint(r.Inside), "-p", "-m", bin, "check", "--json", "--threshold", threshold.String(), "--conf", r.Conf)
			out, err := cmd.Output()
			var report diagnose.Report
			if jsonErr := json.Unmarshal(out, &report); jsonErr != nil {
				t.Fatalf("%v: %v: %v\n%s", cmd, err, jsonErr, out)
			}
			return report
		}
	}
	tracer := stack.New(stack.Options{})
	t.Cleanup(func() { _ = tracer.Close() })
	m := probe.New(probe.Options{Conf: r.Conf, Tracer: tracer})
	return func() diagnose.Report {
		snapshot, err := m.Look(t.Context(), evidence.Query{})
		if err != nil {
			t.Fatal(err)
		}
		return diagnose.Diagnose(snapshot, diagnose.Options{Threshold: threshold})
	}
}

// save keeps the part of the evidence that is the incident's, with neutral names
// for what is only this machine's.
func save(t *testing.T, r *lab.Running, report diagnose.Report) {
	t.Helper()
	s := report.Snapshot
	s.Gaps = []evidence.Gap{}
	s.Host.Name, s.Host.BootID = "practice", ""
	s.Host.Kernel, _, _ = strings.Cut(s.Host.Kernel, "-")
	s.Files = slices.DeleteFunc(s.Files, func(f evidence.File) bool { return !strings.HasPrefix(f.Path, r.Dir) })
	involved := map[int]bool{}
	for _, f := range s.Files {
		for _, h := range f.Holders {
			involved[h.PID] = true
		}
		for _, w := range f.Waiters {
			involved[w.PID] = true
		}
	}
	bin := ""
	s.Processes = slices.DeleteFunc(s.Processes, func(p evidence.Process) bool {
		if dir := filepath.Dir(p.Exe); involved[p.PID] && strings.Contains(dir, "cyrlock") {
			bin = dir
		}
		return !involved[p.PID]
	})
	body, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(body), r.Dir, "/var/imap")
	if bin != "" {
		text = strings.ReplaceAll(text, bin, "/usr/cyrus/bin")
	}
	path := filepath.Join("..", "diagnose", "testdata", r.Incident.Name+"."+r.Incident.Class+".json")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r.Incident.Name != lab.Seed {
		return
	}
	var neutral evidence.Snapshot
	if err := json.Unmarshal([]byte(text), &neutral); err != nil {
		t.Fatal(err)
	}
	if err := lab.WriteRecording(filepath.Join("..", "lab", "recorded"), lab.Seed, neutral); err != nil {
		t.Fatal(err)
	}
}

// unavailable skips, loudly, what truly cannot be had; where everything is
// promised to be there, it fails.
func unavailable(t *testing.T, why any) {
	t.Helper()
	if os.Getenv("CI") != "" || os.Getenv("CYRLOCK_TESTS") == "all" {
		t.Fatal(why)
	}
	t.Skipf("SKIPPED, NOT TESTED: %v", why)
}

// binary builds cyrlock once for all tests that run it as a stranger does.
func binary(t *testing.T) string {
	t.Helper()
	built.Do(func() {
		dir, err := os.MkdirTemp("", "cyrlock-test-")
		if err != nil {
			builtErr = err
			return
		}
		builtDir, builtPath = dir, filepath.Join(dir, "cyrlock")
		cmd := exec.Command("go", "build", "-o", builtPath, "cyrlock")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			builtErr = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if builtErr != nil {
		t.Fatal(builtErr)
	}
	return builtPath
}
