package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/x/vt"
)

// A picture is what a test reads off an SVG.
type picture struct {
	Title string `xml:"title"`
	Lines []struct {
		Stroke string `xml:"stroke,attr"`
		D      string `xml:"d,attr"`
	} `xml:"g>g>path"`
	Texts []struct {
		X       int    `xml:"x,attr"`
		Y       int    `xml:"y,attr"`
		Length  int    `xml:"textLength,attr"`
		Content string `xml:",chardata"`
	} `xml:"g>g>text"`
}

func read(t testing.TB, svg string) picture {
	t.Helper()
	strict := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := strict.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, svg)
		}
	}
	var p picture
	if err := xml.Unmarshal([]byte(svg), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// rows puts the texts back where they stand. A letter is one cell wide here.
func (p picture) rows() []string {
	var rows [][]rune
	for _, text := range p.Texts {
		y, x := (text.Y-baseline)/cellHeight, text.X/cellWidth
		for len(rows) <= y {
			rows = append(rows, nil)
		}
		for _, r := range text.Content {
			for len(rows[y]) <= x {
				rows[y] = append(rows[y], ' ')
			}
			rows[y][x] = r
			x++
		}
	}
	out := make([]string, len(rows))
	for i := range rows {
		out[i] = string(rows[i])
	}
	return out
}

// undrawn is a frame's text without what pictures draw: what their letters spell.
func undrawn(text string) []string {
	rows := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, row := range rows {
		rows[i] = strings.TrimRight(strings.Map(func(r rune) rune {
			if drawn(string(r)) {
				return ' '
			}
			return r
		}, row), " ")
	}
	for len(rows) > 0 && rows[len(rows)-1] == "" {
		rows = rows[:len(rows)-1]
	}
	return rows
}

// shown is the frame of a terminal that these bytes were written to.
func shown(t testing.TB, cols, rows int, bytes string) frame {
	t.Helper()
	screen := vt.NewEmulator(cols, rows)
	defer screen.Close()
	if _, err := screen.WriteString(bytes); err != nil {
		t.Fatal(err)
	}
	return (&terminal{screen: screen}).frame()
}

func TestEveryLetterStandsInItsCell(t *testing.T) {
	f := shown(t, 40, 6, "\x1b[1mcyrlock\x1b[m  mail1 \x1b[31mHUNG\x1b[m\r\n"+
		"────────────\r\n"+
		"\x1b[7m>HOLDS  imapd 1 <&\"'> \x1b[m\r\n"+
		" ├ 1 imapd  a b   c\r\n"+
		" └ …\r\n"+
		" \x1b[2mfaint\x1b[m \x1b[38;5;208mother\x1b[m ▓▓░ \x1b[4mline\x1b[m")
	p := read(t, f.svg("a <title>"))
	if p.Title != "a <title>" {
		t.Errorf("title %q", p.Title)
	}
	got, want := p.rows(), undrawn(f.text())
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, text := range p.Texts {
		if text.Length != utf8.RuneCountInString(text.Content)*cellWidth {
			t.Errorf("%q has length %d", text.Content, text.Length)
		}
	}
}

func TestColours(t *testing.T) {
	plain := look{ink: hex(inkColour), paper: hex(paperColour)}
	with := func(change func(*look)) look { l := plain; change(&l); return l }
	for bytes, want := range map[string]look{
		"x":                         plain,
		"\x1b[1mx":                  with(func(l *look) { l.bold = true }),
		"\x1b[4mx":                  with(func(l *look) { l.underline = true }),
		"\x1b[7mx":                  {ink: plain.paper, paper: plain.ink},
		"\x1b[2mx":                  with(func(l *look) { l.ink = hex(mix(inkColour, paperColour)) }),
		"\x1b[31mx":                 with(func(l *look) { l.ink = hex(sixteen(1)) }),
		"\x1b[38;5;1mx":             with(func(l *look) { l.ink = hex(sixteen(1)) }),
		"\x1b[96mx":                 with(func(l *look) { l.ink = hex(sixteen(14)) }),
		"\x1b[44mx":                 with(func(l *look) { l.paper = hex(sixteen(4)) }),
		"\x1b[38;2;1;2;3mx":         with(func(l *look) { l.ink = "#010203" }),
		"\x1b[48;5;231mx":           with(func(l *look) { l.paper = "#ffffff" }),
		"\x1b[31;7mx":               {ink: plain.paper, paper: hex(sixteen(1))},
		"\x1b[1;4;31m\x1b[mx":       plain,
		"\x1b[33;1m\x1b[39mx\x1b[m": with(func(l *look) { l.bold = true }),
	} {
		if got := shown(t, 2, 1, bytes).rows[0][0].look; got != want {
			t.Errorf("%q: %+v, not %+v", bytes, got, want)
		}
	}
}

// A wide letter keeps the place of two, and nothing is put into its second half.
func TestWideLetters(t *testing.T) {
	got := spans(shown(t, 12, 1, "ab世界c  d").rows[0])
	want := []span{{x: 0, cells: 2, text: "ab"}, {x: 2, cells: 2, text: "世"}, {x: 4, cells: 2, text: "界"}, {x: 6, cells: 1, text: "c"}, {x: 9, cells: 1, text: "d"}}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if want[i].look = got[i].look; got[i] != want[i] {
			t.Errorf("%+v, not %+v", got[i], want[i])
		}
	}
}

// Whatever a cell holds, the picture is well-formed and has the letters that XML
// can have.
func FuzzSVG(f *testing.F) {
	for _, text := range []string{"HOLDS imapd", "</text><script>", "a&b;]]>", "\x00\x1b[31m\xff\xfe\ufffe", "é\u0301\u202e", "├─▓\u00a0", "\t\r\n"} {
		f.Add(text, uint8(1), uint8(1))
	}
	f.Fuzz(func(t *testing.T, text string, size, wide uint8) {
		row := []cell{}
		for rest := text; rest != ""; {
			n := min(int(size)%5+1, len(rest)) // cells that cut letters apart as well
			row = append(row, cell{text: rest[:n], wide: int(wide) % 3, look: look{ink: "#000000", paper: hex(paperColour), bold: n == int(wide)}})
			if wide%3 == 2 {
				row = append(row, cell{})
			}
			rest = rest[n:]
		}
		p := read(t, frame{[][]cell{row}}.svg(text))
		end := 0
		for _, s := range p.Texts {
			if s.X < end || s.Length <= 0 {
				t.Errorf("%q lies over what stands before it", s.Content)
			}
			end = s.X + s.Length
		}
		if end > len(row)*cellWidth {
			t.Errorf("text to %d in a row of %d cells", end, len(row))
		}
	})
}
