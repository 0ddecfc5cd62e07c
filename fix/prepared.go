package fix

import (
	"context"
	"errors"
)

// A Prepared is a plan with what looks afterwards at what came of it.
type Prepared struct {
	Plan
	// Verify may be nil: then there is nothing to see but that it was done.
	Verify func(context.Context, Receipt) (Proof, error)
}

// Carry carries a plan out and has it proved. each, which may be nil, is told of every
// change of the receipt.
func (l Ledger) Carry(ctx context.Context, p Prepared, each func(Receipt)) (Receipt, error) {
	r, err := l.Apply(ctx, p.Plan, each)
	if err != nil || p.Verify == nil {
		return r, err
	}
	// Looked at even after Ctrl-C, which has come too late to change anything.
	proof, unsure := p.Verify(context.WithoutCancel(ctx), r)
	r.Proof = &proof
	return r, errors.Join(unsure, l.Prove(r.ID, proof))
}
