package stack

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestFileIsTruncatedUnderUs cuts a module short while it is mapped: to read
// it then is a SIGBUS, which must become an error.
func TestFileIsTruncatedUnderUs(t *testing.T) {
	defer panicOnFault()()
	data, err := os.ReadFile(loader(t))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ld.so")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	m := openFile(t, path)
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.rowAt(recording{}, m.elf.Entry); !errors.Is(err, errBroken) {
		t.Errorf("unwind information of a truncated file: %v", err)
	}
	if b := m.at(m.elf.Entry); b == nil {
		t.Error("the entry point is not in a segment")
	}
	m.buildID = "" // else a separate debug file, which is whole, would have the names
	if p := m.placeAt(recording{}, m.elf.Entry, Options{LibcLines: true}); p.name != "" {
		t.Errorf("symbol %q out of a truncated file", p.name)
	}
}

func TestNoModule(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, dir, "/dev/zero", filepath.Join(dir, "missing")} {
		if f, err := (reader{}).regular(path, path); err == nil {
			f.Close()
			t.Errorf("%s was opened", path)
		}
	}
	for name, content := range map[string]string{"empty": "", "text": "#!/bin/sh\n", "short": "\x7fELF\x02\x01\x01"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := reader{}.regular(path, path)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := openModule(path, f); err == nil {
			t.Errorf("%s: %+v", name, m)
		}
		f.Close()
	}
}

// TestModulesAreShared opens one file once for all, and a file that was
// written over as another one.
func TestModulesAreShared(t *testing.T) {
	data, err := os.ReadFile(loader(t))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ld.so")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	var s modules
	defer s.close()
	from := recording{files: map[string]string{path: path}}
	get := func() *module {
		m, err := s.get(from, Mapping{Lo: 0x1000, Hi: 0x2000, Exec: true, Inode: 1, Path: path})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	first := get()
	if get() != first {
		t.Error("opened twice")
	}
	if err := os.WriteFile(path, append(data, 0), 0o600); err != nil {
		t.Fatal(err)
	}
	if get() == first {
		t.Error("written over, and taken for the same")
	}
}
