package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"cyrlock/evidence"
	"cyrlock/fix"
)

// beside is the width of a heading with its margins.
const beside = 12

// writePlan is the preview. On a terminal sentences are folded, elsewhere each stays on
// its line.
func writePlan(out io.Writer, p fix.Plan) error {
	width := 0
	if tty, ok := out.(*os.File); ok {
		width = rowWidth(tty)
	}
	var b strings.Builder
	title := evidence.Clean(p.Title)
	if title != "" {
		title = strings.ToUpper(title[:1]) + title[1:]
	}
	fmt.Fprintf(&b, "%s", title)
	if p.Risk != "" {
		fmt.Fprintf(&b, "   risk: %s", p.Risk)
	}
	b.WriteString("\n")
	said := func(heading string, lines ...string) {
		for _, line := range lines {
			if line != "" {
				for _, row := range fold(evidence.Clean(line), width-beside) {
					fmt.Fprintf(&b, "  %-8s  %s\n", heading, row)
					heading = ""
				}
			}
		}
	}
	said("What", p.What)
	said("Why", p.Why)
	for i, c := range p.Changes {
		if i == 0 {
			said("Steps", fmt.Sprintf("1. %s", c.Text))
		} else {
			said("", fmt.Sprintf("%d. %s", i+1, c.Text))
		}
	}
	said("Warning", p.Warnings...)
	if p.Basis != nil {
		said("Seen", fmt.Sprintf("at %s: %s", p.Basis.Taken.Format("15:04:05"), p.Basis.Summary))
	}
	for _, c := range p.Changes {
		if c.File != nil && c.File.Diff != "" {
			b.WriteString("\n" + cleanText(c.File.Diff))
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// fold breaks a sentence into rows at its spaces alone: a path or a command that was
// broken elsewhere could not be copied.
func fold(line string, width int) (rows []string) {
	if width <= 0 {
		return []string{line}
	}
	row := ""
	for _, word := range strings.Fields(line) {
		switch {
		case row == "":
			row = word
		case ansi.StringWidth(row)+1+ansi.StringWidth(word) <= width:
			row += " " + word
		default:
			rows, row = append(rows, row), word
		}
	}
	return append(rows, row)
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

// writeReceipt says what was done, and what came of it.
func writeReceipt(out io.Writer, r fix.Receipt) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\nReceipt %d: %s, %s\n", r.ID, evidence.Clean(r.Plan.Title), r.State)
	writeSteps(&b, r)
	if r.Saved != "" {
		fmt.Fprintf(&b, "  evidence  %s\n", evidence.Clean(r.Saved))
	}
	if r.Proof != nil {
		word := "Proof"
		if !r.Proof.Good {
			word = "NOT CURED"
		}
		fmt.Fprintf(&b, "\n%s: %s\n", word, evidence.Clean(r.Proof.Sentence))
		for _, line := range r.Proof.Lines {
			fmt.Fprintf(&b, "  %s\n", evidence.Clean(line))
		}
	}
	if r.CanUndo() {
		fmt.Fprintf(&b, "\nTo take it back: cyrlock fix undo %d\n", r.ID)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func writeSteps(b *strings.Builder, r fix.Receipt) {
	for i, s := range r.Steps {
		fmt.Fprintf(b, "  %-8s  %s", s.State, evidence.Clean(r.Plan.Changes[i].Text))
		if s.Said != "" {
			fmt.Fprintf(b, ": %s", evidence.Clean(s.Said))
		}
		b.WriteString("\n")
	}
}
