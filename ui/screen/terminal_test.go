package screen

import (
	"bytes"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// eventually waits until something holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// A terminal is a real one of the kernel's with an emulator at its other end, which
// remembers all that came.
type terminal struct {
	t        *testing.T
	far, tty *os.File

	mu  sync.Mutex
	emu *vt.Emulator
	raw bytes.Buffer
}

func newTerminal(t *testing.T, w, h int) *terminal {
	t.Helper()
	far, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, far: far, tty: tty, emu: vt.NewEmulator(w, h)}
	ended := make(chan struct{})
	t.Cleanup(func() { tty.Close(); far.Close(); <-ended })
	term.resize(w, h)
	go func() {
		defer close(ended)
		buf := make([]byte, 4096)
		for {
			n, err := far.Read(buf)
			term.mu.Lock()
			_, _ = term.emu.Write(buf[:n])
			term.raw.Write(buf[:n])
			term.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return term
}

func (term *terminal) resize(w, h int) {
	term.t.Helper()
	term.mu.Lock()
	defer term.mu.Unlock()
	if term.emu.Width() != w || term.emu.Height() != h {
		term.emu.Resize(w, h)
	}
	if err := pty.Setsize(term.tty, &pty.Winsize{Rows: uint16(h), Cols: uint16(w)}); err != nil {
		term.t.Fatal(err)
	}
}

// all is every byte that came so far.
func (term *terminal) all() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.raw.String()
}

// rows are what is seen.
func (term *terminal) rows() []string {
	term.mu.Lock()
	defer term.mu.Unlock()
	rows := make([]string, term.emu.Height())
	for y := range rows {
		var row strings.Builder
		for x := range term.emu.Width() {
			if c := term.emu.CellAt(x, y); c == nil || c.Content == "" && c.Width > 0 {
				row.WriteByte(' ')
			} else {
				row.WriteString(c.Content)
			}
		}
		rows[y] = strings.TrimRight(row.String(), " ")
	}
	return rows
}

// shows waits until a frame is what is seen.
func (term *terminal) shows(f frame) {
	term.t.Helper()
	want := seen(simply(f))
	eventually(term.t, "a frame", func() bool {
		term.mu.Lock()
		defer term.mu.Unlock()
		got := seen(term.emu)
		if len(got) != len(want) {
			return false
		}
		for y := range want {
			if got[y] != want[y] {
				return false
			}
		}
		return true
	})
}
