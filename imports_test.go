package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport is the architecture: evidence ← diagnose ← fix ← ui, probe and lab beside
// them, cli above. A package that is not listed may import nothing of ours.
var mayImport = map[string][]string{
	"":                   {"cli"},
	"diagnose":           {"evidence"},
	"probe":              {"evidence", "probe/stack", "probe/cyrus", "probe/limit", "probe/mount", "probe/tally"},
	"probe/stack":        {"evidence", "ptrace", "probe/limit", "probe/mount", "probe/tally"},
	"probe/cyrus":        {"evidence", "probe/limit", "probe/tally"},
	"probe/tally":        {"evidence"},
	"probe/syslog/route": {"evidence", "probe/cyrus", "probe/limit", "probe/syslog", "probe/syslog/conf"},
	"probe/syslog/conf":  {"evidence", "probe/limit"},
	"probe/syslog":       {"evidence", "probe/limit", "probe/syslog/conf"},
	"lab":                {"evidence"},
	"capture":            {"evidence"},
	"fix":                {"evidence", "diagnose"}, // what it needs of the machine it is given
	"fix/rescue":         {"evidence", "diagnose", "ptrace", "fix"},
	"fix/source":         {"evidence", "diagnose", "fix", "fix/timedlock"},
	"fix/shim":           {"evidence", "diagnose", "fix", "fix/timedlock"},
	"fix/shim/build":     {"fix/shim"}, // for make
	"ui/draw":            {"evidence"},
	"ui/keys":            {},
	"ui/scene":           {"evidence", "diagnose", "fix", "ui/draw", "ui/keys"},
	"ui/page":            {"evidence", "diagnose", "fix", "ui/draw", "ui/keys", "ui/scene"},
	"ui/plain":           {"evidence", "diagnose", "fix", "ui/draw", "ui/scene"},
	"ui/sample":          {"evidence"}, // for tests
	"ui/screen":          {},
	"ui":                 {"evidence", "diagnose", "fix", "ui/early", "ui/draw", "ui/keys", "ui/scene", "ui/page", "ui/screen"},
	"cli":                {"evidence", "diagnose", "probe", "probe/stack", "probe/limit", "capture", "fix", "fix/rescue", "fix/source", "fix/shim", "fix/timedlock", "probe/cyrus", "probe/syslog", "probe/syslog/route", "lab", "ui", "ui/draw", "ui/scene", "ui/plain"},
}

// impure is what a package that promises to be pure must not reach.
var impure = []string{"os", "os/exec", "net", "syscall", "io/fs", "math/rand", "golang.org/x/sys/unix"}

func TestImports(t *testing.T) {
	for pkg, imports := range imported(t, "{{.ImportPath}} {{join .Imports \" \"}}") {
		if strings.HasPrefix(pkg, "tests") {
			continue // tests of the whole use everything
		}
		for _, imp := range imports {
			if to, ours := strings.CutPrefix(imp, "cyrlock/"); ours && !slices.Contains(mayImport[pkg], to) {
				t.Errorf("%q must not import %q", pkg, to)
			}
			if (pkg == "diagnose" || pkg == "evidence") && slices.Contains(impure, imp) {
				t.Errorf("%s is pure, but imports %s", pkg, imp)
			}
		}
	}
}

// Importing Bubble Tea v1 asks the terminal for its colours and waits for the
// answer up to five seconds, unless lipgloss was told before. Go initialises
// packages that are ready in the order of their paths, so ui/early must be ready
// first: nothing that imports Bubble Tea may come before it.
func TestEarlyComesFirst(t *testing.T) {
	const tea = "github.com/charmbracelet/bubbletea"
	if early := "cyrlock/ui/early"; early >= tea {
		t.Errorf("%s must sort before %s", early, tea)
	}
	early, ok := imported(t, "{{.ImportPath}} {{join .Deps \" \"}}")["ui/early"]
	if !ok {
		t.Fatal("there is no ui/early")
	}
	if slices.Contains(early, tea) {
		t.Error("ui/early must not depend on Bubble Tea")
	}
}

// imported runs go list over the module: package (without "cyrlock/") → names.
func imported(t *testing.T, format string) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", format, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(strings.TrimPrefix(fields[0], "cyrlock"), "/")
		all[pkg] = fields[1:]
	}
	return all
}
