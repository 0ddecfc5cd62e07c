package cli

import (
	"context"

	"cyrlock/evidence"
)

// A recording is a machine that was looked at before.
type recording struct{ snapshot evidence.Snapshot }

func (r recording) Look(context.Context, evidence.Query) (evidence.Snapshot, error) {
	return r.snapshot, nil
}

// query is what the look was asked about.
func (r recording) query() evidence.Query {
	f := r.snapshot.Focus
	if f == nil {
		return evidence.Query{}
	}
	return evidence.Query{User: f.User, File: f.File, Openers: true}
}
