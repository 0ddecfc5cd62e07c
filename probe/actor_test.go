package probe

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
	"cyrlock/probe/stack"
)

const actorEnv = "CYRLOCK_ACTOR"

// An actor is a process that takes and wants locks as it is told, one line at a
// time. It answers "ok", what was asked, or an error, and ends with its input.
type actor struct {
	tb   testing.TB
	cmd  *exec.Cmd
	pid  int
	in   io.WriteCloser
	out  *bufio.Reader
	done bool
}

// newActor starts one; wrap is a command to start it with, such as unshare.
func newActor(tb testing.TB, wrap ...string) *actor {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	argv := append(wrap, self) // a program to be exec'ed instead ignores it
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), actorEnv+"=1")
	cmd.Stderr = os.Stderr
	a := &actor{tb: tb, cmd: cmd}
	if a.in, err = cmd.StdinPipe(); err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	a.out = bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(a.end)
	a.pid = cmd.Process.Pid
	if len(wrap) > 0 {
		a.pid = 0 // not the command's; see hostPID
	}
	return a
}

func (a *actor) end() {
	if !a.done {
		a.done = true
		a.in.Close()
		a.cmd.Process.Kill()
		a.cmd.Wait()
	}
}

// do has it carry out a command and returns what it says.
func (a *actor) do(format string, args ...any) string {
	a.tb.Helper()
	line := fmt.Sprintf(format, args...)
	a.begin("%s", line)
	answer, err := a.out.ReadString('\n')
	if err != nil {
		a.tb.Fatalf("%s: %v", line, err)
	}
	answer = strings.TrimSpace(answer)
	if strings.HasPrefix(answer, "error") {
		a.tb.Fatalf("%s: %s", line, answer)
	}
	return answer
}

// begin has it start a command that will not end.
func (a *actor) begin(format string, args ...any) {
	a.tb.Helper()
	if _, err := fmt.Fprintf(a.in, format+"\n", args...); err != nil {
		a.tb.Fatal(err)
	}
}

// look has it look at the machine from where it is.
func (a *actor) look() (s evidence.Snapshot) {
	a.tb.Helper()
	if err := json.Unmarshal([]byte(a.do("look")), &s); err != nil {
		a.tb.Fatal(err)
	}
	return s
}

// act is the actor's own side.
func act(in io.Reader, out io.Writer) {
	files := make(map[string]*os.File)
	conns := make(map[string]net.Conn)
	var do func(f []string) (string, error)
	do = func(f []string) (string, error) {
		switch f[0] {
		case "open": // open NAME PATH
			file, err := os.OpenFile(f[2], os.O_RDWR|os.O_CREATE, 0o666)
			files[f[1]] = file
			return "ok", err
		case "fd":
			return fmt.Sprint(int(files[f[1]].Fd())), nil
		case "close":
			return "ok", files[f[1]].Close()
		case "flock": // flock NAME ex|sh|un
			op := map[string]int{"ex": unix.LOCK_EX, "sh": unix.LOCK_SH, "un": unix.LOCK_UN}[f[2]]
			return "ok", eintr(func() error { return unix.Flock(int(files[f[1]].Fd()), op) })
		case "posix", "ofd": // posix NAME write|read|un START LENGTH
			k := unix.Flock_t{Type: map[string]int16{"write": unix.F_WRLCK, "read": unix.F_RDLCK, "un": unix.F_UNLCK}[f[2]]}
			fmt.Sscan(f[3], &k.Start)
			fmt.Sscan(f[4], &k.Len)
			cmd := unix.F_SETLKW
			if f[0] == "ofd" {
				cmd = unix.F_OFD_SETLKW
			}
			return "ok", eintr(func() error { return unix.FcntlFlock(files[f[1]].Fd(), cmd, &k) })
		case "background": // in a thread of its own, which is not the leader
			go func() {
				runtime.LockOSThread()
				do(f[1:])
				select {}
			}()
			return "ok", nil
		case "bequeath": // a child that has NAME's description, and our input
			child := exec.Command("sleep", "3600")
			child.ExtraFiles = []*os.File{files[f[1]]}
			child.SysProcAttr = &syscall.SysProcAttr{}
			if err := child.Start(); err != nil {
				return "", err
			}
			return fmt.Sprint(child.Process.Pid), nil
		case "dial": // dial NAME ADDRESS, then it is on descriptor 0 like a Cyrus worker's client
			conn, err := net.Dial("tcp", f[2])
			if err != nil {
				return "", err
			}
			conns[f[1]] = conn
			return "ok", nil
		case "fill": // write to NAME until that blocks for good
			file, err := conns[f[1]].(*net.TCPConn).File() // blocking, unlike a net.Conn
			if err != nil {
				return "", err
			}
			unix.SetNonblock(int(file.Fd()), false)
			for block := make([]byte, 1<<16); err == nil; {
				_, err = unix.Write(int(file.Fd()), block)
			}
			return "", err
		case "look":
			s, err := New(Options{}).Look(context.Background(), evidence.Query{})
			if err != nil {
				return "", err
			}
			b, err := json.Marshal(s)
			return string(b), err
		case "exact": // exact PID START
			var pid int
			var start uint64
			fmt.Sscan(f[1], &pid)
			fmt.Sscan(f[2], &start)
			_, err := New(Options{Exact: stack.New(stack.Options{Stop: true})}).Exact(context.Background(), pid, start)
			return fmt.Sprint(err), nil
		case "churn": // take and drop locks on many files of DIR for ever
			return "", churn(f[1])
		}
		return "", fmt.Errorf("what is %q?", f)
	}
	for s := bufio.NewScanner(in); s.Scan(); {
		answer, err := do(strings.Fields(s.Text()))
		if err != nil {
			answer = "error: " + err.Error()
		}
		fmt.Fprintln(out, answer)
	}
}

// churn makes the lock table busy, as delivery does.
func churn(dir string) error {
	var files []*os.File
	for i := range 40 {
		f, err := os.OpenFile(fmt.Sprintf("%s/churn.%d", dir, i), os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	for {
		for _, f := range files {
			if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil && err != unix.EWOULDBLOCK {
				return err
			}
		}
		for _, f := range files {
			unix.Flock(int(f.Fd()), unix.LOCK_UN)
		}
	}
}

// eintr repeats a call that the Go scheduler's own signals interrupt.
func eintr(f func() error) error {
	for {
		if err := f(); err != unix.EINTR {
			return err
		}
	}
}

func killProcess(pid int) { unix.Kill(pid, unix.SIGKILL) }
