package cli

import (
	"context"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A recording is a machine that was looked at before.
type recording struct{ snapshot evidence.Snapshot }

func (r recording) Look(context.Context, evidence.Query) (evidence.Snapshot, error) {
	return r.snapshot, nil
}

// threshold is the one that was judged with where it was seen, if it can be one.
func (r recording) threshold() time.Duration {
	const year = 365 * 24 * time.Hour
	if s := r.snapshot.ThresholdS; s > 0 && s < year.Seconds() {
		return time.Duration(s * float64(time.Second))
	}
	return diagnose.DefaultThreshold
}

// query is what the look was asked about.
func (r recording) query() evidence.Query {
	f := r.snapshot.Focus
	if f == nil {
		return evidence.Query{}
	}
	return evidence.Query{User: f.User, File: f.File, Openers: true}
}
