package stack_test

import (
	"bytes"
	"debug/elf"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A variant is one way to build the target. Every variant is compared with gdb.
type variant struct {
	name   string
	cc     string // "" is gcc
	flags  string
	shared bool                           // all but imapd.c goes into a shared library
	after  func(t *testing.T, exe string) // what is done to the file before it runs
	late   func(t *testing.T, exe string) // and while it runs, after gdb had its look
	tools  []string

	// stale is set where gdb shows values it cannot know: it takes the registers
	// that a callee may overwrite as they are in the innermost frame, and clang
	// describes arguments as being in them. Ours are then <optimized out>, or
	// what the caller passed.
	stale bool
}

var variants = []variant{
	{name: "O0", flags: "-O0 -g"},
	{name: "O1", flags: "-O1 -g"},
	{name: "O2", flags: "-O2 -g"},
	{name: "O3", flags: "-O3 -g"},
	{name: "Os", flags: "-Os -g"},
	{name: "Og", flags: "-Og -g"},
	{name: "omit frame pointer", flags: "-O2 -g -fomit-frame-pointer"},
	{name: "frame pointer", flags: "-O2 -g -fno-omit-frame-pointer"},
	{name: "O0 omit frame pointer", flags: "-O0 -g -fomit-frame-pointer"},
	{name: "as Debian builds", flags: "-O2 -g -fstack-protector-strong -fstack-clash-protection -Wformat -D_FORTIFY_SOURCE=2 -Wl,-z,relro -Wl,-z,now"},
	{name: "no-pie", flags: "-O2 -g -no-pie"},
	{name: "static", flags: "-O2 -g -static"},
	{name: "static-pie", flags: "-O2 -g -static-pie"},
	{name: "lto", flags: "-O2 -g -flto"},
	{name: "dwarf 3", flags: "-O2 -gdwarf-3"},
	{name: "dwarf 4", flags: "-O2 -gdwarf-4"},
	{name: "dwarf 5", flags: "-O2 -gdwarf-5"},
	{name: "compressed debug data", flags: "-O2 -g -gz=zlib"},
	{name: "no eh_frame", flags: "-O2 -g -fno-asynchronous-unwind-tables"},
	{name: "shared library", flags: "-O2 -g", shared: true},
	{name: "shared library O0", flags: "-O0 -g -Wl,-z,lazy", shared: true},
	{name: "stripped", flags: "-O2", after: stripAll},
	{name: "stripped shared library", flags: "-O2", shared: true, after: stripAll},
	{name: "stripped frame pointer", flags: "-O2 -fno-omit-frame-pointer", after: stripAll},
	{name: "symbols only", flags: "-O2"},
	{name: "symbols only O0", flags: "-O0"},
	{name: "debug file by build-id", flags: "-O2 -g", after: debugByBuildID},
	{name: "debug file by link", flags: "-O2 -g -Wl,--build-id=none", after: debugByLink},
	{name: "mini debuginfo", flags: "-O2 -g", after: miniDebug, tools: []string{"xz"}},
	{name: "dwz", flags: "-O2 -g", shared: true, after: dwz, tools: []string{"dwz"}},
	{name: "clang", cc: "clang", flags: "-O2 -g", stale: true},
	{name: "clang O0", cc: "clang", flags: "-O0 -g"},
	{name: "deleted", flags: "-O2 -g", late: func(t *testing.T, exe string) { remove(t, exe) }},
	{name: "replaced", flags: "-O2 -g", shared: true, late: replaceAll},
	{name: "m32 O0", flags: "-O0 -g -m32"},
	{name: "m32 O2", flags: "-O2 -g -m32"},
	{name: "m32 static", flags: "-O2 -g -m32 -static"},
	{name: "m32 shared library", flags: "-O2 -g -m32", shared: true},
}

// build compiles the target this way and returns its path.
func (v variant) build(t *testing.T) string {
	t.Helper()
	cc := v.cc
	if cc == "" {
		cc = "gcc"
	}
	need(t, append([]string{cc, "objcopy", "strip"}, v.tools...)...)
	if strings.Contains(v.flags, "-m32") && !compiles32(t) {
		unable(t, "gcc -m32 does not work here: gcc-multilib is missing")
	}
	source, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	exe := filepath.Join(dir, "hang")
	flags := append(strings.Fields(v.flags), "-w", "-pthread", "-I", source)
	main := filepath.Join(source, "imapd.c")
	var rest []string
	for _, f := range []string{"index.c", "seen.c", "db.c", "lock.c"} {
		rest = append(rest, filepath.Join(source, f))
	}
	if v.shared {
		run(t, dir, cc, append(append(flags, "-shared", "-fPIC", "-o", "libhang.so"), rest...)...)
		run(t, dir, cc, append(flags, "-o", exe, main, "-L.", "-lhang", "-Wl,-rpath,"+dir)...)
	} else {
		run(t, dir, cc, append(append(flags, "-o", exe, main), rest...)...)
	}
	if v.after != nil {
		v.after(t, exe)
	}
	return exe
}

func compiles32(t *testing.T) bool {
	dir := t.TempDir()
	source := filepath.Join(dir, "a.c")
	write(t, source, []byte("#include <stdio.h>\nint main(void) { return 0; }\n"))
	return exitsWell(dir, "gcc", "-m32", "-o", "a", source)
}

// parts are the program and, where there is one, its library.
func parts(t *testing.T, exe string) []string {
	libs, err := filepath.Glob(filepath.Join(filepath.Dir(exe), "*.so"))
	if err != nil {
		t.Fatal(err)
	}
	return append(libs, exe)
}

func stripAll(t *testing.T, exe string) {
	for _, file := range parts(t, exe) {
		run(t, "", "strip", "--strip-all", file)
	}
}

// debugByLink splits the debug data off as "objcopy --add-gnu-debuglink" does.
func debugByLink(t *testing.T, exe string) {
	dir := filepath.Dir(exe)
	run(t, dir, "objcopy", "--only-keep-debug", "hang", "hang.debug")
	run(t, dir, "strip", "--strip-all", "hang")
	run(t, dir, "objcopy", "--add-gnu-debuglink=hang.debug", "hang")
}

// debugByBuildID puts the debug data where Debian's dbgsym packages put it.
func debugByBuildID(t *testing.T, exe string) {
	id := buildID(t, exe)
	dir := filepath.Join("/usr/lib/debug/.build-id", id[:2])
	made := os.MkdirAll(dir, 0o755)
	debug := filepath.Join(dir, id[2:]+".debug")
	if made != nil {
		unable(t, made.Error())
	}
	t.Cleanup(func() {
		remove(t, debug)
		os.Remove(dir) // stays where other packages have files in it
	})
	run(t, "", "objcopy", "--only-keep-debug", exe, debug)
	run(t, "", "strip", "--strip-all", exe)
}

func buildID(t *testing.T, exe string) string {
	notes := strings.Fields(run(t, "", "readelf", "-n", exe))
	for i, word := range notes {
		if word == "ID:" && i+1 < len(notes) && len(notes[i+1]) > 8 {
			return notes[i+1]
		}
	}
	t.Fatalf("%s has no build-id", exe)
	return ""
}

// miniDebug leaves the names of the functions in a compressed ELF file inside
// the program, as Fedora does.
func miniDebug(t *testing.T, exe string) {
	f, err := elf.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	symbols, err := f.Symbols()
	f.Close()
	if err != nil {
		t.Fatal(err)
	}
	var keep bytes.Buffer
	for _, s := range symbols {
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Section != elf.SHN_UNDEF {
			keep.WriteString(s.Name + "\n")
		}
	}
	dir := filepath.Dir(exe)
	write(t, filepath.Join(dir, "keep"), keep.Bytes())
	run(t, dir, "objcopy", "--only-keep-debug", "hang", "full")
	run(t, dir, "objcopy", "-S", "--remove-section", ".comment", "--keep-symbols=keep", "full", "mini")
	run(t, dir, "strip", "--strip-all", "hang")
	run(t, dir, "xz", "mini")
	run(t, dir, "objcopy", "--add-section", ".gnu_debugdata=mini.xz", "hang")
}

// dwz moves what program and library have in common to a third file, as Debian
// does with its debug packages.
func dwz(t *testing.T, exe string) {
	run(t, filepath.Dir(exe), "dwz", "-m", "common.debug", "hang", "libhang.so")
	if _, err := os.Stat(filepath.Join(filepath.Dir(exe), "common.debug")); err != nil {
		t.Fatal("dwz found nothing in common: ", err)
	}
}

// replaceAll puts other files in the place of those that run, as an upgrade does.
func replaceAll(t *testing.T, exe string) {
	other, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range parts(t, exe) {
		remove(t, file)
		write(t, file, other)
	}
}
