package scene

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A FileRow is one file on the Find page: one that somebody waits for, or a path
// that was asked about, whether or not a process has it open.
type FileRow struct {
	ID     string         // stays the same from look to look
	File   *evidence.File // with nothing but a path, where no process has it open
	Name   string         // as it is shown
	State  State
	Behind *FileRow // of a Consequence: the file that its holder waits for
	Circle bool     // its holder waits for those who wait for it, or for itself
	Oldest float64  // the longest wait, in seconds
	How    string   // how the path is known, where it was asked about
	Scene  *Scene   // of the look that it is from: its processes are there
	// Open are those that only have it open; Asked is the look that was asked for
	// them. nil: none was.
	Open  []evidence.Opener
	Asked *Scene
	words string // what a filter may find, in lower case
}

// Contended tells whether somebody waits who should not: idle workers do.
func Contended(f *evidence.File) bool {
	return len(f.Waiters) > 0 && f.Kind != string(diagnose.Accept)
}

// fileRows are the files of a look: what it was asked about, then the ends of
// the chains, what else is waited for, and the queues of idle workers last.
func fileRows(s *Scene) []*FileRow {
	var rows []*FileRow
	waiting := map[int]*FileRow{} // by pid, what it waits for
	for i := range s.Report.Files {
		r := s.newRow(&s.Report.Files[i])
		for _, w := range r.File.Waiters {
			r.Oldest = max(r.Oldest, w.SinceS)
			if waiting[w.PID] == nil && Contended(r.File) {
				waiting[w.PID] = r
			}
		}
		rows = append(rows, r)
	}
	known := endsOf(&s.Report)
	for _, r := range rows {
		r.State, r.Behind = s.stateOf(r, known, waiting)
		r.Circle = Contended(r.File) && known.circle(r.File) != nil
	}
	rows = append(rows, s.focused(rows)...)
	slices.SortStableFunc(rows, func(a, b *FileRow) int {
		return cmp.Or(cmp.Compare(known.rank(a), known.rank(b)), cmp.Compare(len(b.File.Waiters), len(a.File.Waiters)), cmp.Compare(b.Oldest, a.Oldest))
	})
	return rows
}

func (s *Scene) newRow(f *evidence.File) *FileRow {
	r := &FileRow{File: f, Name: s.FileName(f), Scene: s, Open: f.Open}
	r.ID = fmt.Sprintf("%s:%d/%s", f.Dev, f.Ino, f.Lock)
	if f.Ino == 0 { // pasted text has no inodes
		r.ID += f.Path
	}
	if f.Open != nil {
		r.Asked = s
	}
	// Since 3.6 the folder is an id, which says nothing to a person.
	if whose := cmp.Or(f.User, f.Mailbox); whose != "" && strings.Contains(f.Path, "/uuid/") {
		r.Name += " (" + s.Text(whose) + ")"
	}
	if f.Deleted {
		r.Name += " (deleted)"
	}
	r.words = strings.ToLower(f.Path + "\n" + f.Kind + "\n" + f.User + "\n" + f.Mailbox)
	return r
}

// focused says of each row that was asked about how its path is known, and makes
// rows of the paths that no process has open.
func (s *Scene) focused(rows []*FileRow) (absent []*FileRow) {
	if s.Report.Focus == nil {
		return nil
	}
	for _, p := range s.Report.Focus.Paths {
		found := false
		for _, r := range rows {
			if r.File.Path == path.Clean(p.Path) {
				r.How, r.Asked, found = p.How, s, true
			}
			// 3.6 and later: a pattern for what has been found under its real name.
			if ok, err := path.Match(p.Path, r.File.Path); err == nil && ok {
				found = true
			}
		}
		if !found {
			f := evidence.File{Path: p.Path}
			if s.Report.Focus.User != "" {
				f.Kind = string(diagnose.Seen)
			}
			r := s.newRow(&f)
			r.State, r.How, r.Asked = Absent, p.How, s
			absent = append(absent, r)
		}
	}
	return absent
}

// Known says how the path of a file is known.
func (r *FileRow) Known() string {
	how, seen := r.Scene.Text(r.How), r.opened()
	switch {
	case strings.HasPrefix(how, "observed"), how != "" && seen == "":
		return how
	case how != "":
		return how + "; " + seen
	case r.File.Path == "":
		return "by device and inode alone, from the kernel's lock table: no process that can be read has it open"
	case seen == "":
		return "from the stacks of those who wait for it"
	}
	return "observed: " + seen
}

// opened names one who has it open; "": nobody is known.
func (r *FileRow) opened() string {
	said := func(s *Scene, pid, fd int) string {
		return fmt.Sprintf("%s has it open as descriptor %d", s.Name(pid), fd)
	}
	for _, h := range r.File.Holders {
		if h.PID > 0 && h.FD >= 0 {
			return said(r.Scene, h.PID, h.FD)
		}
	}
	for _, w := range r.File.Waiters {
		if w.PID > 0 && w.FD >= 0 {
			return said(r.Scene, w.PID, w.FD)
		}
	}
	for _, o := range r.Open {
		return said(r.Asked, o.PID, o.FD)
	}
	return ""
}
