package syslog

import "bytes"

// A splitter makes lines of what is read piece by piece. Between two pieces it keeps no
// more than MaxLine bytes; the rest of a longer line is counted and left out.
type splitter struct {
	part    []byte
	cut     int64
	skipped bool // up to the next end of line: it began before we did
	max     int  // instead of MaxLine
}

// feed gives each whole line without its end, and how much of it was left out. A line
// is good until line returns.
func (s *splitter) feed(piece []byte, line func(text []byte, cut int64)) {
	for len(piece) > 0 {
		end := bytes.IndexByte(piece, '\n')
		if end < 0 {
			s.keep(piece)
			return
		}
		whole := piece[:end]
		piece = piece[end+1:]
		if s.skipped {
			s.skipped = false
			continue
		}
		if len(s.part) == 0 && s.cut == 0 && len(whole) <= s.limit() {
			line(whole, 0)
			continue
		}
		s.keep(whole)
		s.rest(line)
	}
}

// keep adds to a line that has not ended. NUL bytes before its first are a hole, which
// a writer leaves that goes on at its old place in a file emptied under it.
func (s *splitter) keep(piece []byte) {
	if s.skipped {
		return
	}
	if len(s.part) == 0 {
		piece = bytes.TrimLeft(piece, "\x00")
	}
	n := min(len(piece), s.limit()-len(s.part))
	s.part = append(s.part, piece[:n]...)
	s.cut += int64(len(piece) - n)
}

func (s *splitter) limit() int {
	if s.max > 0 {
		return s.max
	}
	return MaxLine
}

// rest gives what came after the last end of line.
func (s *splitter) rest(line func(text []byte, cut int64)) {
	if len(s.part) > 0 {
		line(s.part, s.cut)
	}
	s.part, s.cut = s.part[:0], 0
}
