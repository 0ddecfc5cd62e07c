package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// errEnded: nobody has the terminal open any more.
var errEnded = errors.New("the program ended")

const (
	patience = 30 * time.Second       // for what a shot waits for: the demo compiles first
	still    = 100 * time.Millisecond // a frame that nothing was written to for so long is whole
)

// A terminal is an emulated one, with a program in it.
type terminal struct {
	cmd     *exec.Cmd
	tty     *os.File
	screen  *vt.Emulator
	written chan []byte // by the program, until nobody has the terminal open
	closed  chan struct{}
}

func open(cmd *exec.Cmd, cols, rows int) (*terminal, error) {
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)})
	if err != nil {
		return nil, fmt.Errorf("start %s: %w: make build makes it", cmd.Path, err)
	}
	t := &terminal{cmd, tty, vt.NewEmulator(cols, rows), make(chan []byte), make(chan struct{})}
	// What the terminal answers to questions; it would wait to get rid of it.
	go func() { _, _ = io.Copy(tty, t.screen) }()
	go t.listen()
	return t, nil
}

// listen reads, apart from those who wait: a read of this end of a terminal takes a
// deadline and does not keep it.
func (t *terminal) listen() {
	defer close(t.written)
	for {
		buf := make([]byte, 65536)
		n, err := t.tty.Read(buf)
		if err != nil { // EIO: pty(7) has no end of file
			return
		}
		select {
		case t.written <- buf[:n]:
		case <-t.closed: // what it says at its end goes nowhere
		}
	}
}

// take types the key of a shot, and waits until the terminal shows it.
func (t *terminal) take(s shot) (frame, error) {
	if s.key != "" && s.missing(t.frame()) == "" {
		return frame{}, errors.New("all that it waits for is shown before its key is typed")
	}
	if err := t.press(s.key); err != nil {
		return frame{}, err
	}
	for deadline := time.Now().Add(patience); ; {
		whole := s.missing(t.frame()) == ""
		limit := time.Until(deadline)
		if whole {
			limit = still
		}
		quiet, err := t.read(limit)
		switch {
		case err != nil:
			return frame{}, fmt.Errorf("%w, and showed:\n%s", err, t.frame().text())
		case quiet && whole:
			return t.frame(), nil
		case quiet || time.Now().After(deadline):
			return frame{}, fmt.Errorf("it does not show %q, or never stands still:\n%s", s.missing(t.frame()), t.frame().text())
		}
	}
}

// read gives the screen what the program writes next, or reports that it wrote
// nothing for the whole time.
func (t *terminal) read(limit time.Duration) (quiet bool, err error) {
	select {
	case b, ok := <-t.written:
		if !ok {
			return false, errEnded
		}
		_, err := t.screen.Write(b)
		return false, err
	case <-time.After(limit):
		return true, nil
	}
}

func (t *terminal) press(key string) error {
	if sent, ok := keys()[key]; ok {
		key = sent
	}
	_, err := io.WriteString(t.tty, key)
	return err
}

// keys that have a name, as xterm sends them (ctlseqs, PC-style function keys).
func keys() map[string]string {
	return map[string]string{
		"enter": "\r", "esc": "\x1b", "tab": "\t", "space": " ", "backspace": "\x7f",
		"up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D",
		"home": "\x1b[H", "end": "\x1b[F", "pgup": "\x1b[5~", "pgdown": "\x1b[6~",
	}
}

// end has the program quit by itself, as everybody does.
func (t *terminal) end(key string) error {
	if err := t.press(key); err != nil {
		return err
	}
	for deadline := time.Now().Add(patience); ; {
		quiet, err := t.read(time.Until(deadline))
		if quiet {
			return fmt.Errorf("%v does not end on key %q:\n%s", t.cmd.Args, key, t.frame().text())
		}
		if err != nil {
			break
		}
	}
	if err := t.cmd.Wait(); err != nil {
		return fmt.Errorf("%v: %w:\n%s", t.cmd.Args, err, t.frame().text())
	}
	return nil
}

// close ends a program that did not quit by itself, whose context is over.
func (t *terminal) close() {
	close(t.closed)
	if t.cmd.ProcessState == nil {
		_ = t.cmd.Wait()
	}
	_ = t.screen.Close()
	_ = t.tty.Close()
}
