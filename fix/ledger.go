package fix

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A Ledger is the folder that remembers what was done:
//
//	audit.jsonl              one line for everything that was done; only ever appended to
//	lock                     held while something is done; in it the pid of who does it
//	receipts/7.json          the receipt 7
//	receipts/7.capture.json  the evidence it rests on
//	receipts/7.0.before      the file that its first step replaced
//
// Only its owner can read it. Reading a ledger that is not there makes none.
type Ledger struct{ Dir string }

// Usual is the ledger of this machine, or of this user if that is not root.
func Usual() (Ledger, error) {
	if os.Geteuid() == 0 {
		return Ledger{"/var/lib/cyrlock"}, nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return Ledger{filepath.Join(dir, "cyrlock")}, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return Ledger{}, fmt.Errorf("no place for receipts: name one with --state: %w", err)
	}
	return Ledger{filepath.Join(home, ".local/state/cyrlock")}, nil
}

const (
	receiptsDir = "receipts"
	lockName    = "lock"
)

// ErrNone says that there is no such receipt.
var ErrNone = errors.New("no such receipt")

// List reads all receipts, the oldest first, and those it could beside the error.
func (l Ledger) List() ([]Receipt, error) {
	b, err := l.open()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer b.close()
	ids, err := b.ids()
	var list []Receipt
	for _, id := range ids {
		r, bad := b.read(id)
		if bad != nil {
			err = errors.Join(err, bad)
			continue
		}
		list = append(list, r)
	}
	if !b.busy() {
		for i := range list {
			list[i].interrupt()
		}
	}
	return list, err
}

// Prove adds to a receipt what was seen afterwards.
func (l Ledger) Prove(id int, p Proof) error {
	b, err := l.hold()
	if err != nil {
		return err
	}
	defer b.close()
	r, err := b.read(id)
	if err != nil {
		return err
	}
	r.Proof = &p
	if err := b.write(&r); err != nil {
		return err
	}
	return b.note("proof", &r)
}

// interrupt is for a receipt that nobody works on any more.
func (r *Receipt) interrupt() {
	if r.State == Applying || r.State == Undoing {
		r.State = Interrupted
	}
}
