package main

import (
	"image/color"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
)

// A frame is what a terminal shows at one moment, or what a program printed.
type frame struct{ rows [][]cell }

// A cell is one place of a terminal's grid.
type cell struct {
	text string // one letter with its marks; "": the second half of a wide one
	wide int    // 1 or 2; 0: the second half
	look look
}

// A look is how a cell is drawn, with faint and reverse worked in.
type look struct {
	ink, paper      string // #rrggbb
	bold, underline bool
}

func (t *terminal) frame() frame {
	rows := make([][]cell, t.screen.Height())
	for y := range rows {
		rows[y] = make([]cell, t.screen.Width())
		for x := range rows[y] {
			rows[y][x] = seen(t.screen.CellAt(x, y))
		}
	}
	return frame{rows}
}

func seen(c *uv.Cell) cell {
	if c == nil {
		c = &uv.EmptyCell
	}
	ink, paper := paint(c.Style.Fg, inkColour), paint(c.Style.Bg, paperColour)
	if c.Style.Attrs&uv.AttrReverse != 0 {
		ink, paper = paper, ink
	}
	if c.Style.Attrs&uv.AttrFaint != 0 {
		ink = mix(ink, paper)
	}
	return cell{c.Content, c.Width, look{
		ink: hex(ink), paper: hex(paper),
		bold:      c.Style.Attrs&uv.AttrBold != 0,
		underline: c.Style.Underline != uv.UnderlineNone,
	}}
}

// printed is a frame of text that no terminal ever showed.
func printed(text string) frame {
	var f frame
	for line := range strings.Lines(text) {
		row := []cell{}
		for _, r := range strings.TrimSuffix(line, "\n") {
			row = append(row, cell{text: string(r), wide: 1, look: look{ink: hex(inkColour), paper: hex(paperColour)}})
		}
		f.rows = append(f.rows, row)
	}
	return f
}

// text is the frame without colours, without blanks at the end of its lines and
// without empty lines at its end.
func (f frame) text() string {
	var b strings.Builder
	for _, row := range f.rows {
		b.WriteString(strings.TrimRight(written(row), " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// paint is a terminal's colour in the pictures' palette.
func paint(c color.Color, otherwise rgb) rgb {
	if c == nil {
		return otherwise
	}
	if n, ok := named(c); ok {
		return sixteen(n)
	}
	r, g, b, _ := c.RGBA()
	return rgb{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8)}
}
