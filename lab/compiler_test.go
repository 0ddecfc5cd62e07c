package lab

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// skipOrFail skips a test for want of a compiler, unless that must not be.
func skipOrFail(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, ErrNoCompiler) && os.Getenv("CI") == "" && os.Getenv("CYRLOCK_TESTS") != "all" {
		t.Skip("NOT TESTED, there is no C compiler here: ", err)
	}
	t.Fatal(err)
}

// asOnlyCompiler makes cc another compiler for this test; its tools stay.
func asOnlyCompiler(t *testing.T, path string) {
	t.Helper()
	bin := t.TempDir()
	if err := os.Symlink(path, filepath.Join(bin, "cc")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
}

// The sources suit every compiler that one may meet, without a warning, and what
// it makes of them hangs as it should.
func TestCompilers(t *testing.T) {
	for _, name := range []string{"gcc", "clang", "tcc", "musl-gcc"} {
		t.Run(name, func(t *testing.T) {
			path, err := exec.LookPath(name)
			if err != nil {
				t.Skip("NOT TESTED, there is no ", name)
			}
			strict := []string{"-Wall", "-Wextra", "-Werror", "-O1", "-D_GNU_SOURCE", "-c", "-o", "/dev/null"}
			if name == "tcc" {
				strict = []string{"-Wall", "-Werror", "-D_GNU_SOURCE", "-c", "-o", filepath.Join(t.TempDir(), "o")}
			}
			for _, u := range units() {
				cmd := exec.Command(path, append(strict, u+".c")...)
				cmd.Dir = "mailserver"
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%s.c: %v\n%s", u, err, out)
				}
			}
			asOnlyCompiler(t, path)
			r := begin(t, "cycle-of-two")
			mustSleepIn(t, r.PIDs["root"], unix.SYS_FLOCK, "")
		})
	}
}

func TestNoCompiler(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	if _, err := Start(context.Background(), Seed); !errors.Is(err, ErrNoCompiler) {
		t.Error(err)
	}
	nothingIn(t, os.Getenv("TMPDIR"))
}

// A compiler without the C library's headers is as good as none.
func TestBrokenCompiler(t *testing.T) {
	bin, tmp := t.TempDir(), t.TempDir()
	script := "#!/bin/sh\necho \"config.c:1: fatal error: ctype.h: No such file\" >&2\nexit 1\n"
	if err := os.WriteFile(filepath.Join(bin, "cc"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("TMPDIR", tmp)
	if _, err := Start(context.Background(), Seed); !errors.Is(err, ErrNoCompiler) {
		t.Error(err)
	}
	nothingIn(t, tmp)
}

func nothingIn(t *testing.T, dir string) {
	t.Helper()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left in %s: %v (%v)", dir, left, err)
	}
}
