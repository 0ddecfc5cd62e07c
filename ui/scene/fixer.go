package scene

import (
	"context"
	"time"

	"cyrlock/diagnose"
	"cyrlock/fix"
)

// PrepareLimit bounds the making of a plan: a look, and reading some files.
const PrepareLimit = 45 * time.Second

// A Fixer makes plans of advice and carries them out. It is asked away from the
// screen, one thing at a time, while looks go on.
type Fixer interface {
	// Prepare looks anew and changes nothing. The error is a sentence that says why it
	// must not be done. dir is the folder that the advice is about, if it is about one.
	Prepare(ctx context.Context, a diagnose.Advice, dir string) (fix.Prepared, error)
	// Carry carries a plan out and has it proved, as fix.Ledger does.
	Carry(ctx context.Context, p fix.Prepared, each func(fix.Receipt)) (fix.Receipt, error)
	// Undoable is the receipt that Undo would take back; 0: the last that can be. The
	// error says why there is none.
	Undoable(ctx context.Context, id int) (fix.Receipt, error)
	Undo(ctx context.Context, id int, each func(fix.Receipt)) (fix.Receipt, error)
	// Receipts is the folder that they are in.
	Receipts() string
	// Typed is a command about them ("cyrlock fix list") as it has to be typed, which
	// names that folder where it is not the usual one.
	Typed(command string) string
}
