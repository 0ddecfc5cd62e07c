package source_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"cyrlock/fix/source"
)

// What each stand-in is, and what its administrator is told.
func TestPlan(t *testing.T) {
	for name, want := range map[string]struct{ version, build, what, warning string }{
		"2.0.16": {"2.0.16", "", "This is Cyrus 2.0.16, not configured: both", `its \Seen flag is lost`},
		"2.3.13": {"2.3.13", "fcntl", "This is Cyrus 2.3.13, configured for fcntl.", "that imapd ends"},
		"2.4.17": {"2.4.17", "", "This is Cyrus 2.4.17", "takes it for empty"},
		"2.5.0":  {"2.5.0", "", "This is Cyrus 2.5.0", "gets an I/O error"},
		"2.5.11": {"2.5.11", "flock", "configured for flock", "takes it for empty"},
		"3.6.1":  {"3.6.1", "", "After 285 s (4 min 45 s) in all it gives up with EWOULDBLOCK", "takes a shared lock first (lock_setlock)"},
	} {
		s, err := source.Read(tree(t, name))
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Plan(options(99, true))
		if err != nil {
			t.Fatal(err)
		}
		if s.Version.String() != want.version || s.Build != want.build {
			t.Errorf("%s: read as %s, configured for %q", name, s.Version, s.Build)
		}
		if !strings.Contains(p.What, want.what) {
			t.Errorf("%s: no %q in what is said: %s", name, want.what, p.What)
		}
		if warnings := strings.Join(p.Warnings, "\n"); !strings.Contains(warnings, want.warning) {
			t.Errorf("%s: no %q among the warnings:\n%s", name, want.warning, warnings)
		} else if ends := name == "2.3.13"; strings.Contains(warnings, "imapd ends") != ends {
			t.Errorf("%s: that imapd ends is said wrongly:\n%s", name, warnings)
		}
		if len(p.Changes) != 2 || p.Kind != "source" || p.Title == "" || p.Why == "" {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestSchedulesInWords(t *testing.T) {
	s, err := source.Read("testdata/trees/2.0.16")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		o    source.Options
		want []string
	}{
		{options(99, true), []string{"tries 11 times: twice at once, then after 1, 4, 9 … 81 s. In between it waits in the kernel's queue", "After 285 s (4 min 45 s)"}},
		{options(17, false), []string{"tries 6 times: twice at once, then after 1, 4, 9, 16 s. In between it sleeps: it sees a free lock up to 16 s late", "After 30 s in all"}},
		{options(1, false), []string{"tries 3 times: twice at once, then after 1 s. In between it sleeps", "After 1 s in all"}},
	} {
		p, err := s.Plan(c.o)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(p.What, want) {
				t.Errorf("no %q in: %s", want, p.What)
			}
		}
	}
	o := options(99, true)
	o.AlsoShared = true
	if s, err = source.Read("testdata/trees/3.6.1"); err != nil {
		t.Fatal(err)
	}
	if p, err := s.Plan(o); err != nil || !strings.Contains(strings.Join(p.Warnings, "\n"), "takes all messages for unread") {
		t.Errorf("shared locks without their warning: %v, %v", p.Warnings, err)
	}
}

// A tree that has it is left as it is; undo takes it out; and a tree without one
// has nothing to undo.
func TestPlanTwice(t *testing.T) {
	dir := tree(t, "2.3.13")
	before := apply(t, dir, options(99, true))
	s, err := source.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := s.Plan(options(99, true)); err != nil || len(p.Changes) != 0 || len(p.Warnings) != 0 || !strings.HasPrefix(p.What, "Nothing is to be done") {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := s.Plan(options(17, true)); err != nil || len(p.Changes) != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	p, err := s.PlanUndo()
	if err != nil || len(p.Changes) != 2 {
		t.Fatalf("%+v, %v", p, err)
	}
	for i, c := range p.Changes {
		if string(c.File.New) != string(before.Files[i].Text) {
			t.Errorf("%s does not become what it was", c.File.Name)
		}
	}
	if p, err := before.PlanUndo(); err != nil || len(p.Changes) != 0 {
		t.Errorf("%+v, %v", p, err)
	}
}

// What is not a tree of Cyrus, or not as it was released, is named with its reason.
func TestBadTrees(t *testing.T) {
	text := "lib/lock_flock.c"
	for name, c := range map[string]struct {
		make func(t *testing.T, dir string) error
		want string
	}{
		"not Cyrus":  {func(_ *testing.T, dir string) error { return os.RemoveAll(filepath.Join(dir, "lib")) }, "name the folder that has lib in it"},
		"no folder":  {func(_ *testing.T, dir string) error { return os.RemoveAll(dir) }, "no such file"},
		"a link out": {func(t *testing.T, dir string) error { return relink(dir, text, filepath.Join(tree(t, "2.0.16"), text)) }, "symbolic link"},
		"lib is a link out": {func(t *testing.T, dir string) error {
			return relink(dir, "lib", filepath.Join(tree(t, "2.0.16"), "lib"))
		}, "lib is a symbolic link to "},
		"a pipe": {func(_ *testing.T, dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, text)), unix.Mkfifo(filepath.Join(dir, text), 0o600))
		}, "not a regular file"},
		"a folder": {func(_ *testing.T, dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, text)), os.Mkdir(filepath.Join(dir, text), 0o700))
		}, "not a regular file"},
		"huge": {func(_ *testing.T, dir string) error { return os.Truncate(filepath.Join(dir, text), 1<<40) }, "1099511627776 bytes"},
		"binary": {func(_ *testing.T, dir string) error {
			return os.WriteFile(filepath.Join(dir, text), []byte("\x7fELF\x00\x01"), 0o600)
		}, "it is no text"},
		"half of it patched": {func(t *testing.T, dir string) error {
			apply(t, dir, options(99, true))
			return cut(filepath.Join(dir, text), "static int timedlock_try")
		}, "its end is missing"},
		"two releases": {func(_ *testing.T, dir string) error {
			other, err := os.ReadFile("testdata/trees/3.6.1/lib/lock_fcntl.c")
			return errors.Join(err, os.WriteFile(filepath.Join(dir, "lib/lock_fcntl.c"), other, 0o600))
		}, "which is right cannot be told"},
		"the wrong kind": {func(_ *testing.T, dir string) error {
			return os.Rename(filepath.Join(dir, "lib/lock_fcntl.c"), filepath.Join(dir, text))
		}, "it locks with fcntl"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, "2.0.16")
			if err := c.make(t, dir); err != nil {
				t.Fatal(err)
			}
			s, err := source.Read(dir)
			if err == nil {
				_, err = s.Plan(options(99, true))
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			} else if !strings.Contains(err.Error(), dir) {
				t.Errorf("%v: what is wrong, and where?", err)
			}
		})
	}
}

func relink(dir, name, to string) error {
	path := filepath.Join(dir, name)
	return errors.Join(os.RemoveAll(path), os.Symlink(to, path))
}

// cut ends a file before some text.
func cut(path, before string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, _, _ := strings.Cut(string(text), before)
	return os.WriteFile(path, []byte(head), 0o600)
}

// A version that does not go with the lock code is not believed; without one all
// is told that may be.
func TestUnknownVersions(t *testing.T) {
	dir := tree(t, "3.6.1")
	if err := os.WriteFile(filepath.Join(dir, "VERSION"), []byte("2.1.3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := source.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := s.Plan(options(99, true)); err != nil || !strings.Contains(p.What, "This is Cyrus 3.0–3.13 by its lock code, though the tree says 2.1.3") {
		t.Errorf("%v, %v", p.What, err)
	}
	dir = tree(t, "2.0.16")
	if err := os.Remove(filepath.Join(dir, "imap/version.h")); err != nil {
		t.Fatal(err)
	}
	if s, err = source.Read(dir); err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(options(99, true))
	for _, want := range []string{"2.1.0–2.2.13 after a time-out: on a .seen file that imapd ends", "2.0 after", "2.4 and later after"} {
		if err != nil || !strings.Contains(strings.Join(p.Warnings, "\n"), want) {
			t.Errorf("no %q: %v, %v", want, p.Warnings, err)
		}
	}
	if _, err := source.Read(filepath.Join(dir, "imap")); !errors.Is(err, source.ErrNotCyrus) {
		t.Error(err)
	}
	if _, err := source.Read(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
