package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A command is run as it stands in the frame, and none that does not stand there.
func TestFollowsWhatTheFrameShows(t *testing.T) {
	made := filepath.Join(t.TempDir(), "made")
	f := printed("It helps to:\n  touch " + made + "  and to look again.\n")
	if err := (shot{}).follow(t.Context(), f); err != nil {
		t.Error(err)
	}
	if err := (shot{runs: `touch \S+`}).follow(t.Context(), f); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(made); err != nil {
		t.Error(err)
	}
	if err := (shot{runs: "touch", with: made + "2"}).follow(t.Context(), f); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(made + "2"); err != nil {
		t.Error(err)
	}
	err := (shot{runs: `rm \S+`}).follow(t.Context(), f)
	if err == nil || !strings.Contains(err.Error(), "shows no command") {
		t.Errorf("a command that is not there: %v", err)
	}
	err = (shot{runs: `to look`}).follow(t.Context(), f)
	if err == nil || !strings.HasPrefix(err.Error(), "to look: ") {
		t.Errorf("a command that fails: %v", err)
	}
}
