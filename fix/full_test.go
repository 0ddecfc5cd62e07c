package fix_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"cyrlock/fix"
)

// smallDisk mounts a disk of some pages on a folder.
func smallDisk(t *testing.T, dir, size string) {
	t.Helper()
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		err = unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=755,size="+size)
	}
	if err != nil {
		if os.Getenv("CI") != "" || os.Getenv("CYRLOCK_TESTS") == "all" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED, NOT TESTED: no small disk: %v: run as root", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
}

// fill leaves so many pages free.
func fill(t *testing.T, dir string, pages int) {
	t.Helper()
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	n := int(st.Bavail) - pages
	if n < 0 {
		t.Fatalf("only %d pages are free", st.Bavail)
	}
	if err := os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, n*int(st.Bsize)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A disk that gets full at any moment of an apply: all of it is done, or nothing is,
// and undo, with room again, brings back what was.
func TestDiskFull(t *testing.T) {
	for name, disk := range map[string]string{"the disk of the files": "tree", "the disk of the receipts": "state", "the same disk": ""} {
		t.Run(name, func(t *testing.T) {
			failed, applied := 0, 0
			for free := range 24 {
				y := &yard{t: t, dir: t.TempDir()}
				dir := filepath.Join(y.dir, disk)
				smallDisk(t, dir, "512k")
				if err := os.Chmod(dir, 0o700); err != nil {
					t.Fatal(err)
				}
				y.ledger.Dir = filepath.Join(y.dir, "state")
				y.put("tree/lib/lock.c", "old\n", 0o640)
				y.put("tree/lib/gone.c", "gone\n", 0o600)
				before := y.tree()
				p := y.plan()
				p.Changes[0].File.New = make([]byte, 3*4096)
				fill(t, dir, free)
				delete(before, "/ballast")
				withBallast := func() map[string]string {
					tree := y.tree()
					delete(tree, "/ballast")
					return tree
				}
				same := func() bool { return equal(before, withBallast()) }

				r, err := y.ledger.Apply(t.Context(), p, nil)
				switch {
				case err == nil:
					applied++
				case !errors.Is(err, unix.ENOSPC):
					t.Errorf("%d pages free: %v", free, err)
				default:
					failed++
					if !same() || r.CanUndo() {
						t.Errorf("%d pages free: %v\n%+v\n%v", free, err, r.Steps, withBallast())
					}
				}
				if err := os.Remove(filepath.Join(dir, "ballast")); err != nil {
					t.Fatal(err)
				}
				list, listErr := y.ledger.List()
				if listErr != nil {
					t.Error(listErr)
				}
				for _, l := range list {
					if (err == nil) != (l.State == fix.Applied) && l.State != fix.Interrupted {
						t.Errorf("%d pages free: %v, and the receipt says %s", free, err, l.State)
					}
					if l.CanUndo() {
						if _, err := y.ledger.Undo(t.Context(), l.ID, nil); err != nil {
							t.Errorf("%d pages free: undo: %v", free, err)
						}
					}
				}
				if !same() {
					t.Errorf("%d pages free: after all: %v", free, withBallast())
				}
				_ = unix.Unmount(dir, unix.MNT_DETACH)
			}
			t.Logf("%d failed, %d applied", failed, applied)
			if failed == 0 || applied == 0 {
				t.Error("the sizes miss the interesting moments: the test has proved nothing")
			}
		})
	}
}

// A disk that gets full at any moment before something is done to a process: either it
// is noted, or it is not done, and then the error says once what is the matter and how
// to go on.
func TestDiskFullAct(t *testing.T) {
	failed, applied := 0, 0
	for free := range 16 {
		l := fix.Ledger{Dir: filepath.Join(t.TempDir(), "state")}
		smallDisk(t, l.Dir, "512k")
		if err := os.Chmod(l.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		fill(t, l.Dir, free)
		did := false
		p := fix.Plan{Kind: "end", Title: "end it", Capture: make([]byte, 4096), Changes: []fix.Change{act(func(context.Context) (string, error) {
			did = true
			return "sent", nil
		})}}
		_, err := l.Apply(t.Context(), p, nil)
		list, listErr := l.List()
		if listErr != nil {
			t.Error(listErr)
		}
		noted := len(list) == 1 && (list[0].Steps[0].State == fix.StepDoing || list[0].Steps[0].State == fix.StepDone)
		if did && !noted {
			t.Errorf("%d pages free: it was done and is not noted: %v %+v", free, err, list)
		}
		switch {
		case err == nil:
			applied++
		case !did:
			failed++
			if n := strings.Count(err.Error(), "no space left"); n != 1 || !strings.Contains(err.Error(), "name another folder with --state") {
				t.Errorf("%d pages free: %v", free, err)
			}
		}
		_ = unix.Unmount(l.Dir, unix.MNT_DETACH)
	}
	t.Logf("%d failed before it was done, %d applied", failed, applied)
	if failed == 0 || applied == 0 {
		t.Error("the sizes miss the interesting moments: the test has proved nothing")
	}
}

func equal(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}
