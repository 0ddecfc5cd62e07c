package screen

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// A canvas knows what the terminal shows, and what must be sent to change it.
type canvas struct {
	shown    frame
	rows     []string // of what is shown; nil: not known
	old, new []cell   // of the row that is being drawn
	pen      style
	out      []byte
}

func (c *canvas) drawn() bool { return c.rows != nil }

// forget makes the next frame be drawn whole.
func (c *canvas) forget() { c.rows = nil }

// leave is what makes room for the shell's prompt in the last row, on terminals
// that have no alternate screen to leave.
func (c *canvas) leave() string {
	if c.shown.h == 0 {
		return ""
	}
	c.out = c.out[:0]
	c.move(0, c.shown.h-1)
	return string(c.out) + eraseToEnd
}

const (
	eraseToEnd = "\x1b[K"
	home       = "\x1b[H"
	wrapOff    = "\x1b[?7l"
	wrapOn     = "\x1b[?7h"
)

// draw is what turns the frame that is shown into f; nothing if they look the
// same. It starts and ends with the default style, and the cursor is at home
// afterwards: a VT100 cannot hide it. The result is good until the next draw.
func (c *canvas) draw(f frame) []byte {
	c.out = c.out[:0]
	whole := !c.drawn() || f.w != c.shown.w || f.h != c.shown.h
	if whole {
		c.old, c.new = make([]cell, f.w), make([]cell, f.w)
		c.out = style{}.append(c.out, style{}) // somebody else may have left a style
	}
	rows := strings.SplitN(f.text, "\n", f.h+1)
	for len(rows) < f.h {
		rows = append(rows, "")
	}
	for y, row := range rows[:f.h] {
		if whole {
			for x := range c.old {
				c.old[x] = unknown
			}
		} else if row != c.rows[y] {
			read(c.rows[y], c.old)
		} else {
			continue
		}
		read(row, c.new)
		c.row(y, y == f.h-1)
	}
	c.shown, c.rows = f, rows[:f.h]
	if len(c.out) > 0 {
		c.style(style{})
		c.out = append(c.out, home...)
	}
	return c.out
}

// row turns the cells of c.old into those of c.new, in row y of the screen.
func (c *canvas) row(y int, last bool) {
	w := len(c.new)
	end := w // from here on all is blank
	for end > 0 && c.new[end-1] == blank {
		end--
	}
	at := nowhere // the column of the cursor
	for x, n := 0, 0; x < w; x += n {
		n = width(c.new, x)
		if c.new[x] == c.old[x] && c.new[x+n-1] == c.old[x+n-1] {
			continue
		}
		c.reach(at, x, y)
		if x >= end {
			c.style(style{}) // or the row is erased in a colour
			c.out = append(c.out, eraseToEnd...)
			return
		}
		c.style(c.new[x].style)
		text := c.new[x].text
		if last && x+n == w {
			// Some terminals scroll after their very last cell.
			c.out = append(append(append(c.out, wrapOff...), text...), wrapOn...)
		} else {
			c.out = append(c.out, text...)
		}
		at = x + n
		// At the edge terminals differ in where the cursor is, and after what is
		// wide or has marks, they do so in the worst case.
		if at == w || n > 1 || utf8.RuneCountInString(text) > 1 {
			at = nowhere
		}
	}
}

const nowhere = -1

// reach brings the cursor from a column of row y to another; over cells that stay
// as they are by writing them, where that is shorter.
func (c *canvas) reach(from, x, y int) {
	if from == x {
		return
	}
	before := len(c.out)
	c.move(x, y)
	if from == nowhere || x-from > len(c.out)-before {
		return
	}
	for _, cell := range c.new[from:x] {
		if cell.style != c.pen || len(cell.text) != 1 {
			return
		}
	}
	c.out = c.out[:before]
	for _, cell := range c.new[from:x] {
		c.out = append(c.out, cell.text...)
	}
}

func (c *canvas) move(x, y int) {
	c.out = append(c.out, "\x1b["...)
	c.out = strconv.AppendInt(c.out, int64(y+1), 10)
	if x > 0 {
		c.out = append(c.out, ';')
		c.out = strconv.AppendInt(c.out, int64(x+1), 10)
	}
	c.out = append(c.out, 'H')
}

func (c *canvas) style(s style) {
	if s != c.pen {
		c.out = s.append(c.out, c.pen)
		c.pen = s
	}
}
