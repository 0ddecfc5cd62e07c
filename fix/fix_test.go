package fix_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cyrlock/fix"
)

func TestApplyAndUndo(t *testing.T) {
	y := newYard(t)
	before := y.tree()
	var states []string
	r, err := y.ledger.Apply(t.Context(), y.plan(), func(r fix.Receipt) { states = append(states, string(r.Steps[0].State)) })
	if err != nil {
		t.Fatal(err)
	}
	if r.ID != 1 || r.State != fix.Applied || !r.CanUndo() || !slices.Contains(states, "doing") {
		t.Errorf("%+v %v", r, states)
	}
	after := y.tree()
	want := map[string]string{"": before[""], "/lib": before["/lib"], "/lib/lock.c": "-rw-r----- new\n",
		"/etc": "drwxr-xr-x", "/etc/drop": "drwxr-xr-x", "/etc/drop/in.conf": "-rw-r--r-- conf\n"}
	if diff := cmp.Diff(want, after); diff != "" {
		t.Errorf("after (-want +got):\n%s", diff)
	}
	if seen, err := os.ReadFile(r.Saved); err != nil || string(seen) != "seen\n" {
		t.Errorf("the evidence: %q, %v", seen, err)
	}
	if err := y.ledger.Prove(1, fix.Proof{Good: true, Sentence: "well"}); err != nil {
		t.Fatal(err)
	}

	u, err := y.ledger.Undo(t.Context(), 0, nil)
	if err != nil || u.ID != 1 || u.State != fix.Undone || u.CanUndo() || u.Proof == nil {
		t.Errorf("%v %+v", err, u)
	}
	y.sameTree(before)
	if diff := cmp.Diff([]string{"begin", "applied", "proof", "undo", "undone"}, y.audit()); diff != "" {
		t.Error(diff)
	}
	if _, err := y.ledger.Undo(t.Context(), 0, nil); err == nil || !strings.Contains(err.Error(), "nothing that can be undone") {
		t.Errorf("undo once more: %v", err)
	}
	if _, err := y.ledger.Undo(t.Context(), 1, nil); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("undo of the same: %v", err)
	}
}

// A ledger is for its owner alone.
func TestPrivate(t *testing.T) {
	y := newYard(t)
	y.apply(y.plan())
	_ = filepath.WalkDir(y.ledger.Dir, func(name string, d os.DirEntry, err error) error {
		info, err := d.Info()
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
		return nil
	})
	if err := os.Chmod(y.ledger.Dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := y.ledger.Undo(t.Context(), 0, nil); err == nil || !strings.Contains(err.Error(), "can be written by others") {
		t.Errorf("a ledger that anybody can forge: %v", err)
	}
}

// Reading a ledger that is not there makes none.
func TestNoLedger(t *testing.T) {
	y := newYard(t)
	list, err := y.ledger.List()
	if _, statErr := os.Stat(y.ledger.Dir); err != nil || len(list) > 0 || !os.IsNotExist(statErr) {
		t.Error(list, err, statErr)
	}
	if _, err := y.ledger.Undoable(3); !errors.Is(err, fix.ErrNone) {
		t.Error(err)
	}
}

// When a step fails, those before it are taken back, and nothing is left behind.
func TestFailedStep(t *testing.T) {
	y := newYard(t)
	before := y.tree()
	r, err := y.ledger.Apply(t.Context(), y.plan(act(func(context.Context) (string, error) { return "", errors.New("it refuses") })), nil)
	if err == nil || err.Error() != "signal 7: it refuses" || r.Steps[len(r.Steps)-1].Said != "it refuses" { // beside the step its name would be there twice
		t.Errorf("%v; %+v", err, r.Steps)
	}
	if err == nil || !strings.Contains(err.Error(), "it refuses") || r.State != fix.Failed || r.CanUndo() {
		t.Errorf("%v %+v", err, r)
	}
	y.sameTree(before)
	if diff := cmp.Diff([]string{"begin", "failed"}, y.audit()); diff != "" {
		t.Error(diff)
	}
}

// What was changed since the plan was made is left alone, and so is all the rest.
func TestChangedMeanwhile(t *testing.T) {
	y := newYard(t)
	y.put("tree/lib/gone.c", "edited\n", 0o600)
	before := y.tree()
	if _, err := y.ledger.Apply(t.Context(), y.plan(), nil); err == nil || !strings.Contains(err.Error(), "gone.c: it has changed since") {
		t.Error(err)
	}
	y.sameTree(before)

	// Between the last look and the step.
	y = newYard(t)
	p := y.plan()
	p.Changes = slices.Insert(p.Changes, 1, act(func(context.Context) (string, error) {
		y.put("tree/lib/gone.c", "edited\n", 0o600)
		return "", nil
	}))
	r, err := y.ledger.Apply(t.Context(), p, nil)
	if err == nil || r.State != fix.Failed || r.CanUndo() {
		t.Errorf("%v %+v", err, r)
	}
	if tree := y.tree(); tree["/lib/gone.c"] != "-rw------- edited\n" || tree["/lib/lock.c"] != "-rw-r----- old\n" || len(tree) != 4 {
		t.Errorf("%v", tree)
	}
}

// An undo leaves alone what somebody has changed since, and takes back the rest.
func TestUndoOfChanged(t *testing.T) {
	y := newYard(t)
	y.apply(y.plan())
	y.put("tree/lib/lock.c", "mine\n", 0o640)
	r, err := y.ledger.Undo(t.Context(), 1, nil)
	if err == nil || !strings.Contains(err.Error(), "lock.c") || !strings.Contains(err.Error(), "somebody has changed it") || !r.CanUndo() {
		t.Errorf("%v %+v", err, r)
	}
	want := map[string]string{"": "drwxr-xr-x", "/lib": "drwxr-xr-x", "/lib/lock.c": "-rw-r----- mine\n", "/lib/gone.c": "-rw------- gone\n"}
	y.sameTree(want)
	y.put("tree/lib/lock.c", "new\n", 0o640)
	if r, err := y.ledger.Undo(t.Context(), 1, nil); err != nil || r.State != fix.Undone {
		t.Errorf("%v %+v", err, r)
	}
	want["/lib/lock.c"] = "-rw-r----- old\n"
	y.sameTree(want)
}

// What was done to a process stays done.
func TestUndoOfAct(t *testing.T) {
	y := newYard(t)
	r := y.apply(fix.Plan{Kind: "end", Title: "end imapd 7", Changes: []fix.Change{act(func(context.Context) (string, error) { return "TERM sent", nil })}})
	if r.Steps[0].Said != "TERM sent" || r.CanUndo() {
		t.Errorf("%+v", r)
	}
	if _, err := y.ledger.Undo(t.Context(), 1, nil); err == nil || !strings.Contains(err.Error(), "cannot be undone") {
		t.Error(err)
	}
}

// Links that lead out of the folder are not followed.
func TestLinks(t *testing.T) {
	for name, lay := range map[string]func(y *yard) error{
		"a folder that leads out": func(y *yard) error {
			return errors.Join(os.Rename(filepath.Join(y.dir, "tree/lib"), filepath.Join(y.dir, "other")), os.Symlink("../other", filepath.Join(y.dir, "tree/lib")))
		},
		"the file is a link": func(y *yard) error {
			return errors.Join(os.Rename(filepath.Join(y.dir, "tree/lib/lock.c"), filepath.Join(y.dir, "tree/lock.c")), os.Symlink("../lock.c", filepath.Join(y.dir, "tree/lib/lock.c")))
		},
	} {
		y := newYard(t)
		if err := lay(y); err != nil {
			t.Fatal(err)
		}
		if r, err := y.ledger.Apply(t.Context(), y.plan(), nil); err == nil || r.State != fix.Failed {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A program runs at its end of the plan, both ways.
func TestRun(t *testing.T) {
	y := newYard(t)
	log := filepath.Join(y.dir, "log")
	say := func(word string) []string {
		return []string{"/bin/sh", "-c", "echo " + word + " $(cat " + filepath.Join(y.dir, "tree/lib/lock.c") + ") >>" + log}
	}
	y.apply(fix.Plan{Kind: "shim", Title: "reload", Changes: []fix.Change{
		{Text: "reload", Run: &fix.Run{Undo: say("back")}}, y.file("lib/lock.c", "old\n", "new\n"), {Text: "reload", Run: &fix.Run{Command: say("there")}},
	}})
	if _, err := y.ledger.Undo(t.Context(), 0, nil); err != nil {
		t.Fatal(err)
	}
	if said, _ := os.ReadFile(log); string(said) != "there new\nback old\n" {
		t.Errorf("%q", said)
	}
	r, err := y.ledger.Apply(t.Context(), fix.Plan{Kind: "shim", Title: "reload", Changes: []fix.Change{
		{Text: "reload", Run: &fix.Run{Command: []string{"/bin/sh", "-c", "echo no such unit; exit 3"}}}}}, nil)
	if err == nil || !strings.Contains(err.Error(), "exit status 3: no such unit") || r.State != fix.Failed {
		t.Errorf("%v %+v", err, r)
	}
}
