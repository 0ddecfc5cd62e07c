package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/sys/unix"

	"cyrlock/fix/source"
)

// locker builds the program with the lock code of the first stand-in, patched or not.
func (b *bench) locker(name string, o *source.Options, scale int) (string, error) {
	const tree = "fix/source/testdata/trees/2.0.16/lib"
	code, err := os.ReadFile(tree + "/lock_flock.c")
	if err != nil {
		return "", err
	}
	if o != nil {
		if code, err = source.Patch(code, *o); err != nil {
			return "", err
		}
	}
	program, err := sources.ReadFile("testdata/locker.c")
	if err != nil {
		return "", err
	}
	lock, main := filepath.Join(b.dir, name+".c"), filepath.Join(b.dir, "locker.c")
	if err := errors.Join(os.WriteFile(lock, code, 0o600), os.WriteFile(main, program, 0o600)); err != nil {
		return "", err
	}
	bin := filepath.Join(b.dir, fmt.Sprint("locker-", name, scale))
	if said, err := exec.Command("cc", "-O2", fmt.Sprintf("-DTIMEDLOCK_SECOND=%d", 1000/scale), "-I", tree, "-o", bin, main, lock).CombinedOutput(); err != nil {
		return "", fmt.Errorf("cc: %w\n%s", err, said)
	}
	return bin, nil
}

// A wait is one locker, and when it asked and when it had the lock, in ns; 0: it
// gave up.
type wait struct {
	asked, got int64
	out        *bufio.Reader
	cmd        *exec.Cmd
}

// ask starts a locker and returns when it asks.
func ask(bin string, args ...string) (*wait, error) {
	w := &wait{cmd: exec.Command(bin, args...)}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w.cmd.Stderr = os.Stderr
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	w.out = bufio.NewReader(out)
	_, err = fmt.Fscanf(w.out, "asks %d\n", &w.asked)
	return w, err
}

// end waits until the locker has had the lock, or has given up.
func (w *wait) end() error {
	var word string
	_, err := fmt.Fscanf(w.out, "%s %d\n", &word, &w.got)
	if err == nil && word != "has" {
		w.got = 0
		if word != "gives-up" {
			err = errors.New(word)
		}
	}
	return errors.Join(err, w.cmd.Wait())
}

// A held is a file that this process has locked.
type held struct{ f *os.File }

func hold(path string) (held, error) {
	f, err := os.Create(path)
	if err != nil {
		return held{}, err
	}
	return held{f}, unix.Flock(int(f.Fd()), unix.LOCK_EX)
}

// release returns when that was, in ns.
func (h held) release() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	_ = unix.Flock(int(h.f.Fd()), unix.LOCK_UN) // closing alone waits for forked children, too
	_ = h.f.Close()
	return t.Nano()
}
