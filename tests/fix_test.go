package tests

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/fix"
	"cyrlock/lab"
)

// A fixed is what cyrlock fix … --json prints.
type fixed struct {
	Plan    *fix.Plan
	Receipt *fix.Receipt
	Proof   *fix.Proof
	Error   string
}

// runFix runs cyrlock fix on an incident, with a ledger of its own.
func runFix(t *testing.T, conf, state string, args ...string) (f fixed, out string, code int) {
	t.Helper()
	out, code = run(t, append([]string{"fix", "--json", "--conf", conf, "--state", state}, args...)...)
	if err := json.Unmarshal([]byte(out), &f); err != nil {
		f.Error = out
	}
	return f, out, code
}

func pid(n int) string { return strconv.Itoa(n) }

// The incident of the seed: one waiter is cancelled, then the holder is ended.
func TestFixSeed(t *testing.T) {
	r := start(t, lab.Seed)
	m := exactMachine(t, r)
	state := filepath.Join(t.TempDir(), "state")
	s, _ := seenFile(t, m, r, func(_ evidence.Snapshot, f evidence.File) bool { return len(f.Waiters) == 3 && len(f.Holders) == 1 })
	root, waiters := r.PIDs["root"][0], r.PIDs["waiter"]

	// Nothing is done without being asked for.
	for name, args := range map[string][]string{
		"no terminal": {"end", pid(root)}, "dry run": {"end", pid(root), "--dry-run"}, "read-only": {"end", pid(root), "--yes", "--read-only"},
	} {
		f, out, code := runFix(t, r.Conf, state, args...)
		want := map[string]int{"no terminal": 2, "dry run": 0, "read-only": 1}[name]
		if code != want || name == "dry run" && (f.Plan == nil || f.Plan.Risk != "low" || len(f.Plan.Changes) != 2) {
			t.Errorf("%s: exit code %d: %s", name, code, out)
		}
	}
	if _, err := os.Stat(state); err == nil {
		t.Error("there is a receipt of nothing")
	}
	refused := func(want string, args ...string) {
		t.Helper()
		if _, out, code := runFix(t, r.Conf, state, append(args, "--yes")...); code == 0 || !strings.Contains(out, want) {
			t.Errorf("%v: exit code %d: %s; want %q", args, code, out, want)
		}
	}
	refused("others wait for it", "cancel", pid(root))
	refused("waits itself, for imapd", "end", pid(waiters[1]))
	refused("is Cyrus's master", "end", pid(r.PIDs["master"][0]), "--force")
	refused("waits for no lock", "cancel", pid(os.Getpid()))
	refused("keeps nobody waiting", "end", pid(os.Getpid()))
	// One idle worker sits in accept(2), the others wait for the accept lock behind it.
	for _, idle := range r.PIDs["idle"] {
		want := "waits for no lock"
		if slices.ContainsFunc(s.Files, func(f evidence.File) bool {
			return slices.ContainsFunc(f.Waiters, func(w evidence.Waiter) bool { return w.PID == idle })
		}) {
			want = "as idle workers do"
		}
		refused(want, "cancel", pid(idle), "--force")
	}

	// The first copy has the header locked, and the lmtpds wait for that.
	f, out, code := runFix(t, r.Conf, state, "cancel", pid(waiters[0]), "--yes")
	if code != 0 || f.Receipt == nil || f.Receipt.State != fix.Applied || !strings.Contains(f.Proof.Sentence, "it went on") || !strings.Contains(f.Proof.Sentence, "8 waiters behind it drained") {
		t.Fatalf("exit code %d: %s", code, out)
	}
	t.Log(f.Receipt.Steps[0].Said, "|", f.Proof.Sentence, "|", f.Proof.Lines)
	if len(f.Proof.Lines) != 1 || !strings.Contains(f.Proof.Lines[0], "The hang itself goes on: 2 processes wait") {
		t.Errorf("%q", f.Proof.Lines)
	}

	f, out, code = runFix(t, r.Conf, state, "end", pid(root), "--yes")
	if code != 0 || !strings.HasPrefix(f.Proof.Sentence, "2 waiters drained within ") {
		t.Fatalf("exit code %d: %s", code, out)
	}
	t.Log(f.Receipt.Steps, f.Proof.Sentence)
	if out, code := run(t, "open", f.Receipt.Saved); code != 0 || !strings.Contains(out, "CRITICAL") && !strings.Contains(out, "WARNING") {
		t.Errorf("the evidence before: exit code %d: %s", code, out)
	}
	out, code = run(t, "fix", "list", "--state", state)
	if code != 0 || !strings.Contains(out, "   1  ") || !strings.Contains(out, "applied      end imapd") {
		t.Errorf("exit code %d: %s", code, out)
	}
	audit, err := os.ReadFile(filepath.Join(state, "audit.jsonl"))
	if n := strings.Count(string(audit), "\n"); err != nil || n != 6 || !strings.Contains(string(audit), `"basis"`) {
		t.Errorf("%v: %s", err, audit)
	}
}

// Ended at once, the holder of the seed lets all eleven go on.
func TestFixEndSeed(t *testing.T) {
	r := start(t, lab.Seed)
	m := exactMachine(t, r)
	seenFile(t, m, r, func(_ evidence.Snapshot, f evidence.File) bool { return len(f.Waiters) == 3 && len(f.Holders) == 1 })
	out, code := run(t, "fix", "end", pid(r.PIDs["root"][0]), "--yes", "--conf", r.Conf, "--state", filepath.Join(t.TempDir(), "state"))
	if code != 0 || !strings.Contains(out, "PROOF: 11 waiters drained within ") {
		t.Errorf("exit code %d: %s", code, out)
	}
	t.Log("\n" + out)
	for _, part := range []string{"waiter", "lmtpd"} {
		for _, p := range r.PIDs[part] {
			if _, err := os.Stat("/proc/" + pid(p)); err != nil {
				t.Errorf("%s %d did not live through it: %v", part, p, err)
			}
		}
	}
}

// What each class of hang takes to be ended, as its own advice says: the processes
// that "end" names, all of them.
func TestFixEndEveryClass(t *testing.T) {
	for _, i := range lab.Incidents() {
		t.Run(i.Name, func(t *testing.T) {
			r := start(t, i.Name)
			if r.Inside != 0 {
				t.Skip("its holder is in another PID namespace")
			}
			m := exactMachine(t, r)
			report, pids := adviceToEnd(t, m, r)
			if pids == nil {
				t.Skipf("nobody is to be ended: %s", report)
			}
			args := []string{"end"}
			for _, p := range pids {
				args = append(args, pid(p))
			}
			f, out, code := runFix(t, r.Conf, filepath.Join(t.TempDir(), "state"), append(args, "--yes", "--force", "--patience", "1s")...)
			if f.Proof == nil {
				t.Fatalf("exit code %d: %s", code, out)
			}
			t.Logf("exit %d, %s: %v; %s %q", code, f.Receipt.Plan.What, f.Receipt.Steps, f.Proof.Sentence, f.Proof.Lines)
			if !f.Proof.Good || code != 0 {
				t.Errorf("exit code %d: %s", code, f.Proof.Sentence)
			}
		})
	}
}

// adviceToEnd looks until an incident has ripened, and returns whom to end.
func adviceToEnd(t *testing.T, m interface {
	Look(context.Context, evidence.Query) (evidence.Snapshot, error)
}, r *lab.Running) (summary string, pids []int) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		s, err := m.Look(t.Context(), evidence.Query{})
		if err != nil {
			t.Fatal(err)
		}
		report := diagnose.Diagnose(s, diagnose.Options{Threshold: time.Millisecond})
		for _, root := range report.Roots {
			if !strings.HasPrefix(root.File, r.Dir) || string(root.Class) != r.Incident.Class {
				continue
			}
			for _, a := range root.Advice {
				if a.Action == "end" {
					return report.Summary, a.PIDs
				}
			}
			return report.Summary, nil
		}
		if time.Now().After(deadline) || r.Incident.Class == "healthy" || r.Incident.Class == "slow" {
			return report.Summary, nil
		}
	}
}
