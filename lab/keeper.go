package lab

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A keeper is the process that all others of an incident descend from. It lives
// in a session of its own, so a Ctrl-C at the terminal does not reach it, and it
// ends everything when the pipe from us breaks: see mailserver/keeper.c.
type keeper struct {
	cmd     *exec.Cmd
	control io.WriteCloser
	mu      sync.Mutex // one request and its answer at a time
	answers *bufio.Reader
	once    sync.Once
	err     error // of end
}

// logName is where all programs of an incident write what goes wrong.
const logName = "lab.log"

func startKeeper(bin, dir string) (*keeper, error) {
	log, err := os.OpenFile(filepath.Join(dir, logName), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(bin, "keeper"), dir)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	control, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot run what was compiled: %w", err)
	}
	return &keeper{cmd: cmd, control: control, answers: bufio.NewReader(answers)}, nil
}

func (k *keeper) pid() int { return k.cmd.Process.Pid }

// spawn starts a program and returns its pid. The program need not have got
// anywhere yet.
func (k *keeper) spawn(words ...string) (int, error) {
	var request strings.Builder
	for _, w := range words {
		if w == "" || strings.ContainsRune(w, 0) {
			return 0, fmt.Errorf("start %q: empty word or NUL in it", words)
		}
		request.WriteString(w + "\x00")
	}
	request.WriteByte(0)

	k.mu.Lock()
	defer k.mu.Unlock()
	if _, err := io.WriteString(k.control, request.String()); err != nil {
		return 0, fmt.Errorf("start %s: the incident has ended: %w", words[0], err)
	}
	line, err := k.answers.ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("start %s: the incident has ended: %w", words[0], err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		return 0, fmt.Errorf("start %s: answer %q: %w", words[0], line, err)
	}
	if pid < 0 {
		return 0, fmt.Errorf("start %s: %w", words[0], syscall.Errno(-pid))
	}
	return pid, nil
}

// endLimit is how long the keeper may take to end what it started.
const endLimit = 5 * time.Second

// end has the keeper end everything and makes sure that nothing is left: neither
// a process of its session nor dir. It may be called more than once.
func (k *keeper) end(dir string) error {
	k.once.Do(func() { k.err = k.endNow(dir) })
	return k.err
}

func (k *keeper) endNow(dir string) error {
	k.control.Close()
	// Its standard output breaks when it is gone. Not waited for yet, it keeps
	// its pid, and with it the number of its session, from being used again.
	gone := make(chan struct{})
	go func() {
		io.Copy(io.Discard, k.answers)
		close(gone)
	}()
	limit := time.NewTimer(endLimit)
	defer limit.Stop()
	var err error
	select {
	case <-gone:
	case <-limit.C:
		err = fmt.Errorf("keeper %d did not end within %s: killed", k.pid(), endLimit)
		k.cmd.Process.Kill()
	}
	err = errors.Join(err, endSession(k.pid()))
	k.cmd.Wait()
	return errors.Join(err, os.RemoveAll(dir))
}
