package page

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/scene"
)

var update = flag.Bool("update", false, "write the golden pages anew")

// theme is that of a terminal without colour.
func theme(ascii bool) draw.Theme {
	env := map[string]string{"TERM": "xterm", "LANG": "C.UTF-8", "NO_COLOR": "1"}
	return draw.NewTheme(nil, ascii, true, func(name string) string { return env[name] })
}

// look is a scene of one snapshot.
func look(s evidence.Snapshot) *scene.Scene {
	return scene.New(theme(false), diagnose.DefaultThreshold).Next(diagnose.Diagnose(s, diagnose.Options{}))
}

// press types keys on a page.
func press(p Page, s *scene.Scene, keys ...string) (last Action) {
	for _, k := range keys {
		named := map[string]tea.KeyType{"enter": tea.KeyEnter, "esc": tea.KeyEsc, "up": tea.KeyUp, "down": tea.KeyDown,
			"left": tea.KeyLeft, "right": tea.KeyRight, "home": tea.KeyHome, "end": tea.KeyEnd, "pgdown": tea.KeyPgDown}
		msg := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)}
		if t, ok := named[k]; ok {
			msg = tea.KeyMsg{Type: t}
		} else if k == " " {
			msg = tea.KeyMsg{Type: tea.KeySpace, Runes: []rune{' '}}
		}
		last = p.Press(s, msg)
	}
	return last
}

// seen is what a page shows in w by h cells; no row may be wider, nor may there be
// more of them.
func seen(t testing.TB, p Page, s *scene.Scene, w, h int) string {
	t.Helper()
	rows := p.View(s, w, h)
	if len(rows) > h {
		t.Errorf("%d rows, want at most %d", len(rows), h)
	}
	for i := range rows {
		if got := ansi.StringWidth(rows[i]); got > w {
			t.Errorf("row %d is %d wide, want at most %d: %q", i, got, w, rows[i])
		}
		rows[i] = strings.TrimRight(rows[i], " ")
	}
	return strings.Join(rows, "\n") + "\n"
}

func has(t testing.TB, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func hasNot(t testing.TB, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if strings.Contains(text, want) {
			t.Errorf("%q is in\n%s", want, text)
		}
	}
}

// recordings are the looks at real hangs that package diagnose is tested with, by
// their names.
func recordings(t testing.TB) map[string]*scene.Scene {
	t.Helper()
	files, err := filepath.Glob("../../diagnose/testdata/*.*.json")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d recordings: %v", len(files), err)
	}
	out := map[string]*scene.Scene{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var snapshot evidence.Snapshot
		if err := json.Unmarshal(raw, &snapshot); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		const limit = 500 * time.Millisecond
		out[name] = scene.New(theme(false), limit).Next(diagnose.Diagnose(snapshot, diagnose.Options{Threshold: limit}))
	}
	return out
}

// golden compares with testdata/NAME.txt.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: go test ./ui/page -update writes it", err)
	}
	if string(want) != got {
		t.Errorf("%s differs; look at it, then go test ./ui/page -update\n got:\n%s\nwant:\n%s", file, got, want)
	}
}
