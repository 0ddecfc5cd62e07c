package shim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// ErrNoCompiler says that the library could not be made here.
var ErrNoCompiler = errors.New("no working C compiler: install gcc or clang, or build cyrlock with make on a machine that has one")

// Compile makes the library with a C compiler; "" is the machine's own. No header
// files are needed.
func Compile(ctx context.Context, cc string) (Library, error) {
	for _, name := range []string{"cc", "gcc", "clang"} {
		if cc != "" {
			break
		}
		cc, _ = exec.LookPath(name)
	}
	if cc == "" {
		return Library{}, ErrNoCompiler
	}
	dir, err := os.MkdirTemp("", "cyrlock-shim-")
	if err != nil {
		return Library{}, err
	}
	defer os.RemoveAll(dir)
	files, err := sources()
	if err != nil {
		return Library{}, err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return Library{}, err
		}
	}
	for _, extra := range options() {
		if err = compile(ctx, cc, dir, extra); err == nil {
			body, err := os.ReadFile(filepath.Join(dir, "shim.so"))
			if err != nil {
				return Library{}, err
			}
			return Read(body)
		}
		if ctx.Err() != nil {
			return Library{}, context.Cause(ctx)
		}
	}
	return Library{}, fmt.Errorf("%w: %w", ErrNoCompiler, err)
}

// options that not every compiler knows, the best first: no calls into libgcc on
// arm64; entry points marked where the processor checks jumps on amd64.
func options() [][]string {
	return [][]string{{"-mno-outline-atomics"}, {"-fcf-protection=full"}, nil}
}

// flags make a library that needs no other, not even libc, and whose frames every
// debugger can unwind. It has no relro segment and pads no pages, which would make
// up a third of the file.
func flags() []string {
	return []string{
		"-std=gnu99", "-Os", "-Wall", "-Wextra", "-fPIC", "-shared", "-nostdlib",
		"-ffreestanding", "-fno-builtin", "-fno-stack-protector",
		"-fasynchronous-unwind-tables", "-fvisibility=hidden", "-ftls-model=initial-exec",
		"-Wl,-z,noexecstack,-z,norelro,-z,now,-z,noseparate-code,-z,max-page-size=65536,-z,common-page-size=64",
		"-Wl,--hash-style=both,--build-id=sha1,--no-undefined,-soname,libcyrlock-shim.so",
		`-DSHIM_SOURCE="` + Source() + `"`,
	}
}

func compile(ctx context.Context, cc, dir string, extra []string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, cc, append(append(flags(), extra...), "-o", "shim.so", "shim.c")...)
	cmd.Dir = dir
	// The driver runs the compiler proper and the linker: all end together, and what
	// they leave lying about lies in a folder that is removed.
	cmd.Env = append(os.Environ(), "TMPDIR="+dir, "LC_ALL=C")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		lines := bytes.SplitN(bytes.TrimSpace(out), []byte("\n"), 4)
		said := string(bytes.Join(lines[:min(3, len(lines))], []byte("; ")))
		return fmt.Errorf("%s: %w: %s", cc, err, strings.ToValidUTF8(said, "?"))
	}
	return nil
}
