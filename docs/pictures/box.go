package main

// Lines and blocks are drawn, not written: no font's are as high as a row, so that
// they would leave gaps.

// Ways that a line leaves the middle of its cell.
const (
	left = 1 << iota
	right
	up
	down
)

// lines gives the ways of a light box-drawing sign (Unicode, U+2500 to U+257F).
func lines(sign string) int {
	return map[string]int{
		"─": left | right, "│": up | down,
		"┌": right | down, "┐": left | down, "└": right | up, "┘": left | up,
		"╭": right | down, "╮": left | down, "╰": right | up, "╯": left | up,
		"├": right | up | down, "┤": left | up | down, "┬": left | right | down, "┴": left | right | up,
		"┼": left | right | up | down,
		"╴": left, "╶": right, "╵": up, "╷": down,
	}[sign]
}

// A block fills a part of its cell, in eighths of it, more or less densely.
type block struct {
	x, y, w, h int
	density    float64
}

// blockOf gives the shape of a block element (Unicode, U+2580 to U+2593).
func blockOf(sign string) (block, bool) {
	r := []rune(sign)
	if len(r) != 1 {
		return block{}, false
	}
	switch n := int(r[0]); {
	case n == '▀':
		return block{0, 0, 8, 4, 1}, true
	case n >= '▁' && n <= '█':
		n -= '▀'
		return block{0, 8 - n, 8, n, 1}, true
	case n >= '▉' && n <= '▏':
		return block{0, 0, '▐' - n, 8, 1}, true
	case n == '▐':
		return block{4, 0, 4, 8, 1}, true
	case n >= '░' && n <= '▓':
		return block{0, 0, 8, 8, 0.25 * float64(n-'▐')}, true
	}
	return block{}, false
}

func drawn(sign string) bool {
	_, filled := blockOf(sign)
	return filled || lines(sign) != 0
}

// A segment is a straight line, in half cells: from and to along it, at across it.
type segment struct {
	ink          string
	at, from, to int
	upright      bool
}

// segments are all lines of a frame, those that meet joined.
func (f frame) segments() []segment {
	var all []segment
	add := func(s segment) {
		if n := len(all); n > 0 {
			last := &all[n-1]
			if last.ink == s.ink && last.at == s.at && last.upright == s.upright && last.to == s.from {
				last.to = s.to
				return
			}
		}
		all = append(all, s)
	}
	cols := 0
	for y, row := range f.rows {
		cols = max(cols, len(row))
		for x, c := range row {
			ways := lines(c.text)
			if ways&left != 0 {
				add(segment{c.look.ink, 2*y + 1, 2 * x, 2*x + 1, false})
			}
			if ways&right != 0 {
				add(segment{c.look.ink, 2*y + 1, 2*x + 1, 2*x + 2, false})
			}
		}
	}
	for x := range cols {
		for y, row := range f.rows {
			if x >= len(row) {
				continue
			}
			ways := lines(row[x].text)
			if ways&up != 0 {
				add(segment{row[x].look.ink, 2*x + 1, 2 * y, 2*y + 1, true})
			}
			if ways&down != 0 {
				add(segment{row[x].look.ink, 2*x + 1, 2*y + 1, 2*y + 2, true})
			}
		}
	}
	return all
}
