package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	inside    = "--inside" // the first argument of the process that is apart
	hostName  = "mail1"
	firstPIDs = 24800 // process numbers as a server has that is up for a while
)

// apart runs this program again in namespaces of its own (namespaces(7)): with a
// host name of its own, and with no process or lock of this machine in sight. What
// was started there ends with it. Its exit code is returned; of that it has spoken.
func apart(ctx context.Context, args []string) (code int, err error) {
	runtime.LockOSThread() // Pdeathsig means the thread: prctl(2), PR_SET_PDEATHSIG
	cmd := politely(exec.CommandContext(ctx, "/proc/self/exe", append([]string{inside}, args...)...))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWUTS | unix.CLONE_NEWPID | unix.CLONE_NEWNS,
		Pdeathsig:  syscall.SIGKILL,
	}
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return max(exit.ExitCode(), 1), nil
	case errors.Is(err, unix.EPERM):
		return 1, errors.New("the pictures need a host name and process numbers of their own, which takes root (in a container, CAP_SYS_ADMIN): sudo make pictures")
	}
	return 0, err
}

// politely has a command end by itself when its context is over, so that it leaves
// nothing behind; only then is it killed.
func politely(cmd *exec.Cmd) *exec.Cmd {
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// settle makes the new namespaces a place to work in.
func settle() error {
	if err := unix.Sethostname([]byte(hostName)); err != nil {
		return fmt.Errorf("set the host name: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	// pid_namespaces(7). A kernel without checkpoints has no such file: then the
	// numbers are small, and as true.
	_ = os.WriteFile("/proc/sys/kernel/ns_last_pid", fmt.Append(nil, firstPIDs), 0)
	return nil
}
