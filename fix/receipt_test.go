package fix_test

import (
	"os"
	"path/filepath"
	"testing"

	"cyrlock/fix"
)

// A receipt that was damaged is told from the others, which can be read all the same.
func TestDamagedReceipt(t *testing.T) {
	y := newYard(t)
	y.apply(y.plan())
	for name, text := range map[string]string{"2.json": "{", "3.json": `{"id":4}`, "5.json": `{"id":5,"plan":{"changes":[{"text":"x"}]},"steps":[{}]}`, "notes.txt": "mine"} {
		if err := os.WriteFile(filepath.Join(y.ledger.Dir, "receipts", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := y.ledger.List()
	if err == nil || len(list) != 1 || list[0].ID != 1 {
		t.Errorf("%v %+v", err, list)
	}
	if r, err := y.ledger.Undo(t.Context(), 0, nil); err != nil || r.ID != 1 {
		t.Errorf("%v %+v", err, r)
	}
	if r := y.apply(y.plan()); r.ID != 6 {
		t.Errorf("the next receipt is %d", r.ID)
	}
}

func FuzzReceipt(f *testing.F) {
	f.Add([]byte(`{"id":1,"state":"applying","plan":{"kind":"source","title":"t","changes":[{"text":"w","file":{"dir":"/tmp/x","name":"y"}}]},"steps":[{"state":"doing","file":{"before":"","after":"00","made":["a"]}}]}`))
	f.Add([]byte(`{"id":1,"state":"applied","plan":{"changes":[{"text":"r","run":{"command":["/bin/true"]}},{"act":{"pid":7}}]},"steps":[{"state":"done"},{"state":"failed"}]}`))
	dir := f.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "receipts"), 0o700); err != nil {
		f.Fatal(err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		f.Fatal(err)
	}
	l := fix.Ledger{Dir: dir}
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(filepath.Join(dir, "receipts", "1.json"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		list, err := l.List()
		if len(list) == 0 && err == nil {
			t.Errorf("neither a receipt nor an error: %q", text)
		}
		for _, r := range list {
			undoable, err := l.Undoable(1)
			if (err == nil) != r.CanUndo() {
				t.Errorf("%v, and CanUndo %v: %+v", err, r.CanUndo(), undoable)
			}
		}
	})
}
