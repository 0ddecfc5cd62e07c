package main

import (
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Sizes in pixels. Most monospaced letters are 0.6 of the font's size wide, and the
// middle of a cell lies on half a pixel, where a thin line is sharp.
const (
	cellWidth  = 9
	cellHeight = 19
	fontSize   = 15
	baseline   = 14 // below the top of its cell
	margin     = 14
)

// fonts are those of the systems that pages are read on, none of them fetched.
const fonts = `ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace`

// svg draws the frame. Text stands in runs of a given length, so that columns are
// straight in every font.
func (f frame) svg(title string) string {
	cols := 0
	for _, row := range f.rows {
		cols = max(cols, len(row))
	}
	d := drawing{classes: map[look]string{}}
	for y, row := range f.rows {
		d.papers(y, row)
		d.blocks(y, row)
		d.words(y, row)
	}
	d.strokes(f.segments())

	w, h := cols*cellWidth+2*margin, len(f.rows)*cellHeight+2*margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img">`+"\n", w, h)
	fmt.Fprintf(&b, "<title>%s</title>\n", escaped(title))
	fmt.Fprintf(&b, "<style>text{font:%dpx %s;fill:%s;white-space:pre}%s</style>\n", fontSize, fonts, hex(inkColour), &d.css)
	fmt.Fprintf(&b, `<rect x=".5" y=".5" width="%d" height="%d" rx="8" fill="%s" stroke="%s"/>`+"\n", w-1, h-1, hex(paperColour), hex(edgeColour))
	fmt.Fprintf(&b, `<g transform="translate(%d %[1]d)">`+"\n", margin)
	fmt.Fprintf(&b, `<g shape-rendering="crispEdges">`+"\n%s</g>\n", &d.shapes)
	fmt.Fprintf(&b, `<g xml:space="preserve">`+"\n%s</g>\n</g>\n</svg>\n", &d.text)
	return b.String()
}

// A drawing collects what lies below the text, the text, and its styles.
type drawing struct {
	shapes, text, css strings.Builder
	classes           map[look]string
}

// papers are the backgrounds that are not the picture's own.
func (d *drawing) papers(y int, row []cell) {
	for x := 0; x < len(row); {
		end := x + 1
		for end < len(row) && row[end].look.paper == row[x].look.paper {
			end++
		}
		if paper := row[x].look.paper; paper != hex(paperColour) {
			d.fill(x, y, block{w: 8 * (end - x), h: 8, density: 1}, paper)
		}
		x = end
	}
}

func (d *drawing) blocks(y int, row []cell) {
	for x, c := range row {
		if b, ok := blockOf(c.text); ok {
			d.fill(x, y, b, c.look.ink)
		}
	}
}

// fill draws a block that starts in cell x, y.
func (d *drawing) fill(x, y int, b block, ink string) {
	opacity := ""
	if b.density != 1 {
		opacity = fmt.Sprintf(` opacity="%g"`, b.density)
	}
	fmt.Fprintf(&d.shapes, `<rect x="%g" y="%g" width="%g" height="%g" fill="%s"%s/>`+"\n",
		cellWidth*(float64(x)+float64(b.x)/8), cellHeight*(float64(y)+float64(b.y)/8),
		cellWidth*float64(b.w)/8, cellHeight*float64(b.h)/8, ink, opacity)
}

// strokes draws all lines of one colour as one path. Square ends close corners.
func (d *drawing) strokes(lines []segment) {
	paths := map[string]string{}
	for _, s := range lines {
		at, from, to := float64(s.at)/2, float64(s.from)/2, float64(s.to)/2
		if s.upright {
			paths[s.ink] += fmt.Sprintf("M%g %gV%g", at*cellWidth, from*cellHeight, to*cellHeight)
		} else {
			paths[s.ink] += fmt.Sprintf("M%g %gH%g", from*cellWidth, at*cellHeight, to*cellWidth)
		}
	}
	for _, ink := range slices.Sorted(maps.Keys(paths)) {
		fmt.Fprintf(&d.shapes, `<path stroke="%s" stroke-linecap="square" d="%s"/>`+"\n", ink, paths[ink])
	}
}

func (d *drawing) words(y int, row []cell) {
	for _, s := range spans(row) {
		fmt.Fprintf(&d.text, `<text x="%d" y="%d" textLength="%d"%s>%s</text>`+"\n",
			s.x*cellWidth, y*cellHeight+baseline, s.cells*cellWidth, d.class(s.look), escaped(s.text))
	}
}

// class is the attribute for a look, or nothing for plain text.
func (d *drawing) class(l look) string {
	style := ""
	if l.ink != hex(inkColour) {
		style += "fill:" + l.ink + ";"
	}
	if l.bold {
		style += "font-weight:bold;"
	}
	if l.underline {
		style += "text-decoration:underline;"
	}
	if style == "" {
		return ""
	}
	l.paper = "" // not the text's
	name, known := d.classes[l]
	if !known {
		name = fmt.Sprintf("c%d", len(d.classes))
		d.classes[l] = name
		fmt.Fprintf(&d.css, ".%s{%s}", name, strings.TrimSuffix(style, ";"))
	}
	return ` class="` + name + `"`
}

// escaped is text as XML may hold it: what no XML can becomes U+FFFD.
func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}
