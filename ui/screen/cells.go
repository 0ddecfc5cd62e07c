package screen

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// A cell is one place of the screen. What is two cells wide has its text in the
// first, and none in the second.
type cell struct {
	text  string
	style style
}

var (
	blank   = cell{text: " "}
	unknown = cell{text: "\x00"} // unlike any that is read
)

// width is how many cells what begins at x takes.
func width(cells []cell, x int) int {
	if x+1 < len(cells) && cells[x+1].text == "" {
		return 2
	}
	return 1
}

// read fills cells with a row: what is too long is cut, what is too short is blank.
// It lets through what can be printed, and styles.
func read(row string, cells []cell) {
	var pen style
	x := 0
	for i := 0; i < len(row) && x < len(cells); {
		switch b := row[i]; {
		case b == ansi.ESC:
			// Without a parser: with one, it panics on the 33rd parameter (v0.11.7).
			seq, _, n, _ := ansi.DecodeSequence(row[i:], ansi.NormalState, nil)
			if p, ok := strings.CutPrefix(seq, "\x1b["); ok && strings.HasSuffix(p, "m") {
				pen = pen.with(strings.TrimSuffix(p, "m"))
			}
			i += n
		case b < ' ' || b == ansi.DEL:
			i++
		case b < utf8.RuneSelf && (i+1 == len(row) || row[i+1] < utf8.RuneSelf):
			cells[x] = cell{row[i : i+1], pen}
			x++
			i++
		default:
			text, w := ansi.FirstGraphemeCluster(row[i:], ansi.GraphemeWidth)
			i += len(text)
			if x+w > len(cells) {
				i = len(row)
				break
			}
			if w > 2 || !certain(text, w) {
				for range w {
					cells[x] = cell{"?", pen}
					x++
				}
				break
			}
			for n := range w {
				cells[x+n] = cell{style: pen}
			}
			if w > 0 {
				cells[x].text = text
				x += w
			}
		}
	}
	for ; x < len(cells); x++ {
		cells[x] = blank
	}
}

// longest is how many bytes a character may have with its marks.
const longest = 32

// certain says whether every terminal can be trusted to print a character that has
// bytes beyond ASCII, and to take w cells for it: those that know of clusters, and
// those that go by its parts.
func certain(text string, w int) bool {
	if len(text) > longest || !utf8.ValidString(text) {
		return false
	}
	if r, n := utf8.DecodeRuneInString(text); n == len(text) {
		return unicode.IsPrint(r)
	}
	sum := 0
	for _, r := range text {
		if !unicode.IsPrint(r) || unicode.Is(unicode.Variation_Selector, r) {
			return false
		}
		sum += ansi.StringWidth(string(r))
	}
	return sum == w
}
