package scene

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"cyrlock/diagnose"
)

// TestMeaningOfEveryClass reads the classes off their declaration: a new one needs
// its sentence.
func TestMeaningOfEveryClass(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../diagnose/diagnose.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]diagnose.Class{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); !ok || name.Name != "Class" {
			return true
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		class := diagnose.Class(text)
		switch meaning := Meaning(class); {
		case meaning == "":
			t.Errorf("%s is not explained", class)
		case said[meaning] != "":
			t.Errorf("%s and %s are explained alike", class, said[meaning])
		default:
			said[meaning] = class
		}
		return true
	})
	if len(said) < 14 {
		t.Errorf("only %d classes were found", len(said))
	}
}
