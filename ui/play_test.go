package ui

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"cyrlock/ui/draw"
	"cyrlock/ui/page"
)

var update = flag.Bool("update", false, "write the golden frames anew")

// epoch is when every test begins: messages bring the time.
var epoch = time.Date(2026, 11, 23, 9, 14, 2, 0, time.UTC)

func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

var (
	colour  = environment("TERM", "xterm-256color", "LANG", "en_US.UTF-8")
	without = environment("TERM", "xterm-256color", "LANG", "en_US.UTF-8", "NO_COLOR", "1")
	vt100   = environment("TERM", "vt100", "LANG", "C")
	console = environment("TERM", "linux", "LANG", "C")
)

// screens are a model that has looked once, w by h.
func screens(t testing.TB, m Machine, env func(string) string, w, h int, keys ...string) *model {
	t.Helper()
	o := Options{Every: 2 * time.Second}
	s := newModel(t.Context(), m, o, draw.NewTheme(o.Out, o.ASCII, o.NoColor, env))
	s.Update(tea.WindowSizeMsg{Width: w, Height: h})
	look(t, s, epoch)
	press(t, s, keys...)
	return s
}

// look lets one look happen, at a time of the test's choosing.
func look(t testing.TB, s *model, at time.Time) {
	t.Helper()
	switch msg := s.look()().(type) {
	case looked:
		msg.at, msg.cost = at, 0
		s.Update(msg)
	default:
		s.Update(msg)
	}
}

// press types keys, and runs what they ask of the machine.
func press(t testing.TB, s *model, keys ...string) {
	t.Helper()
	for _, k := range keys {
		_, cmd := s.Update(keyMsg(k))
		if cmd == nil || s.dialog != nil { // a dialog's command is to wait: see settles
			continue
		}
		switch msg := cmd().(type) {
		case page.Searched, copied, saved, crashed:
			s.Update(msg)
		case attached:
			msg.at = s.now
			s.Update(msg)
		case looked:
			msg.at, msg.cost = s.now, 0
			s.Update(msg)
		}
	}
}

func keyMsg(k string) tea.KeyMsg {
	for t, name := range map[tea.KeyType]string{tea.KeyEnter: "enter", tea.KeyEsc: "esc", tea.KeyTab: "tab", tea.KeyUp: "up", tea.KeyDown: "down",
		tea.KeyPgDown: "pgdown", tea.KeyPgUp: "pgup", tea.KeyHome: "home", tea.KeyEnd: "end", tea.KeyBackspace: "backspace", tea.KeyCtrlU: "ctrl+u", tea.KeyShiftTab: "shift+tab", tea.KeyRight: "right", tea.KeyLeft: "left"} {
		if name == k {
			return tea.KeyMsg{Type: t}
		}
	}
	if k == " " {
		return tea.KeyMsg{Type: tea.KeySpace, Runes: []rune{' '}}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)}
}

// frame draws one frame on an emulated terminal: what a person sees. It fails
// where the frame is not exactly the screen.
func frame(t testing.TB, s *model) string {
	t.Helper()
	term := emulated(t, s)
	defer term.Close()
	rows := strings.Split(term.String(), "\n")
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " ")
	}
	return strings.Join(rows, "\n")
}

func emulated(t testing.TB, s *model) *vt.Emulator {
	t.Helper()
	view := s.View()
	exact(t, view, s.width, s.height)
	term := vt.NewEmulator(s.width, s.height)
	if _, err := term.WriteString(strings.ReplaceAll(view, "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
	return term
}

// paint is the same frame's colours, a letter for each cell: r red, g green, y
// yellow, c cyan, bold in capitals, b bold alone, # reverse.
func paint(t testing.TB, s *model) string {
	t.Helper()
	term := emulated(t, s)
	defer term.Close()
	var out strings.Builder
	for y := range s.height {
		row := make([]byte, s.width)
		for x := range row {
			row[x] = letter(t, term.CellAt(x, y))
		}
		out.WriteString(strings.TrimRight(string(row), " ") + "\n")
	}
	return strings.TrimRight(out.String(), "\n")
}

func letter(t testing.TB, c *uv.Cell) byte {
	t.Helper()
	if c == nil {
		return ' '
	}
	l, bold := byte(' '), c.Style.Attrs&uv.AttrBold != 0
	switch c.Style.Fg {
	case nil:
	case ansi.Red:
		l = 'r'
	case ansi.Green:
		l = 'g'
	case ansi.Yellow:
		l = 'y'
	case ansi.Blue:
		l = 'u'
	case ansi.Magenta:
		l = 'm'
	case ansi.Cyan:
		l = 'c'
	default:
		t.Fatalf("a colour that is none of the sixteen, or not foreseen: %v", c.Style.Fg)
	}
	switch {
	case c.Style.Bg != nil:
		t.Fatalf("a background colour: %v", c.Style.Bg)
	case c.Style.Attrs&uv.AttrReverse != 0:
		return '#'
	case bold && l == ' ':
		return 'b'
	case bold:
		return l - 'a' + 'A'
	}
	return l
}

func exact(t testing.TB, view string, w, h int) {
	t.Helper()
	rows := strings.Split(view, "\n")
	if len(rows) != h {
		t.Fatalf("the frame has %d rows, the screen %d", len(rows), h)
	}
	for i, row := range rows {
		if got := ansi.StringWidth(row); got != w {
			t.Fatalf("row %d is %d cells wide, the screen %d: %q", i, got, w, row)
		}
	}
}

// golden compares with testdata/NAME.txt.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: go test ./ui -update writes it", err)
	}
	if string(want) != got+"\n" {
		t.Errorf("%s differs; look at it, then go test ./ui -update\n got:\n%s\nwant:\n%s", file, got, want)
	}
}
