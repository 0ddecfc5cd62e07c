package lab

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"cyrlock/evidence"
)

//go:embed recorded
var recordings embed.FS

// ErrNotRecorded says that there is no recording of an incident.
var ErrNotRecorded = errors.New("no recording of this incident")

// recordingVersion is the version of the envelope around a recorded snapshot.
const recordingVersion = 1

// A recording is the form of recorded/NAME.json.
type recording struct {
	Recording int               `json:"recording"`
	Incident  string            `json:"incident"`
	Snapshot  evidence.Snapshot `json:"snapshot"`
}

// Recorded is what was seen of an incident when it was recorded, for machines on
// which it cannot be started. Whoever shows it must say that it is a recording.
func Recorded(name string) (evidence.Snapshot, error) {
	if _, err := find(name); err != nil {
		return evidence.Snapshot{}, err
	}
	text, err := recordings.ReadFile("recorded/" + name + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return evidence.Snapshot{}, fmt.Errorf("%s: %w", name, ErrNotRecorded)
	}
	if err != nil {
		return evidence.Snapshot{}, err
	}
	return readRecording(name, text)
}

func readRecording(name string, text []byte) (evidence.Snapshot, error) {
	var r recording
	// The versions come first: what follows may be of a form we do not know.
	var version struct {
		Recording int `json:"recording"`
		Snapshot  struct {
			Schema int `json:"schema"`
		} `json:"snapshot"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return r.Snapshot, fmt.Errorf("recording %s: %w", name, err)
	}
	if version.Recording != recordingVersion || version.Snapshot.Schema != evidence.Schema {
		return r.Snapshot, fmt.Errorf("recording %s: version %d of schema %d, want %d of %d: record it again",
			name, version.Recording, version.Snapshot.Schema, recordingVersion, evidence.Schema)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return evidence.Snapshot{}, fmt.Errorf("recording %s: %w", name, err)
	}
	if r.Incident != name {
		return evidence.Snapshot{}, fmt.Errorf("recording %s is of incident %q: record it again", name, r.Incident)
	}
	return r.Snapshot, nil
}

// WriteRecording writes the recording of an incident into dir, which is
// lab/recorded of the source tree. The next build contains it.
func WriteRecording(dir, name string, snapshot evidence.Snapshot) error {
	if _, err := find(name); err != nil {
		return err
	}
	text, err := json.MarshalIndent(recording{recordingVersion, name, snapshot}, "", " ")
	if err != nil {
		return fmt.Errorf("recording %s: %w", name, err)
	}
	return os.WriteFile(filepath.Join(dir, name+".json"), append(text, '\n'), 0o644)
}
