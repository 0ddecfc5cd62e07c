package lab

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cyrlock/evidence"

	"github.com/google/go-cmp/cmp"
)

func TestRecordingComesBack(t *testing.T) {
	dir := t.TempDir()
	want := evidence.Snapshot{
		Schema: evidence.Schema, Taken: time.Date(2026, 11, 23, 9, 14, 0, 0, time.UTC), Tool: "cyrlock test",
		Processes: []evidence.Process{{PID: 7, Comm: "imapd", Threads: []evidence.Thread{{
			TID: 7, Syscall: "flock", Frames: []evidence.Frame{{PC: 0x55d0, Func: "lock_reopen", How: "cfi"}},
		}}}},
	}
	if err := WriteRecording(dir, Seed, want); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "seed.json"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := readRecording(Seed, text)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if _, err := readRecording("slow", text); err == nil {
		t.Error("a recording of the seed passes for one of another incident")
	}
	if err := WriteRecording(dir, "../escape", want); err == nil {
		t.Error("an unknown incident was recorded")
	}
}

func TestRecordingOfAnotherVersion(t *testing.T) {
	for _, text := range []string{
		`{"recording":2,"incident":"seed","snapshot":{"schema":1}}`,
		`{"recording":1,"incident":"seed","snapshot":{"schema":99,"processes":"of a new form"}}`,
		`{}`,
	} {
		if _, err := readRecording(Seed, []byte(text)); err == nil || !strings.Contains(err.Error(), "record it again") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Every recording that is built in can be read, and names a known incident.
func TestRecordings(t *testing.T) {
	entries, err := recordings.ReadDir("recorded")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name, isRecording := strings.CutSuffix(e.Name(), ".json")
		if !isRecording {
			continue
		}
		if s, err := Recorded(name); err != nil || len(s.Files) == 0 {
			t.Errorf("%s: %d files, %v", name, len(s.Files), err)
		}
	}
	if _, err := Recorded("no-such"); err == nil {
		t.Error("an unknown incident is recorded")
	}
	if _, err := Recorded("healthy"); err != nil && !errors.Is(err, ErrNotRecorded) {
		t.Error(err)
	}
}

func FuzzRecording(f *testing.F) {
	f.Add([]byte(`{"recording":1,"incident":"seed","snapshot":{"schema":1,"processes":[{"pid":1,"threads":[{"frames":[{"pc":"0x55"}]}]}]}}`))
	f.Add([]byte(`{"recording":1,"incident":"seed","snapshot":{"schema":1,"files":[null]}}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, err := readRecording(Seed, text); err == nil && s.Schema != evidence.Schema {
			t.Errorf("schema %d was let in", s.Schema)
		}
	})
}
