package fix_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cyrlock/fix"
)

// A yard is a folder with files to change, and a ledger.
type yard struct {
	t      *testing.T
	dir    string
	ledger fix.Ledger
}

func newYard(t *testing.T) *yard {
	t.Helper()
	y := &yard{t: t, dir: t.TempDir()}
	y.ledger = fix.Ledger{Dir: filepath.Join(y.dir, "state")}
	y.put("tree/lib/lock.c", "old\n", 0o640)
	y.put("tree/lib/gone.c", "gone\n", 0o600)
	return y
}

func (y *yard) put(name, text string, mode os.FileMode) {
	y.t.Helper()
	name = filepath.Join(y.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), mode), os.Chmod(name, mode)); err != nil {
		y.t.Fatal(err)
	}
}

// tree is every file below the tree with its mode and contents.
func (y *yard) tree() map[string]string {
	y.t.Helper()
	all := map[string]string{}
	top := filepath.Join(y.dir, "tree")
	err := filepath.WalkDir(top, func(name string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text := ""
		if info.Mode().IsRegular() {
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			text = " " + string(b)
		}
		all[strings.TrimPrefix(name, top)] = info.Mode().String() + text
		return nil
	})
	if err != nil {
		y.t.Fatal(err)
	}
	return all
}

func (y *yard) file(name, old, new string) fix.Change {
	f := &fix.File{Dir: filepath.Join(y.dir, "tree"), Name: name, Mode: 0o666}
	if old != "" {
		f.Old = []byte(old)
	}
	if new != "" {
		f.New = []byte(new)
	}
	return fix.Change{Text: "write " + name, File: f}
}

// plan changes one file, makes one in new folders, and removes one.
func (y *yard) plan(more ...fix.Change) fix.Plan {
	return fix.Plan{Kind: "source", Title: "try it", Capture: []byte("seen\n"), Changes: append([]fix.Change{
		y.file("lib/lock.c", "old\n", "new\n"), y.file("etc/drop/in.conf", "", "conf\n"), y.file("lib/gone.c", "gone\n", ""),
	}, more...)}
}

func (y *yard) apply(p fix.Plan) fix.Receipt {
	y.t.Helper()
	r, err := y.ledger.Apply(y.t.Context(), p, nil)
	if err != nil {
		y.t.Fatal(err)
	}
	return r
}

func (y *yard) sameTree(want map[string]string) {
	y.t.Helper()
	if diff := cmp.Diff(want, y.tree()); diff != "" {
		y.t.Errorf("the tree (-want +got):\n%s", diff)
	}
}

// audit is what the lines of the audit log are about.
func (y *yard) audit() (what []string) {
	y.t.Helper()
	text, err := os.ReadFile(filepath.Join(y.ledger.Dir, "audit.jsonl"))
	if err != nil {
		y.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var e struct{ What string }
		if json.Unmarshal([]byte(line), &e) == nil {
			what = append(what, e.What)
		}
	}
	return what
}

func act(do func(context.Context) (string, error)) fix.Change {
	return fix.Change{Text: "signal 7", Act: &fix.Act{PID: 7, Start: 8, Do: do}}
}
