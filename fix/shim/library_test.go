package shim

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// mostSize is what the library may have, in bytes.
const mostSize = 16 << 10

// Whatever compiler makes it: small, without other libraries, without versions of
// symbols, and what it borrows from libc need not be there.
func TestCompilers(t *testing.T) {
	for _, cc := range []string{"gcc", "clang", "musl-gcc", "aarch64-linux-gnu-gcc"} {
		t.Run(cc, func(t *testing.T) {
			needs(t, cc)
			l, err := Compile(t.Context(), cc)
			if err != nil {
				t.Fatal(err)
			}
			if len(l.Body) >= mostSize {
				t.Errorf("%d bytes; want less than %d", len(l.Body), mostSize)
			}
			if l.Source != Source() || !libraryName.MatchString(l.Name()) {
				t.Errorf("source %s, name %s", l.Source, l.Name())
			}
			f, err := elf.NewFile(bytes.NewReader(l.Body))
			if err != nil {
				t.Fatal(err)
			}
			if needed, err := f.ImportedLibraries(); err != nil || len(needed) > 0 {
				t.Errorf("needs %v, %v", needed, err)
			}
			for _, s := range f.Sections {
				if s.Type == elf.SHT_GNU_VERNEED {
					t.Error("it asks for versions of libc's symbols")
				}
			}
			symbols, err := f.DynamicSymbols()
			if err != nil {
				t.Fatal(err)
			}
			defined := map[string]bool{}
			for _, s := range symbols {
				if s.Section == elf.SHN_UNDEF && elf.ST_BIND(s.Info) != elf.STB_WEAK {
					t.Errorf("%s must be there", s.Name)
				}
				if s.Section != elf.SHN_UNDEF && s.Name != "" {
					defined[s.Name] = true
				}
			}
			if want := map[string]bool{"flock": true, "fcntl": true, "fcntl64": true, "cyrlock_shim": true}; fmt.Sprint(defined) != fmt.Sprint(want) {
				t.Errorf("it defines %v; want %v", defined, want)
			}
			for _, p := range f.Progs {
				if p.Type == elf.PT_GNU_STACK && p.Flags&elf.PF_X != 0 || p.Flags&elf.PF_W != 0 && p.Flags&elf.PF_X != 0 {
					t.Errorf("memory that can be written and run: %+v", p.ProgHeader)
				}
			}
			if f.Section(".eh_frame") == nil || f.Section(".symtab") == nil {
				t.Error("debuggers will lose their way in it")
			}
		})
	}
}

// The library of each compiler does its work.
func TestEachCompilersLibrary(t *testing.T) {
	for _, cc := range []string{"clang", "musl-gcc"} {
		t.Run(cc, func(t *testing.T) {
			needs(t, cc)
			l, err := Compile(t.Context(), cc)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), l.Name())
			if err := os.WriteFile(file, l.Body, 0o755); err != nil {
				t.Fatal(err)
			}
			h := hold(t, unix.F_WRLCK, "jwade.seen")
			for _, kind := range []string{"flock", "fcntl"} {
				p := perform(t, settings(t, "LD_PRELOAD="+file), actor(t, "cc"), "one", kind, h.name)
				if errno, took := p.result(); errno != unix.EAGAIN || took < bound-grain {
					t.Errorf("%s: %v after %v", kind, errno, took)
				}
			}
		})
	}
}

// On the other processor, too, as an emulator has it.
func TestArm64(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("this is the one that is emulated elsewhere")
	}
	needs(t, "qemu-aarch64")
	needs(t, "aarch64-linux-gnu-gcc")
	l, err := Compile(t.Context(), "aarch64-linux-gnu-gcc")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(workshop.dir, l.Name())
	if err := os.WriteFile(file, l.Body, 0o755); err != nil {
		t.Fatal(err)
	}
	program := actor(t, "aarch64-linux-gnu-gcc")
	h := hold(t, unix.F_WRLCK, "jwade.seen")
	for _, schedule := range []string{"hybrid", "quadratic"} {
		for _, kind := range []string{"flock", "fcntl"} {
			args := []string{"-L", "/usr/aarch64-linux-gnu"}
			for _, v := range settings(t, "LD_PRELOAD="+file, "CYRLOCK_SHIM_PROGRAMS=*", "CYRLOCK_SHIM_SCHEDULE="+schedule) {
				args = append(args, "-E", v)
			}
			p := perform(t, []string{"PATH=" + os.Getenv("PATH")}, "qemu-aarch64", append(args, program, "one", kind, h.name)...)
			if errno, took := p.result(); errno != unix.EAGAIN || took < bound-grain {
				t.Errorf("%s %s: %v after %v", schedule, kind, errno, took)
			}
		}
	}
}

// What make puts into the program is used only if it is of the same source.
func TestBuilt(t *testing.T) {
	l, err := Built()
	switch {
	case errors.Is(err, ErrNotBuilt):
		t.Logf("built without make: %v", err)
	case err != nil:
		t.Error(err)
	case l.Source != Source():
		t.Errorf("source %s; want %s", l.Source, Source())
	}
}

// No compiler, one that fails, one that makes nonsense: each said.
func TestNoCompiler(t *testing.T) {
	for name, script := range map[string]string{"fails": "#!/bin/sh\necho no headers >&2\nexit 1\n", "nonsense": "#!/bin/sh\necho >shim.so\n"} {
		cc := filepath.Join(t.TempDir(), "cc")
		if err := os.WriteFile(cc, []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		if _, err := Compile(t.Context(), cc); err == nil || name == "fails" && (!errors.Is(err, ErrNoCompiler) || !strings.Contains(err.Error(), "no headers")) {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := Compile(t.Context(), ""); !errors.Is(err, ErrNoCompiler) || errors.Is(err, exec.ErrNotFound) {
		t.Errorf("%v", err)
	}
}
