package fix

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// beginLimit is how long the first note may take. The disk that it goes to may be the
// one that everything hangs on.
const beginLimit = 10 * time.Second

// begin makes the receipt, within the limit. If that comes to an end later, the
// receipt is taken away again, and nothing is done.
func (l Ledger) begin(ctx context.Context, p Plan) (*job, error) {
	type answer struct {
		job *job
		err error
	}
	done, late := make(chan answer), make(chan struct{})
	go func() {
		j, err := l.first(p)
		select {
		case done <- answer{j, err}:
		case <-late:
			if err == nil {
				j.forget()
				j.book.close()
			}
		}
	}()
	timer := time.NewTimer(beginLimit)
	defer timer.Stop()
	select {
	case a := <-done:
		return a.job, a.err
	case <-ctx.Done():
		close(late)
		return nil, context.Cause(ctx)
	case <-timer.C:
		close(late)
		return nil, noPlace(fmt.Errorf("%s does not answer within %v", l.Dir, beginLimit))
	}
}

// first opens the ledger and puts the receipt on the disk.
func (l Ledger) first(p Plan) (*job, error) {
	b, err := l.hold()
	if err != nil {
		return nil, err
	}
	j := &job{book: b}
	if err := j.note(p); err != nil {
		b.close()
		return nil, noPlace(err)
	}
	return j, nil
}

// note puts the receipt and the evidence on the disk. After an error there is nothing
// of them.
func (j *job) note(p Plan) (err error) {
	r := &j.receipt
	*r = Receipt{State: Applying, Began: time.Now(), By: me(), Plan: p, Steps: make([]Step, len(p.Changes))}
	for i := range r.Steps {
		r.Steps[i].State = StepPlanned
	}
	if r.ID, err = j.book.next(); err != nil {
		return err
	}
	if p.Capture != nil {
		name := j.book.path(r.ID, "capture.json")
		if err := replace(j.book.root, name, p.Capture, owned{mode: 0o600, uid: -1, gid: -1}); err != nil {
			return fmt.Errorf("save the evidence: %w", err)
		}
		r.Saved = filepath.Join(j.book.dir, name)
	}
	if err = j.book.write(r); err == nil {
		err = j.book.note("begin", r)
	}
	if err != nil {
		j.forget()
	}
	return err
}

// forget removes a receipt of which nothing was done.
func (j *job) forget() {
	for _, what := range []string{"json", "capture.json"} {
		_ = j.book.root.Remove(j.book.path(j.receipt.ID, what))
	}
}
