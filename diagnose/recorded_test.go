package diagnose

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden texts of recorded incidents")

// Evidence of real, provoked hangs (make record): NAME.CLASS.json. Beside each
// lies what we say about it, so that a change of words is seen as such.
func TestRecorded(t *testing.T) {
	files, err := filepath.Glob("testdata/*.*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recorded evidence: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			_, class, _ := strings.Cut(name, ".")
			r := Diagnose(load(t, file), Options{Threshold: 500 * time.Millisecond})
			if len(r.Roots) == 0 || string(r.Roots[0].Class) != class {
				t.Fatalf("want %s first, got %+v", class, r.Roots)
			}
			compare(t, strings.TrimSuffix(file, ".json")+".txt", words(r))
		})
	}
}

// words is everything a report says in words.
func words(r Report) string {
	var b strings.Builder
	line := func(s ...string) { b.WriteString(strings.Join(s, " ") + "\n") }
	line(strings.ToUpper(string(r.Verdict))+":", r.Summary)
	for _, root := range r.Roots {
		line("")
		line(string(root.Class), string(root.Confidence), root.File, string(root.Kind))
		line(root.Sentence)
		for _, w := range root.Why {
			line("  because", w)
		}
		if root.Doubt != "" {
			line("  to be sure:", root.Doubt)
		}
		for _, i := range root.Impact.Words() {
			line("  concerns", i)
		}
		for _, a := range root.Advice {
			line("  "+a.When+":", a.Action, "("+a.Effect+", risk "+a.Risk+"):", a.Why, "["+a.Command+"]", fmt.Sprint(a.PIDs))
			if a.Loses != "" {
				line("    loses", a.Loses)
			}
		}
	}
	return b.String()
}

func compare(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v: go test ./diagnose -update writes it", err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update if it is meant to):\n got: %s\nwant: %s", golden, got, want)
	}
}
