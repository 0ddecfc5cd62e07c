package rescue

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A descriptor that another file was put under is not the one that was seen, also if
// its fdinfo was opened before.
func TestMovedDescriptor(t *testing.T) {
	dir := t.TempDir()
	open := func(name string) *os.File {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	a, b := open("a"), open("b")
	fd, err := unix.Dup(int(a.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	f, err := descriptor(os.Getpid(), fd)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	seen, other := fileOf(t, a.Name()), fileOf(t, b.Name())
	if !f.on(seen) || f.on(other) || !f.unmoved() {
		t.Errorf("on %+v: %v, on %+v: %v, unmoved %v", seen, f.on(seen), other, f.on(other), f.unmoved())
	}
	// As on a kernel that tells no inode there.
	old := *f
	old.is.ino = 0
	if !old.on(seen) || old.on(other) {
		t.Errorf("by its path: %v %v", old.on(seen), old.on(other))
	}
	if err := unix.Dup3(int(b.Fd()), fd, 0); err != nil {
		t.Fatal(err)
	}
	if f.unmoved() {
		t.Error("it was not noticed that the descriptor stands for another file")
	}
	if err := unix.Close(fd); err != nil {
		t.Fatal(err)
	}
	if f.unmoved() {
		t.Error("it was not noticed that the descriptor was closed")
	}
	if _, err := descriptor(os.Getpid(), 9999); err == nil {
		t.Error("a descriptor that is not there")
	}
}
