package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cyrlock/capture"
	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/lab"
)

// recordedIncidents are real hangs of every class.
func recordedIncidents(t testing.TB) map[string]evidence.Snapshot {
	t.Helper()
	files, err := filepath.Glob("../diagnose/testdata/*.json")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d recorded incidents, %v", len(files), err)
	}
	all := map[string]evidence.Snapshot{}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var s evidence.Snapshot
		if err := json.Unmarshal(b, &s); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[filepath.Base(name)] = s
	}
	return all
}

// What is opened says what check said, to the letter: from a capture, and from the
// output of check --json, which may be opened and saved over and over.
func TestOpenSaysWhatCheckSaid(t *testing.T) {
	for name, s := range recordedIncidents(t) {
		t.Run(name, func(t *testing.T) {
			for _, threshold := range []time.Duration{time.Millisecond, 0, time.Hour} {
				want := diagnose.Diagnose(s, diagnose.Options{Threshold: threshold})
				path, err := capture.Write(t.TempDir(), s)
				if err != nil {
					t.Fatal(err)
				}
				for range 2 {
					read, err := capture.Read(path)
					if err != nil {
						t.Fatal(err)
					}
					got := diagnose.Diagnose(read, diagnose.Options{Threshold: threshold})
					if d := cmp.Diff(text(t, want), text(t, got)); d != "" {
						t.Fatalf("-checked +opened:\n%s", d)
					}
					if err := os.WriteFile(path, []byte(text(t, got)), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}

func text(t *testing.T, r diagnose.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := writeJSON(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSave(t *testing.T) {
	snapshot, err := lab.Recorded(lab.Seed)
	if err != nil {
		t.Fatal(err)
	}
	here, home := t.TempDir(), t.TempDir()
	t.Chdir(here)
	t.Setenv("HOME", home)
	s := &settings{}
	path, err := s.save(snapshot)
	if err != nil || filepath.Dir(path) != here {
		t.Errorf("%s, %v; want it in %s", path, err, here)
	}
	if read, err := capture.Read(path); err != nil || cmp.Diff(snapshot, read) != "" {
		t.Errorf("%v\n%s", err, cmp.Diff(snapshot, read))
	}
	// Where that folder is gone, or cannot be written to, the next one is taken.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(here); err != nil {
		t.Fatal(err)
	}
	if path, err = s.save(snapshot); err != nil || filepath.Dir(path) != home {
		t.Errorf("%s, %v; want it in %s", path, err, home)
	}
	fails := func(why string) func() (string, error) {
		return func() (string, error) { return "", errors.New(why) }
	}
	if path, err = saveIn(snapshot, fails("one"), func() (string, error) { return "/proc", nil }, fails("three")); err == nil || path != "" {
		t.Errorf("%s was saved", path)
	} else if text := err.Error(); !strings.Contains(text, "no capture was saved: one; ") || !strings.Contains(text, "/proc") || !strings.HasSuffix(text, "; three") {
		t.Error(text)
	}
}

// Whatever can be read can be reported.
func FuzzOpen(f *testing.F) {
	for _, s := range recordedIncidents(f) {
		for i := range s.Processes { // small seeds change more
			for j := range s.Processes[i].Threads {
				t := &s.Processes[i].Threads[j]
				t.Frames = t.Frames[:min(1, len(t.Frames))]
			}
		}
		b, err := json.Marshal(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	path := filepath.Join(f.TempDir(), "capture")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := capture.Read(path)
		if err != nil {
			return
		}
		r := diagnose.Diagnose(s, diagnose.Options{})
		var b bytes.Buffer
		if err := writeReport(&b, r, marks{}); err != nil {
			t.Fatal(err)
		}
		if first, _, _ := strings.Cut(b.String(), "\n"); strings.Count(first, "|") != 1 {
			t.Errorf("first line %q", first)
		}
	})
}
