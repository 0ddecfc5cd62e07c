package source_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cyrlock/fix/source"
)

// lockFiles are all lock files of the stand-ins, by name.
func lockFiles(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/trees/*/lib/*.c")
	if err != nil || len(paths) != 10 {
		t.Fatal(paths, err)
	}
	files := map[string][]byte{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimPrefix(path, "testdata/trees/")] = text
	}
	return files
}

func crlf(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")) }

// What is put in is taken out again, byte for byte; twice is as good as once; other
// options take the place of those before. So with CR LF.
func TestPatchAndBack(t *testing.T) {
	for name, plain := range lockFiles(t) {
		for _, src := range [][]byte{plain, crlf(plain)} {
			for _, o := range []source.Options{options(99, true), options(17, false), {Schedule: options(1, true).Schedule, AlsoShared: true}} {
				if o.AlsoShared && strings.HasPrefix(name, "2.0") || strings.HasPrefix(name, "2.4") {
					continue
				}
				patched, err := source.Patch(src, o)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if bytes.Equal(patched, src) {
					t.Errorf("%s: nothing was changed", name)
				}
				if got := bytes.Count(patched, []byte("\n")) - bytes.Count(patched, []byte("\r\n")); got != 0 && bytes.Contains(src, []byte("\r\n")) {
					t.Errorf("%s: %d lines end in another way than before", name, got)
				}
				again, err := source.Patch(patched, o)
				if err != nil || !bytes.Equal(again, patched) {
					t.Errorf("%s: a second time is different: %v", name, err)
				}
				other, err := source.Patch(patched, options(50, o.Hybrid))
				if fresh, err2 := source.Patch(src, options(50, o.Hybrid)); err != nil || err2 != nil || !bytes.Equal(other, fresh) {
					t.Errorf("%s: other options do not take the place of the first: %v, %v", name, err, err2)
				}
				back, err := source.Unpatch(patched)
				if err != nil || !bytes.Equal(back, src) {
					t.Errorf("%s: it does not become what it was: %v", name, err)
				}
			}
		}
	}
}

// A MAXTIME that somebody has changed by hand, as one does, is no obstacle.
func TestMaxtimeByHand(t *testing.T) {
	src := lockFiles(t)["2.0.16/lib/lock_flock.c"]
	patched, err := source.Patch(src, options(99, true))
	if err != nil {
		t.Fatal(err)
	}
	byHand := bytes.Replace(patched, []byte("TIMEDLOCK_MAXTIME 99"), []byte("TIMEDLOCK_MAXTIME 17"), 1)
	if want, _ := source.Patch(src, options(17, true)); !bytes.Equal(byHand, want) {
		t.Fatal("nothing was changed by hand")
	}
	if back, err := source.Unpatch(byHand); err != nil || !bytes.Equal(back, src) {
		t.Errorf("it does not become what it was: %v", err)
	}
}

// patch(1) makes of the tree what we would have, and takes it back.
func TestPatchProgram(t *testing.T) {
	program := compiler(t, "patch")
	for _, name := range standIns {
		for _, ends := range []string{"LF", "CR LF"} {
			dir := tree(t, name)
			if ends == "CR LF" {
				for _, path := range glob(t, dir, "lib/*.c", "cyrus/lib/*.c") {
					text, err := os.ReadFile(path)
					if err == nil {
						err = os.WriteFile(path, crlf(text), 0o644)
					}
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			s, err := source.Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			p, err := s.Plan(options(99, true))
			if err != nil {
				t.Fatal(err)
			}
			diff := ""
			for _, c := range p.Changes {
				diff += c.File.Diff
			}
			run := func(more ...string) {
				t.Helper()
				cmd := exec.Command(program, append([]string{"-p1", "--binary", "--fuzz=0", "-d", s.Dir}, more...)...)
				cmd.Stdin = strings.NewReader(diff)
				if out, err := cmd.CombinedOutput(); err != nil || bytes.Contains(out, []byte("offset")) {
					t.Fatalf("%s: %v\n%s", name, err, out)
				}
			}
			is := func(want func(c int) []byte) {
				t.Helper()
				for i, c := range p.Changes {
					if got, err := os.ReadFile(filepath.Join(s.Dir, c.File.Name)); err != nil || !bytes.Equal(got, want(i)) {
						t.Errorf("%s with %s: %s is not as it should be: %v", name, ends, c.File.Name, err)
					}
				}
			}
			run()
			is(func(c int) []byte { return p.Changes[c].File.New })
			run("-R")
			is(func(c int) []byte { return p.Changes[c].File.Old })
		}
	}
}

func glob(t testing.TB, dir string, patterns ...string) (paths []string) {
	t.Helper()
	for _, p := range patterns {
		found, err := filepath.Glob(filepath.Join(dir, p))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	return paths
}

// The helper brings no warnings into a file that has none, in the C of 1989 and
// today's, with every compiler at hand.
func TestNoWarnings(t *testing.T) {
	for cc, stds := range map[string][]string{"gcc": {"c89", "gnu89", "gnu17"}, "clang": {"c89", "gnu99"}, "musl-gcc": {"gnu99"}} {
		t.Run(cc, func(t *testing.T) {
			t.Parallel()
			program := compiler(t, cc)
			for name, src := range lockFiles(t) {
				for _, std := range stds {
					o := options(99, true)
					o.AlsoShared = !strings.HasPrefix(name, "2.0") && !strings.HasPrefix(name, "2.4")
					patched, err := source.Patch(src, o)
					if err != nil {
						t.Fatal(err)
					}
					warnings := func(text []byte) string {
						cmd := exec.Command(program, "-x", "c", "-", "-o", "/dev/null", "-c", "-O2", "-std="+std, "-Wall", "-Wextra", "-Wshadow", "-Wdeclaration-after-statement",
							"-Wmissing-prototypes", "-DHAVE_UNISTD_H", "-I", filepath.Join("testdata/trees", filepath.Dir(name)))
						cmd.Stdin = bytes.NewReader(text)
						out, err := cmd.CombinedOutput()
						if err != nil {
							t.Errorf("%s: %v", name, err)
						}
						return string(out)
					}
					if after := warnings(patched); after != "" {
						t.Errorf("%s -std=%s: %s\nbefore: %s", name, std, after, warnings(src))
					}
				}
			}
		})
	}
}

// Whatever comes in: nothing comes out, or something that can be taken back and is
// the same the second time.
func FuzzPatch(f *testing.F) {
	for _, src := range lockFiles(f) {
		f.Add(src, uint16(99), true, false)
		if patched, err := source.Patch(src, options(17, false)); err == nil {
			f.Add(patched, uint16(99), true, true)
		}
	}
	f.Add([]byte("#include <a>\nint lock_reopen(int fd, char *filename) {\nfor(;;){r=flock(fd,LOCK_EX);EINTR;dup2;}}"), uint16(17), true, false)
	f.Fuzz(func(t *testing.T, src []byte, maxtime uint16, hybrid, also bool) {
		o := options(int(maxtime), hybrid)
		o.AlsoShared = also
		patched, err := source.Patch(src, o)
		if err != nil {
			return
		}
		again, err := source.Patch(patched, o)
		if err != nil || !bytes.Equal(again, patched) {
			t.Fatalf("a second time: %v", err)
		}
		bare, err := source.Unpatch(patched)
		if err != nil {
			t.Fatalf("it cannot be taken out: %v", err)
		}
		if !bytes.Contains(src, []byte("timedlock")) && !bytes.Equal(bare, src) {
			t.Fatal("it does not become what it was")
		}
	})
}
