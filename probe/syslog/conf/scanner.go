package conf

import (
	"strings"
)

// A scanner stands somewhere in the text of a file.
type scanner struct {
	file string
	text string
	at   int

	counted, lines int // newlines before counted
}

func (s *scanner) more() bool { return s.at < len(s.text) }

func (s *scanner) line() int {
	at := min(s.at, len(s.text))
	if at < s.counted {
		s.counted, s.lines = 0, 0
	}
	s.lines += strings.Count(s.text[s.counted:at], "\n")
	s.counted = at
	return s.lines + 1
}

func (s *scanner) place() Place { return Place{s.file, s.line()} }

// lineText is the line that the scanner is in, cut.
func (s *scanner) lineText() string {
	at := min(s.at, len(s.text))
	start := strings.LastIndexByte(s.text[:at], '\n') + 1
	text, _, _ := strings.Cut(s.text[start:], "\n")
	return cut(text)
}

// cut makes one line of a text, of a length for the screen.
func cut(text string) string {
	text = strings.Join(strings.Fields(text[:min(len(text), 400)]), " ")
	if len(text) > 160 {
		return text[:160] + "…"
	}
	return text
}

func (s *scanner) lineStart() bool { return s.at == 0 || s.text[s.at-1] == '\n' }

// skip goes over blanks, line ends that are hidden, and comments.
func (s *scanner) skip() {
	for s.more() {
		rest := s.text[s.at:]
		switch c := rest[0]; {
		case c <= ' ': // as joined has it: what ends a word is not the next one
			s.at++
		case strings.HasPrefix(rest, "\\\n"):
			s.at += 2
		case c == '#':
			s.rest()
		case strings.HasPrefix(rest, "/*"):
			if end := strings.Index(rest, "*/"); end >= 0 {
				s.at += end + 2
			} else {
				s.at = len(s.text)
			}
		default:
			return
		}
	}
}

// take goes over a token, if it comes next.
func (s *scanner) take(token string) bool {
	ok := strings.HasPrefix(s.text[s.at:], token)
	if ok {
		s.at += len(token)
	}
	return ok
}

// rest is what is left of the line; the scanner stands at its end.
func (s *scanner) rest() string {
	text, _, _ := strings.Cut(s.text[s.at:], "\n")
	s.at += len(text)
	return text
}

// word is a name; empty if none comes next.
func (s *scanner) word() string {
	start := s.at
	for s.more() && wordByte(s.text[s.at]) {
		s.at++
	}
	return s.text[start:s.at]
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// joined is what comes before the next blank, over hidden line ends.
func (s *scanner) joined() string {
	var b strings.Builder
	for s.more() {
		c := s.text[s.at]
		if strings.HasPrefix(s.text[s.at:], "\\\n") {
			for s.at += 2; s.more() && (s.text[s.at] == ' ' || s.text[s.at] == '\t'); {
				s.at++
			}
			continue
		}
		if c <= ' ' {
			break
		}
		b.WriteByte(c)
		s.at++
	}
	return b.String()
}

// until goes past the next c of this line.
func (s *scanner) until(c byte) {
	line, _, _ := strings.Cut(s.text[s.at:], "\n")
	if i := strings.IndexByte(line, c); i >= 0 {
		s.at += i + 1
	}
}

// quoted reads "text" or 'text', with \ before what would end it.
func (s *scanner) quoted() (string, bool) {
	if !s.more() || s.text[s.at] != '"' && s.text[s.at] != '\'' {
		return "", false
	}
	end := s.text[s.at]
	var b strings.Builder
	for s.at++; s.more(); s.at++ {
		switch c := s.text[s.at]; {
		case c == end:
			s.at++
			return b.String(), true
		case c == '\\' && s.at+1 < len(s.text):
			s.at++
			b.WriteByte(s.text[s.at])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), false
}
