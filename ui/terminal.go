package ui

import (
	"context"
	"syscall"
	"time"

	osc52 "github.com/aymanbagabas/go-osc52/v2"
	tea "github.com/charmbracelet/bubbletea"
)

// copyLimit bounds what goes into one escape sequence: terminals drop longer ones
// (xterm and screen near 100 kB of base64).
const copyLimit = 48_000

// copy sends text to the clipboard of the terminal, through SSH and all.
func (m *model) copy() tea.Cmd {
	if !m.Copies {
		m.note = "this terminal cannot copy: TERM says so"
		return nil
	}
	text := m.pages[m.step].Copy(m.Scene)
	if m.over != nil {
		text = m.over.copy()
	}
	if text == "" {
		m.note = "nothing to copy here"
		return nil
	}
	text = text[:min(len(text), copyLimit)]
	return func() tea.Msg {
		return guard("copy", func() tea.Msg {
			return copied{len(text), m.send(osc52.New(text).String())}
		})
	}
}

// suspend goes back to the shell. Without a shell that does job control (ssh -t
// host cyrlock) the kernel ignores the stop, and Bubble Tea would wait for a
// SIGCONT that nobody sends: so one is sent, by a goroutine that a real stop
// would stop as well.
func (m *model) suspend() tea.Cmd {
	ctx, cancel := context.WithCancel(m.ctx)
	m.resumed = cancel
	go func() {
		every := time.NewTicker(time.Second)
		defer every.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-every.C:
				_ = syscall.Kill(syscall.Getpid(), syscall.SIGCONT)
			}
		}
	}()
	return tea.Suspend
}
