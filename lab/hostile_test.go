package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestPlaces(t *testing.T) {
	real, target := t.TempDir(), t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	places := map[string]string{
		"with spaces":     filepath.Join(real, " two  spaces: and # at the end "),
		"behind a link":   link,
		"with a letter ü": filepath.Join(real, "ü"),
		"with quotes '\"": filepath.Join(real, `'"$(x)`),
		"very long":       filepath.Join(real, strings.Repeat("long/", 30)),
	}
	for name, tmp := range places {
		t.Run(name, func(t *testing.T) {
			if err := os.MkdirAll(tmp, 0o700); err != nil {
				t.Fatal(err)
			}
			t.Setenv("TMPDIR", tmp)
			r := begin(t, "cycle-of-two")
			mustHold(t, r.PIDs["root"][:1], r.Seen)
			if err := r.Stop(); err != nil {
				t.Error(err)
			}
			nothingIn(t, tmp)
		})
	}
}

// Without a cache to keep them in, the programs live and end with the incident.
func TestNoCache(t *testing.T) {
	begin(t, "healthy") // or skip
	for name, cache := range map[string]string{"relative": "not/absolute", "in the way": "/dev/null/x"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("XDG_CACHE_HOME", cache)
			r := begin(t, "stalled-client")
			if exe := exeOf(t, r.PIDs["root"][0]); !strings.HasPrefix(exe, r.Dir) {
				t.Errorf("%s is not in %s", exe, r.Dir)
			}
		})
	}
}

// What others may write to is not run from.
func TestUntrustedCache(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	if home := programHome(); home != filepath.Join(cache, "cyrlock") {
		t.Fatalf("home is %q", home)
	}
	for _, dir := range []string{filepath.Join(cache, "cyrlock"), cache} {
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if home := programHome(); home != "" {
			t.Errorf("%s is open to all, and yet programs are kept in %s", dir, home)
		}
		if err := os.Chmod(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

// Something that tidies up caches took a program away.
func TestDamagedCache(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	bin := filepath.Dir(exeOf(t, begin(t, "healthy").PIDs["master"][0]))
	if err := os.Remove(filepath.Join(bin, "keeper")); err != nil {
		t.Fatal(err)
	}
	begin(t, "healthy")
}

func TestBadPlaces(t *testing.T) {
	begin(t, "healthy") // or skip
	newline := filepath.Join(t.TempDir(), "a\nconfigdirectory: b")
	if err := os.Mkdir(newline, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tmp := range []string{newline, filepath.Join(t.TempDir(), "missing"), "/proc/self"} {
		t.Run(fmt.Sprintf("%q", tmp), func(t *testing.T) {
			t.Setenv("TMPDIR", tmp)
			_, err := Start(context.Background(), Seed)
			if err == nil || !strings.Contains(err.Error(), "TMPDIR") {
				t.Errorf("%v: it does not say what to do", err)
			}
		})
	}
	nothingIn(t, newline)
}

// A mount with noexec runs nothing; it is noticed before, and said.
func TestNoexec(t *testing.T) {
	begin(t, "healthy") // or skip
	if !mayRunFrom("/") || mayRunFrom("/proc") {
		t.Skip("NOT TESTED, /proc is not mounted noexec here")
	}
	if mayRunFrom("/no/such") {
		t.Error("programs run from a folder that is not there")
	}
}

// An ordinary user gets the seed as well as root does, and can look at it.
func TestOrdinaryUser(t *testing.T) {
	begin(t, "healthy") // or skip
	if os.Geteuid() != 0 {
		t.Skip("all other tests are this one: they do not run as root")
	}
	dir, err := os.MkdirTemp("", "lab-nobody-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	const nobody = 65534
	if err := errors.Join(os.Chmod(dir, 0o755), os.Mkdir(filepath.Join(dir, "own"), 0o700),
		os.Chown(filepath.Join(dir, "own"), nobody, nobody), copyProgram(os.Args[0], filepath.Join(dir, "test"))); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(dir, "own")
	cmd := exec.Command(filepath.Join(dir, "test"), "-test.run", "^(TestSeed|TestSeedDissolves|TestIncidents|TestStopTwice)$")
	cmd.Dir = own
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + own, "TMPDIR=" + own, "CI=" + os.Getenv("CI")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	nothingIn(t, own)
}

func copyProgram(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// Nothing of the starter's own, such as the terminal, reaches the incident.
func TestInheritsNothing(t *testing.T) {
	fds := make([]int, 2)
	if err := unix.Pipe(fds); err != nil { // without close-on-exec
		t.Fatal(err)
	}
	defer unix.Close(fds[0])
	defer unix.Close(fds[1])
	pipe := leadsTo(os.Getpid(), fds[0])
	r := begin(t, "stalled-client")
	for _, pid := range append(sessionOf(r.keeper.pid()), r.keeper.pid()) {
		for fd, target := range descriptors(pid) {
			if target == pipe {
				t.Errorf("process %d has our pipe as descriptor %s", pid, fd)
			}
		}
	}
}
