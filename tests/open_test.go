package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"cyrlock/diagnose"
	"cyrlock/lab"
)

// A hang that was saved can be looked at when it is long over, by the same screens.
func TestOpenOnTheScreen(t *testing.T) {
	r := start(t, lab.Seed)
	report, _ := await(t, r)
	if report.Verdict != diagnose.Hung {
		t.Fatal(report.Summary)
	}
	file := filepath.Join(t.TempDir(), "hang.json")
	out, err := exec.CommandContext(t.Context(), binary(t), "check", "--json", "--conf", r.Conf, "--file", r.Seen).Output()
	if len(out) == 0 {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, out, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	s := openScreen(t, binary(t)+" open --threshold 100ms "+file)
	s.until("jwade's seen file", "HUNG", "RECORDED", "HOLDS")
	s.tmux("send-keys", "q")
	s.until("exit code 0")
}
