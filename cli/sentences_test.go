package cli

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

func TestSentences(t *testing.T) {
	a, b := errors.New("a\x1b[31m"), errors.New("b\nforged")
	for _, c := range []struct {
		err  error
		want []string
	}{
		{a, []string{`a\x1b[31m`}},
		{errors.Join(a, errors.Join(b, a)), []string{`a\x1b[31m`, `b\x0aforged`}},
		{fmt.Errorf("%w: %w", a, b), []string{`a\x1b[31m: b\x0aforged`}},
	} {
		if got := sentences(c.err); !slices.Equal(got, c.want) {
			t.Errorf("%q; want %q", got, c.want)
		}
	}
}
