package stack

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const arm64Program = `
#include <signal.h>
#include <stdlib.h>
static volatile int after;
__attribute__((noinline)) static int lock_it(int fd, const char *name) { raise(SIGSEGV); return fd + name[after]; }
__attribute__((noinline)) static int sized(int n, const char *name) {
	char *room = __builtin_alloca(n * 16);
	room[0] = (char)n;
	int r = lock_it(n, name);
	after += room[0];
	return r;
}
static int by_number(const void *a, const void *b) { return sized(*(int *)a, "user.jwade") + *(int *)b + after; }
__attribute__((noinline)) static int outer(void) { int v[3] = { 7, 7, 7 }; qsort(v, 3, sizeof *v, by_number); return v[0] + after; }
int main(void) { int r = outer(); return r + after; }
`

// TestARM64 unwinds core files of an arm64 program that qemu has run: with
// and without pointer authentication, frame pointers and optimization.
func TestARM64(t *testing.T) {
	for _, tool := range []string{"aarch64-linux-gnu-gcc", "qemu-aarch64"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, tool)
		}
	}
	for _, flags := range []string{"-O0", "-O1", "-O2", "-Os", "-O2 -mbranch-protection=standard",
		"-O2 -fomit-frame-pointer", "-O2 -fno-omit-frame-pointer", "-O2 -gdwarf-4"} {
		t.Run(flags, func(t *testing.T) { unwindARM64(t, flags) })
	}
}

func unwindARM64(t *testing.T, flags string) {
	dir := t.TempDir()
	source, exe := filepath.Join(dir, "hang.c"), filepath.Join(dir, "hang")
	if err := os.WriteFile(source, []byte(arm64Program), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append(strings.Fields(flags), "-g", "-static", "-no-pie", "-fno-ipa-cp", "-fno-ipa-sra", "-fno-ipa-vrp", "-o", exe, source)
	if out, err := exec.Command("aarch64-linux-gnu-gcc", args...).CombinedOutput(); err != nil {
		t.Fatalf("aarch64-linux-gnu-gcc: %v\n%s", err, out)
	}
	run := exec.Command("sh", "-c", "ulimit -c unlimited; exec qemu-aarch64 ./hang")
	run.Dir = dir
	out, _ := run.CombinedOutput() // ends by its signal
	cores, _ := filepath.Glob(filepath.Join(dir, "*.core"))
	if len(cores) != 1 {
		t.Fatalf("qemu wrote %d core files: %s", len(cores), out)
	}
	from, maps, set := readCore(t, cores[0], exe)
	frames, err := replay(Options{}, from, maps, set)
	if err != nil {
		t.Error(err)
	}
	var names []string
	for _, f := range frames {
		names = append(names, f.Func)
		if f.How != "cfi" {
			t.Errorf("%s: %s", f.Func, f.How)
		}
		if f.Func == "lock_it" && (len(f.Args) != 2 || strings.HasPrefix(flags, "-O0") && f.Args[1].Value[strings.IndexByte(f.Args[1].Value, ' ')+1:] != `"user.jwade"`) {
			t.Errorf("arguments %v", f.Args)
		}
	}
	at := 0
	for _, want := range []string{"lock_it", "sized", "by_number", "outer", "main"} {
		i := slices.Index(names[at:], want)
		if i < 0 {
			t.Fatalf("%v: no %s after frame %d", names, want, at)
		}
		at += i + 1
	}
}

// missing skips a test for want of a tool; a continuous integration must have it.
func missing(t *testing.T, tool string) {
	t.Helper()
	if os.Getenv("CI") != "" || os.Getenv("CYRLOCK_TESTS") == "all" {
		t.Fatalf("%s is not installed", tool)
	}
	t.Skipf("NOT TESTED: %s is not installed", tool)
}
