package main

import (
	"fmt"
	"slices"
	"strings"
)

const (
	frameBegins = "<!-- frame: "
	markerEnds  = " -->"
	frameEnds   = "<!-- end -->"
)

// withFrames puts frames into a Markdown document: between a line
// "<!-- frame: NAME -->" and the next "<!-- end -->" stands the frame of that name, as
// an indented block, which nothing in the frame can end. "<!-- frame: NAME; A; B -->"
// takes only the lines from the first with A to the next with B. Errors begin with
// the line's number.
func withFrames(doc string, frames map[string]string) (string, error) {
	var b strings.Builder
	number, open := 0, 0 // the line, and the one that a frame began in; 0: none did
	for line := range strings.Lines(doc) {
		number++
		marker := strings.TrimRight(line, "\r\n")
		wanted, begins := strings.CutPrefix(marker, frameBegins)
		ends := marker == frameEnds
		switch {
		case begins && open > 0:
			return "", fmt.Errorf("%d: the frame of line %d has no %q before this one", number, open, frameEnds)
		case ends && open == 0:
			return "", fmt.Errorf("%d: %q without a frame", number, frameEnds)
		case begins:
			text, err := excerpt(strings.TrimSuffix(wanted, markerEnds), frames)
			if err != nil {
				return "", fmt.Errorf("%d: %w", number, err)
			}
			b.WriteString(marker + "\n" + indented(text))
			open = number
		case ends:
			b.WriteString(line)
			open = 0
		case open == 0:
			b.WriteString(line)
		}
	}
	if open > 0 {
		return "", fmt.Errorf("%d: the frame has no %q", open, frameEnds)
	}
	return b.String(), nil
}

// excerpt is what a marker asks for: "NAME", or "NAME; A; B".
func excerpt(wanted string, frames map[string]string) (string, error) {
	name, part, partial := strings.Cut(wanted, "; ")
	text, known := frames[name]
	if !known {
		return "", fmt.Errorf("no shot is called %q", name)
	}
	if !partial {
		return text, nil
	}
	first, last, _ := strings.Cut(part, "; ")
	lines := slices.Collect(strings.Lines(text))
	from := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, first) })
	if from < 0 {
		return "", fmt.Errorf("no line of %s has %q", name, first)
	}
	to := slices.IndexFunc(lines[from:], func(l string) bool { return strings.Contains(l, last) })
	if to < 0 {
		return "", fmt.Errorf("no line of %s after %q has %q", name, first, last)
	}
	return strings.Join(lines[from:from+to+1], ""), nil
}

// indented makes a code block of text (CommonMark 0.31, 4.4).
func indented(text string) string {
	out := ""
	for line := range strings.Lines(strings.TrimRight(text, "\n") + "\n") {
		if line != "\n" {
			line = "    " + line
		}
		out += line
	}
	return "\n" + out + "\n"
}
