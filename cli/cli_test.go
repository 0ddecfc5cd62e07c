package cli

import (
	"context"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"cyrlock/diagnose"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"cyrlock": func() { os.Exit(Main(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// The command line as scripts use it: testdata/script, one file a subject.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", RequireExplicitExec: true, Condition: condition})
}

// condition: [systemd], where it runs.
func condition(name string) (bool, error) {
	if name != "systemd" {
		return false, fmt.Errorf("unknown condition %q", name)
	}
	_, err := os.Stat("/run/systemd/system")
	return err == nil, nil
}

// Every JSON name that a report can have, against the golden list: a name that
// goes or changes breaks somebody's script.
func TestSchema(t *testing.T) {
	var got []string
	names(reflect.TypeFor[diagnose.Report](), "", &got)
	slices.Sort(got)
	got = slices.Compact(got) // a report's own come before those of its snapshot
	text := strings.Join(got, "\n") + "\n"
	const golden = "testdata/schema.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(want)) {
		if !slices.Contains(got, strings.TrimSpace(line)) {
			t.Errorf("%s is gone: names are stable, a change of meaning needs a new evidence.Schema", strings.TrimSpace(line))
		}
	}
	if text != string(want) {
		t.Errorf("the names differ from %s: if fields were added, run with -update", golden)
	}
}

// names lists the JSON paths of a type with their kinds.
func names(t reflect.Type, path string, out *[]string) {
	switch t.Kind() {
	case reflect.Pointer:
		names(t.Elem(), path, out)
	case reflect.Slice, reflect.Map:
		names(t.Elem(), path+"[]", out)
	case reflect.Struct:
		if t.PkgPath() == "time" {
			*out = append(*out, path+" time")
			return
		}
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			switch {
			case f.Anonymous:
				names(f.Type, path, out)
			case name != "-":
				names(f.Type, strings.TrimPrefix(path+"."+name, "."), out)
			}
		}
	default:
		*out = append(*out, path+" "+t.Kind().String())
	}
}
