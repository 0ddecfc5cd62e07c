package source_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cyrlock/fix"
	"cyrlock/fix/source"
)

// An apply that was broken off has changed one file and not the other: it can be
// finished, and it can be taken back.
func TestHalfApplied(t *testing.T) {
	dir := tree(t, "2.5.11")
	s, err := source.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(options(99, true))
	if err != nil {
		t.Fatal(err)
	}
	first := p.Changes[0].File
	if err := os.WriteFile(filepath.Join(dir, first.Name), first.New, 0o644); err != nil {
		t.Fatal(err)
	}
	if s, err = source.Read(dir); err != nil {
		t.Fatal(err)
	}
	rest, err := s.Plan(options(99, true))
	if err != nil || len(rest.Changes) != 1 || rest.Changes[0].File.Name != p.Changes[1].File.Name {
		t.Errorf("%+v, %v: want the other file only", rest, err)
	}
	back, err := s.PlanUndo()
	if err != nil || len(back.Changes) != 1 || string(back.Changes[0].File.New) != string(first.Old) {
		t.Errorf("%+v, %v: want the first file only", back, err)
	}
}

// On a disk without room, and on one that nobody can write to, the tree stays as it
// is, whichever file it was that had no room.
func TestNoRoom(t *testing.T) {
	dir := smallDisk(t, "120k")
	if err := os.CopyFS(dir, os.DirFS("testdata/trees/2.0.16")); err != nil {
		t.Fatal(err)
	}
	before := contents(t, dir)
	ledger := fix.Ledger{Dir: filepath.Join(t.TempDir(), "state")}
	attempt := func() (fix.Receipt, error) {
		t.Helper()
		s, err := source.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Plan(options(99, true))
		if err != nil {
			t.Fatal(err)
		}
		return ledger.Apply(context.Background(), p, nil)
	}
	applied := 0
	for room := 0; room <= 40; room += 4 { // kB, as a disk has them
		leave(t, dir, room)
		r, err := attempt()
		if err == nil {
			applied++
			if _, err := ledger.Undo(context.Background(), r.ID, nil); err != nil {
				t.Errorf("room for %d kB: %v", room, err)
			}
		} else if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "lib/lock_f") {
			t.Errorf("room for %d kB: %v", room, err)
		}
		if err := os.Remove(filepath.Join(dir, "filler")); err != nil {
			t.Fatal(err)
		}
		if after := contents(t, dir); after != before {
			t.Fatalf("room for %d kB: the tree was\n%s\nand is\n%s", room, before, after)
		}
	}
	if applied == 0 || applied == 11 {
		t.Errorf("it was applied %d times: too much room, or too little", applied)
	}
	if err := syscall.Mount("none", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := attempt(); !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), dir) {
		t.Errorf("%v, want %v", err, syscall.EROFS)
	}
}

// smallDisk is a file system with little room; making one takes root.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size="+size); err != nil {
		if os.Getenv("CI") != "" || os.Getenv("CYRLOCK_TESTS") == "all" {
			t.Fatalf("no disk of our own: %v, and here every test must run: as root", err)
		}
		t.Skipf("NOT TESTED ON A FULL DISK: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// leave fills the disk but for some kB.
func leave(t *testing.T, dir string, kB int) {
	t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	fill := int64(st.Bavail)*st.Bsize - int64(kB)<<10
	if err := os.WriteFile(filepath.Join(dir, "filler"), make([]byte, max(0, fill)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// contents is every file below dir with its text.
func contents(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		b.WriteString(path + " " + info.Mode().String() + "\n" + string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
