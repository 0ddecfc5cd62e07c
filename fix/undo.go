package fix

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// Undo takes back what a receipt says was done, the last step first; id 0 is the
// last receipt of which anything can be. Steps that were interrupted are taken back
// if they took effect. What cannot be taken back is left and named in the error. To
// undo again what was undone already does no harm.
func (l Ledger) Undo(ctx context.Context, id int, each func(Receipt)) (Receipt, error) {
	b, err := l.hold()
	if err != nil {
		return Receipt{}, err
	}
	defer b.close()
	j := &job{book: b, each: each}
	if j.receipt, err = b.undoable(id); err != nil {
		return j.receipt, err
	}
	if err := context.Cause(ctx); err != nil {
		return j.receipt, err
	}
	r := &j.receipt
	r.State, r.Error = Undoing, ""
	if err := errors.Join(b.note("undo", r), b.write(r)); err != nil {
		return *r, noPlace(err)
	}
	if err := j.back(); err != nil {
		r.Error = err.Error()
		return *r, errors.Join(err, b.note("not undone", r), b.write(r))
	}
	return *r, j.end(Undone)
}

// Undoable is the receipt that [Ledger.Undo] would take back.
func (l Ledger) Undoable(id int) (Receipt, error) {
	b, err := l.open()
	if errors.Is(err, fs.ErrNotExist) {
		return Receipt{}, fmt.Errorf("%w in %s", ErrNone, l.Dir)
	}
	if err != nil {
		return Receipt{}, err
	}
	defer b.close()
	return b.undoable(id)
}

// undoable finds the receipt.
func (b *book) undoable(id int) (Receipt, error) {
	if id != 0 {
		r, err := b.read(id)
		if err == nil {
			r.interrupt()
			err = r.refusal()
		}
		return r, err
	}
	ids, err := b.ids()
	for _, id := range slices.Backward(ids) {
		r, bad := b.read(id)
		if bad != nil {
			err = errors.Join(err, bad)
			continue
		}
		if r.interrupt(); r.refusal() == nil {
			return r, nil
		}
	}
	return Receipt{}, errors.Join(fmt.Errorf("%s: there is nothing that can be undone", b.dir), err)
}

// refusal says why there is nothing to undo.
func (r Receipt) refusal() error {
	switch {
	case r.CanUndo():
		return nil
	case r.State == Undone:
		return fmt.Errorf("receipt %d (%s) was undone already", r.ID, r.Plan.Title)
	case r.State == Failed:
		return fmt.Errorf("receipt %d (%s) failed, and nothing of it is left", r.ID, r.Plan.Title)
	}
	return fmt.Errorf("receipt %d (%s): what was done to a process cannot be undone", r.ID, r.Plan.Title)
}

// back takes back all steps, the last first. It goes on after an error: the more is
// taken back the better.
func (j *job) back() error {
	var errs error
	for i, c := range slices.Backward(j.receipt.Plan.Changes) {
		s := &j.receipt.Steps[i]
		if c.Act != nil || s.State == StepUndone || c.File != nil && s.File == nil || c.Run != nil && s.State == StepPlanned {
			continue
		}
		begun, failed := s.State != StepPlanned, s.State == StepFailed
		if begun { // a full disk must not keep anything from being taken back
			_ = j.mark(i, StepUndoing, s.Said)
		}
		said, err := j.undo(i)
		if failed && errors.Is(err, errForeign) { // which is why it failed
			said, err = "left as it is", nil
		}
		if err != nil {
			errs = errors.Join(errs, fmt.Errorf("%s cannot be undone: %w", c.Text, err))
			j.set(i, StepUndoing, err.Error())
		} else if begun {
			j.set(i, StepUndone, said)
		}
	}
	return errs
}

func (j *job) undo(i int) (said string, err error) {
	// Even when the user has pressed Ctrl-C: half of a plan is the worst of all.
	ctx := context.Background()
	switch c := j.receipt.Plan.Changes[i]; {
	case c.File != nil:
		return j.swap(i).back(j.book.root)
	default:
		return "", run(ctx, c.Run.Undo)
	}
}
