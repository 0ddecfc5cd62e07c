package cyrus

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// compile makes a small library or program of C, to read back what it tells.
func compile(t testing.TB, code string, args ...string) string {
	t.Helper()
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		if os.Getenv("CI") != "" || os.Getenv("CYRLOCK_TESTS") == "all" {
			t.Fatal("gcc is missing, and here every test must run")
		}
		t.Skip("NOT TESTED: gcc is missing, so there is no binary to read")
	}
	dir := t.TempDir()
	source, out := filepath.Join(dir, "x.c"), filepath.Join(dir, "x")
	if err := os.WriteFile(source, []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command(gcc, append([]string{"-O1", "-o", out, source}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, said)
	}
	return out
}

func TestReadBuild(t *testing.T) {
	for _, c := range []struct {
		name, code string
		args       []string
		want       build
	}{
		{"a library since 2.5", `#include <fcntl.h>
			const char CYRUS_VERSION[] = "3.6.1-Debian-3.6.1-4+deb12u5";
			const char lock_method_desc[] = "fcntl";
			int lock_reopen_ex(int fd) { return fcntl(fd, F_SETLKW, 0); }`,
			[]string{"-shared", "-fPIC"}, build{"3.6.1", "fcntl"}},
		{"a library with flock, which sets close-on-exec too", `#include <fcntl.h>
			#include <sys/file.h>
			const char *lock_method_desc = "flock";
			int lock_reopen(int fd) { return flock(fd, LOCK_EX) + fcntl(fd, F_SETFD, FD_CLOEXEC); }`,
			[]string{"-shared", "-fPIC"}, build{"", "flock"}},
		{"a program of 2.x", `#include <sys/file.h>
			#include <stdio.h>
			int main() { puts("v2.0.16"); puts("see v1.2.3 there"); return flock(0, LOCK_EX); }`,
			nil, build{"2.0.16", "flock"}},
		{"two versions are none", `#include <stdio.h>
			int main() { puts("v2.3.16"); puts("v2.4.17"); return 0; }`,
			nil, build{}},
		{"a static program imports nothing", `#include <sys/file.h>
			#include <stdio.h>
			int main() { puts("v2.3.16-fast"); return flock(0, LOCK_EX); }`,
			[]string{"-static"}, build{"2.3.16", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := reader{}.buildOf(t.Context(), "", "", compile(t, c.code, c.args...))
			if err != nil || got != c.want {
				t.Errorf("%+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

// What takes its lock calls from libcyrus says nothing by its own use of fcntl.
func TestBorrowedLocks(t *testing.T) {
	file := compile(t, `#include <fcntl.h>
		int lock_reopen_ex(int);
		int seen_open(void) { return lock_reopen_ex(3) + fcntl(0, F_SETFD, 1); }`, "-shared", "-fPIC")
	if got, err := (reader{}).buildOf(t.Context(), "", "", file); err != nil || got.lock != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestVersionOf(t *testing.T) {
	for text, want := range map[string]string{
		"v2.0.16": "2.0.16", "3.6.1-Debian-3.6.1-4": "3.6.1", "3.0.0-beta6": "3.0.0-beta6",
		"2.4": "2.4", "x": "", "": "", "v3": "",
	} {
		if got := versionOf(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzBinary(f *testing.F) {
	small := compile(f, `const char CYRUS_VERSION[] = "3.6.1"; const char lock_method_desc[] = "fcntl";`, "-shared", "-fPIC", "-nostdlib", "-s",
		"-Wl,-n,-z,max-page-size=16,-z,noseparate-code,--build-id=none,--hash-style=sysv") // small, so that the fuzzer gets on
	data, err := os.ReadFile(small)
	if err != nil {
		f.Fatal(err)
	}
	if got, err := readBuild(bytes.NewReader(data)); err != nil || got != (build{"3.6.1", "fcntl"}) {
		f.Fatalf("the seed itself: %+v, %v", got, err)
	}
	f.Add(data)
	f.Add([]byte(elf.ELFMAG))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4<<10 {
			return // the fuzzer would spend its time on making them smaller
		}
		b, err := readBuild(bytes.NewReader(data))
		if err != nil && b != (build{}) {
			t.Errorf("an error, and yet %+v", b)
		}
		if len(b.version) > symbolBytes || b.lock != "" && b.lock != "fcntl" && b.lock != "flock" {
			t.Errorf("%+v", b)
		}
	})
}
