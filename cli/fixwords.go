package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"cyrlock/evidence"
	"cyrlock/fix"
	"cyrlock/ui/draw"
	"cyrlock/ui/scene"
)

// planWords finds the words of plans and receipts, which are those of the screens.
func planWords() *scene.Scene { return scene.New(draw.Theme{}, 0) }

// writePlan is the preview. On a terminal sentences are folded, elsewhere each stays on
// its line.
func writePlan(out io.Writer, p fix.Plan) error {
	var b strings.Builder
	words := planWords()
	b.WriteString(words.Named(p.Title))
	if p.Risk != "" {
		fmt.Fprintf(&b, "   risk: %s", p.Risk)
	}
	b.WriteString("\n")
	writeSaid(&b, words.Plan(p, ""), columns(out))
	for _, c := range p.Changes {
		if c.File != nil && c.File.Diff != "" {
			b.WriteString("\n" + cleanText(c.File.Diff))
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// columns is how wide lines may be; 0: it is no terminal.
func columns(out io.Writer) int {
	if tty, ok := out.(*os.File); ok {
		return rowWidth(tty)
	}
	return 0
}

// writeSaid is lines with their headings beside them.
func writeSaid(b *strings.Builder, all []scene.Said, width int) {
	const beside = 13 // a heading with its margins
	for _, said := range all {
		heading := said.Title
		for _, row := range draw.Fold(said.Text, max(0, width-beside)) {
			fmt.Fprintf(b, "  %-9s  %s\n", heading, row)
			heading = ""
		}
	}
}

// cleanText is evidence.Clean for text of several lines, with tabs.
func cleanText(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		for i := range cells {
			cells[i] = evidence.Clean(cells[i])
		}
		b.WriteString(strings.Join(cells, "\t") + "\n")
	}
	return b.String()
}

// writeReceipt says what was done, and what came of it; of a problem its error says it.
func (s *settings) writeReceipt(out io.Writer, r fix.Receipt, problem error) error {
	var b strings.Builder
	words, width := planWords(), columns(out)
	fmt.Fprintf(&b, "\nReceipt %d: %s, %s\n", r.ID, evidence.Clean(r.Plan.Title), r.State)
	writeSaid(&b, words.Steps(r), width)
	how := words.Fixed(r, r.State == fix.Undone, problem, s.typed(fmt.Sprintf("cyrlock fix undo %d", r.ID)))
	if problem == nil {
		fmt.Fprintf(&b, "\n%s: %s\n", how.Word, how.Text)
	}
	writeSaid(&b, how.More, width)
	_, err := io.WriteString(out, b.String())
	return err
}
