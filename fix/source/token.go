package source

import (
	"errors"
	"fmt"
)

// A kind tells tokens apart.
type kind byte

const (
	word      kind = iota // a name, a keyword or a number
	literal               // "..." or '...'
	mark                  // one character of punctuation
	directive             // a whole preprocessor line, continued ones too
	comment
)

// A token is a piece of C. Start and end are its place in the file; text has no
// line continuations, which may stand anywhere in it.
type token struct {
	kind       kind
	start, end int
	text       string
}

func (t token) is(text string) bool { return t.text == text && t.kind <= mark }

// tokens reads C as a compiler's first phases do: a backslash at the end of a line
// joins it to the next before anything else. Trigraphs are not known.
func tokens(src []byte) ([]token, error) {
	s := newScanner(src)
	var all []token
	for fresh := true; ; { // fresh: nothing stands before on this line
		switch c := s.peek(0); {
		case c == end:
			return all, nil
		case c == '\n':
			fresh = true
			s.at++
			continue
		case c == ' ', c == '\t', c == '\r', c == '\v', c == '\f':
			s.at++
			continue
		}
		t, err := s.token(fresh)
		if err != nil {
			return all, fmt.Errorf("line %d: %w", lineOf(src, s.pos[s.at]), err)
		}
		fresh = fresh && t.kind == comment
		all = append(all, t)
	}
}

// end is what the scanner sees behind the last character.
const end = -1

// A scanner walks over a file without its line continuations.
type scanner struct {
	text []byte
	pos  []int // of each character of text in the file, and of its end
	at   int
}

func newScanner(src []byte) *scanner {
	s := &scanner{text: make([]byte, 0, len(src)), pos: make([]int, 0, len(src)+1)}
	for i := 0; i < len(src); i++ {
		if n := continuation(src[i:]); n > 0 {
			i += n - 1
			continue
		}
		s.text, s.pos = append(s.text, src[i]), append(s.pos, i)
	}
	s.pos = append(s.pos, len(src))
	return s
}

// continuation is the length of the line continuation that b begins with, or 0.
func continuation(b []byte) int {
	switch {
	case len(b) > 1 && b[0] == '\\' && b[1] == '\n':
		return 2
	case len(b) > 2 && b[0] == '\\' && b[1] == '\r' && b[2] == '\n':
		return 3
	}
	return 0
}

func (s *scanner) peek(n int) int {
	if s.at+n >= len(s.text) {
		return end
	}
	return int(s.text[s.at+n])
}

// token reads one token; there is one.
func (s *scanner) token(fresh bool) (token, error) {
	from := s.at
	k, to, err := s.extent(fresh)
	if err != nil {
		return token{}, err
	}
	s.at = to
	return token{kind: k, start: s.pos[from], end: s.pos[to-1] + 1, text: string(s.text[from:to])}, nil
}

// extent says what begins here and where it ends.
func (s *scanner) extent(fresh bool) (kind, int, error) {
	switch c := s.peek(0); {
	case c == '/' && s.peek(1) == '*':
		to, err := s.block(s.at)
		return comment, to, err
	case c == '/' && s.peek(1) == '/':
		return comment, s.line(s.at), nil
	case c == '"', c == '\'':
		to, err := s.quoted(s.at)
		return literal, to, err
	case c == '#' && fresh:
		to, err := s.preprocessor()
		return directive, to, err
	case isWord(c):
		to := s.at
		for to < len(s.text) && isWord(int(s.text[to])) {
			to++
		}
		return word, to, nil
	}
	return mark, s.at + 1, nil
}

func isWord(c int) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// line is the end of the line, before its line feed.
func (s *scanner) line(from int) int {
	for from < len(s.text) && s.text[from] != '\n' {
		from++
	}
	return from
}

func (s *scanner) block(from int) (int, error) {
	for i := from + 2; i+1 < len(s.text); i++ {
		if s.text[i] == '*' && s.text[i+1] == '/' {
			return i + 2, nil
		}
	}
	return 0, errors.New("a comment that never ends")
}

func (s *scanner) quoted(from int) (int, error) {
	for i := from + 1; i < len(s.text) && s.text[i] != '\n'; i++ {
		switch s.text[i] {
		case s.text[from]:
			return i + 1, nil
		case '\\':
			i++
		}
	}
	return 0, fmt.Errorf("a %c without its other half", s.text[from])
}

// preprocessor ends with the line, but a comment in it may go on beyond. A quote
// that is not closed is an apostrophe, as in #error.
func (s *scanner) preprocessor() (int, error) {
	for i := s.at; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '\n':
			return i, nil
		case c == '"' || c == '\'':
			if to, err := s.quoted(i); err == nil {
				i = to - 1
			}
		case c == '/' && i+1 < len(s.text) && s.text[i+1] == '/':
			return s.line(i), nil
		case c == '/' && i+1 < len(s.text) && s.text[i+1] == '*':
			to, err := s.block(i)
			if err != nil {
				return 0, err
			}
			i = to - 1
		}
	}
	return len(s.text), nil
}

// lineOf is the number of the line with the byte at, from 1.
func lineOf(src []byte, at int) int {
	n := 1
	for _, c := range src[:min(at, len(src))] {
		if c == '\n' {
			n++
		}
	}
	return n
}
