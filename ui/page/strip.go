package page

// A strip is a list whose entries may take more than one row each. It draws what
// is in sight and asks for no more.
type strip struct {
	*List
	n, h int                // entries; rows of the window
	rows func(int) []string // of one entry, at least one
	memo map[int][]string
}

func (l *List) strip(n, h int, rows func(int) []string) *strip {
	return &strip{l, n, max(1, h), rows, map[int][]string{}}
}

func (s *strip) entry(i int) []string {
	out, ok := s.memo[i]
	if !ok {
		out = s.rows(i)
		s.memo[i] = out
	}
	return out
}

// bring scrolls no further than entry i needs to be in sight.
func (s *strip) bring(i int) {
	i = max(0, min(i, s.n-1))
	if s.Top >= i {
		s.Top = i
		return
	}
	first := i
	for used := len(s.entry(i)); first > s.Top; first-- {
		if used += len(s.entry(first - 1)); used > s.h {
			break
		}
	}
	s.Top = first
}

// draw is at most h rows: those around the cursor, and none empty while there are
// entries above.
func (s *strip) draw() (out []string) {
	s.Cursor = max(0, min(s.Cursor, s.n-1))
	s.Top = max(0, min(s.Top, s.n-1))
	s.bring(s.Cursor)
	for i := s.Top; i < s.n && len(out) < s.h; i++ {
		out = append(out, s.entry(i)...)
	}
	for s.Top > 0 && len(out)+len(s.entry(s.Top-1)) <= s.h {
		s.Top--
		out = append(append([]string{}, s.entry(s.Top)...), out...)
	}
	return out[:min(len(out), s.h)]
}
