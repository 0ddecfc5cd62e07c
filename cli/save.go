package cli

import (
	"context"
	"fmt"
	"os"
	"time"

	"cyrlock/capture"
	"cyrlock/evidence"
	"cyrlock/probe/limit"
)

// saveLimit bounds one try to save: the folder may be on a file server that hangs,
// which is why somebody is here.
const saveLimit = 10 * time.Second

// save writes a capture to the current folder, else to the home folder, else to
// /var/tmp, and returns its path.
func (s *settings) save(snapshot evidence.Snapshot) (path string, err error) {
	snapshot.ThresholdS = s.threshold.Seconds()
	return saveIn(snapshot, os.Getwd, os.UserHomeDir, func() (string, error) { return "/var/tmp", nil })
}

func saveIn(snapshot evidence.Snapshot, folders ...func() (string, error)) (path string, err error) {
	for _, folder := range folders {
		path, failed := limit.Do(context.Background(), saveLimit, func() (string, error) {
			dir, err := folder()
			if err != nil {
				return "", err
			}
			return capture.Write(dir, snapshot)
		})
		switch {
		case failed == nil:
			return path, nil
		case err == nil:
			err = fmt.Errorf("no capture was saved: %w", failed)
		default:
			err = fmt.Errorf("%w; %w", err, failed)
		}
	}
	return "", err
}
