package draw

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Fold breaks lines into rows of w cells at their spaces alone: a path or a command
// that was broken elsewhere, at a hyphen say, could not be copied. A longer word stays
// whole, and so does all if w is 0.
func Fold(text string, w int) (rows []string) {
	if w <= 0 {
		return []string{text}
	}
	for line := range strings.SplitSeq(text, "\n") {
		words := strings.Split(line, " ")
		row, at := words[0], ansi.StringWidth(words[0])
		for _, word := range words[1:] {
			n := ansi.StringWidth(word)
			if at+1+n > w {
				rows = append(rows, strings.TrimRight(row, " "))
				row, at = word, n
				continue
			}
			row, at = row+" "+word, at+1+n
		}
		rows = append(rows, strings.TrimRight(row, " "))
	}
	return rows
}
