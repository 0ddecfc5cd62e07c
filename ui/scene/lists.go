package scene

import "github.com/charmbracelet/x/ansi"

// lists are what the Find page shows, made once for each look: a key only filters.
type lists struct {
	words     map[int]string // by pid, what a filter may find
	files     []*FileRow
	byID      map[string]*FileRow
	users     []*UserRow
	nameless  int // who waits and serves no user that is known
	contended int
	whole     bool // the look was not broken off
	nameWidth int
	kindWidth int
}

func (s *Scene) list() {
	s.words = processWords(s.Report.Processes)
	s.files = fileRows(s)
	s.byID = make(map[string]*FileRow, len(s.files))
	for _, r := range s.files {
		s.byID[r.ID] = r
		s.nameWidth = max(s.nameWidth, ansi.StringWidth(r.Name))
		s.kindWidth = max(s.kindWidth, len(r.File.Kind))
		if Contended(r.File) {
			s.contended++
		}
	}
	s.users, s.nameless = userRows(s)
}

// Contended counts the files that somebody waits for who should not.
func (s *Scene) Contended() int { return s.contended }

// Whole tells that the look was not broken off: what it does not list is not there.
func (s *Scene) Whole() bool { return s.whole }

// NameWidth is how wide the longest name of a file is.
func (s *Scene) NameWidth() int { return s.nameWidth }

// KindWidth is how wide the longest kind of a file is.
func (s *Scene) KindWidth() int { return s.kindWidth }
