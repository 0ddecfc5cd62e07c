package page

import (
	"strings"
	"testing"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/sample"
	"cyrlock/ui/scene"
)

// plainScene is a look as a terminal without colour and Unicode shows it.
func plainScene(s evidence.Snapshot) *scene.Scene {
	theme := draw.NewTheme(nil, true, true, func(string) string { return "" })
	return scene.New(theme, diagnose.DefaultThreshold).Next(diagnose.Diagnose(s, diagnose.Options{}))
}

// rowsOf draws a tree in plain text.
func rowsOf(t *testing.T, snapshot evidence.Snapshot) []string {
	t.Helper()
	s, p := plainScene(snapshot), &Verdict{folds: scene.Folds{All: true}}
	p.Refresh(s)
	var out []string
	for i := range p.rows {
		out = append(out, strings.TrimRight(drawRow(s, &p.rows[i], 100), " "))
	}
	return out
}

func TestTreeOfACircle(t *testing.T) {
	got := strings.Join(rowsOf(t, sample.Files([3]int{1, 10, 20}, [3]int{2, 20, 10}, [3]int{3, 20, 30})), "\n")
	for _, want := range []string{
		"CIRCLE process 10  holds /f1, wants /f2",
		"CIRCLE process 20  holds /f2, wants /f1",
		"`-1 process 30",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestTreeWithoutHolder(t *testing.T) {
	s := sample.Files([3]int{1, 10, 20})
	s.Files[0].Holders = nil
	got := strings.Join(rowsOf(t, s), "\n")
	if !strings.Contains(got, "HELD   by nobody that can be seen") || !strings.Contains(got, "`-1 process 20") {
		t.Errorf("%s", got)
	}
}

// TestTreeOfAChain: a chain of a hundred keeps its order, and its rows their width.
func TestTreeOfAChain(t *testing.T) {
	var links [][3]int
	for i := range 100 {
		links = append(links, [3]int{i + 1, i + 1, i + 2})
	}
	got := rowsOf(t, sample.Files(links...))
	if len(got) != 102 {
		t.Fatalf("%d rows, want the file, the holder and 100 waiters", len(got))
	}
	if !strings.Contains(got[101], "(100 deep) `-1 process 101") {
		t.Errorf("%q", got[101])
	}
}
