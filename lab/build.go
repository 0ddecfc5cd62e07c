package lab

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// ErrNoCompiler says that the mail server of the incidents could not be made
// here: there is no C compiler, or it has no C library to compile against.
var ErrNoCompiler = errors.New("no working C compiler: install gcc (or clang, tcc) with the C library's headers")

// A compiler is the program that turns C into executables.
type compiler struct {
	path string
}

func findCompiler() (compiler, error) {
	for _, name := range []string{"cc", "gcc", "clang", "tcc"} {
		if path, err := exec.LookPath(name); err == nil {
			return compiler{path}, nil
		}
	}
	return compiler{}, ErrNoCompiler
}

// flags keep every frame and every argument where a debugger finds them.
func (c compiler) flags() []string {
	return []string{"-D_GNU_SOURCE", "-g", "-O0", "-pthread"}
}

func (c compiler) run(ctx context.Context, dir, scratch string, args ...string) error {
	cmd := exec.CommandContext(ctx, c.path, append(c.flags(), args...)...)
	cmd.Dir = dir
	// The driver runs the compiler proper and the assembler: all go together, and
	// what they leave lying about lies in a folder that is removed.
	cmd.Env = append(os.Environ(), "TMPDIR="+scratch, "LC_ALL=C")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("%w: %s %s: %w: %s", ErrNoCompiler, c.path, strings.Join(args, " "), err, firstLines(out, 5))
	}
	return nil
}

// identity changes when another compiler answers to the same name.
func (c compiler) identity() string {
	real, err := filepath.EvalSymlinks(c.path)
	if err != nil {
		return c.path
	}
	info, err := os.Stat(real)
	if err != nil {
		return real
	}
	return fmt.Sprint(real, info.Size(), info.ModTime().UnixNano())
}

// build makes the programs under home, which is ours alone, unless they are
// there already, and returns the folder they are in. Two that build at the same
// time do not disturb each other: the first to finish wins.
func build(ctx context.Context, c compiler, home string) (bin string, err error) {
	files, err := sourceFiles()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(home, "lab-"+digest(c, files))
	bin = filepath.Join(dir, "bin")
	if complete(bin) {
		return bin, nil
	}
	src := filepath.Join(dir, "src")
	if err := os.MkdirAll(src, 0o700); err != nil {
		return "", err
	}
	fresh, err := os.MkdirTemp(dir, "new-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(fresh)
	if err := writeSources(src, files); err != nil {
		return "", err
	}
	if err := compile(ctx, c, src, fresh); err != nil {
		return "", err
	}
	if err := os.Rename(filepath.Join(fresh, "bin"), bin); err != nil && !complete(bin) {
		return "", err
	}
	return bin, nil
}

// complete reports whether bin is ours and has all programs: what cleans up
// caches may have taken some. What is left of those is removed.
func complete(bin string) bool {
	if !ownedByUs(bin) {
		return false
	}
	for _, p := range programs() {
		if _, err := os.Lstat(filepath.Join(bin, p.name)); err != nil {
			os.RemoveAll(bin)
			return false
		}
	}
	return true
}

// writeSources leaves the sources where the debugging information says they are.
func writeSources(src string, files map[string][]byte) error {
	for name, text := range files {
		f, err := os.CreateTemp(src, ".new-")
		if err != nil {
			return err
		}
		_, err = f.Write(text)
		if err = errors.Join(err, f.Close()); err == nil {
			err = os.Rename(f.Name(), filepath.Join(src, name))
		}
		if err != nil {
			return errors.Join(err, os.Remove(f.Name()))
		}
	}
	return nil
}

func compile(ctx context.Context, c compiler, src, to string) error {
	object := func(unit string) string { return filepath.Join(to, unit+".o") }
	bin := filepath.Join(to, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.NumCPU() + 1)
	for _, u := range units() {
		g.Go(func() error { return c.run(gctx, src, to, "-c", "-o", object(u), u+".c") })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	g, gctx = errgroup.WithContext(ctx)
	g.SetLimit(runtime.NumCPU() + 1)
	for _, p := range programs() {
		args := []string{"-o", filepath.Join(bin, p.name)}
		for _, u := range p.units {
			args = append(args, object(u))
		}
		g.Go(func() error { return c.run(gctx, src, to, args...) })
	}
	return g.Wait()
}

// digest names the result of a build by all that goes into it.
func digest(c compiler, files map[string][]byte) string {
	h := sha256.New()
	fmt.Fprintln(h, runtime.GOARCH, c.identity(), c.flags(), programs())
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(h, "%s %d\n%s", name, len(files[name]), files[name])
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

func firstLines(text []byte, n int) string {
	lines := bytes.SplitN(bytes.TrimSpace(text), []byte("\n"), n+1)
	return string(bytes.Join(lines[:min(n, len(lines))], []byte("\n")))
}
