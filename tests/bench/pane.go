package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// A pane is a terminal with a program in it. It draws what the program writes and
// answers nothing: many terminals do not.
type pane struct {
	cmd *exec.Cmd
	tty *os.File

	mu     sync.Mutex
	screen *vt.Emulator
	bytes  int
	more   chan struct{} // something was written
}

func openPane(w, h int, name string, args ...string) (*pane, error) {
	p := &pane{cmd: exec.Command(name, args...), screen: vt.NewEmulator(w, h), more: make(chan struct{}, 1)}
	p.cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LC_ALL=C.UTF-8")
	tty, err := pty.StartWithSize(p.cmd, &pty.Winsize{Rows: uint16(h), Cols: uint16(w)})
	if err != nil {
		return nil, err
	}
	p.tty = tty
	go p.read()
	return p, nil
}

func (p *pane) read() {
	buf := make([]byte, 65536)
	for {
		n, err := p.tty.Read(buf)
		p.mu.Lock()
		p.bytes += n
		_, _ = p.screen.Write(buf[:n])
		p.mu.Unlock()
		select {
		case p.more <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// shown is the text on the screen, and how much was written for it so far.
func (p *pane) shown() (text string, bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.screen.String(), p.bytes
}

// until waits until the screen satisfies a condition, and tells how long that took.
func (p *pane) until(what string, holds func(text string) bool) (time.Duration, error) {
	return p.wait(what, func() bool {
		text, _ := p.shown()
		return holds(text)
	})
}

func (p *pane) wait(what string, holds func() bool) (time.Duration, error) {
	began := time.Now()
	end := time.After(time.Minute)
	for !holds() {
		select {
		case <-p.more:
		case <-end:
			text, _ := p.shown()
			return 0, fmt.Errorf("the screen never shows %s:\n%s", what, text)
		}
	}
	return time.Since(began), nil
}

// untilTop waits until the first row has a text. To draw the whole screen as text
// for every look would cost more than what is measured.
func (p *pane) untilTop(text string) (time.Duration, error) {
	return p.wait(text, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		var row strings.Builder
		for x := range p.screen.Width() {
			if c := p.screen.CellAt(x, 0); c != nil {
				row.WriteString(c.Content)
			}
		}
		return strings.Contains(row.String(), text)
	})
}

func (p *pane) untilText(text string) (time.Duration, error) {
	return p.until(text, func(shown string) bool { return strings.Contains(shown, text) })
}

// press types a key.
func (p *pane) press(key string) error {
	_, err := p.tty.WriteString(key)
	return err
}

func (p *pane) close() {
	_ = p.cmd.Process.Signal(os.Interrupt)
	_ = p.cmd.Wait()
	p.tty.Close()
}
