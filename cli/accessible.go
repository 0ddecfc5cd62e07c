package cli

import (
	"context"
	"os"

	"github.com/charmbracelet/x/term"

	"cyrlock/evidence"
	"cyrlock/ui/plain"
)

// wantsPlain reads ACCESSIBLE, which other programs of the terminal know, too.
func wantsPlain(env func(string) string) bool {
	v := env("ACCESSIBLE")
	return v != "" && v != "0"
}

// talk is the five steps without a screen, on a terminal or in a script.
func (s *settings) talk(ctx context.Context, m plain.Machine, q evidence.Query, label string) error {
	m, fixer := s.mends(m, label)
	return plain.Run(ctx, m, plain.Options{
		Threshold: s.threshold, Query: q, ASCII: s.ascii, ReadOnly: s.readOnly, Fixer: fixer, Log: s.watchLog(label), Save: s.save, Label: label,
		Width: rowWidth(os.Stdout), Echo: !term.IsTerminal(os.Stdin.Fd()), In: os.Stdin, Out: os.Stdout,
	})
}

// rowWidth is that of the terminal; 0: there is none, 80: it does not know, as on
// a serial line.
func rowWidth(out *os.File) int {
	if !term.IsTerminal(out.Fd()) {
		return 0
	}
	const usual = 80
	w, _, err := term.GetSize(out.Fd())
	if err != nil || w <= 0 {
		return usual
	}
	return w
}
