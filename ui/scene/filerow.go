package scene

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A FileRow is one file on the Find page.
type FileRow struct {
	ID     string
	File   *evidence.File
	Report *diagnose.Report // where it is from: its processes are there
	Oldest float64          // seconds
	Note   string
}

// Contended tells whether somebody waits who should not: idle workers do.
func Contended(f *evidence.File) bool {
	return len(f.Waiters) > 0 && f.Kind != string(diagnose.Accept)
}

// FileRows are the files of a search, then those of the last look that match,
// the most waited for first.
func FileRows(s *Scene, filter string, found *diagnose.Report) []FileRow {
	var rows []FileRow
	have := map[string]bool{}
	add := func(r *diagnose.Report, f *evidence.File) {
		id := fmt.Sprintf("%s:%d/%s", f.Dev, f.Ino, f.Lock)
		if have[id] {
			return
		}
		have[id] = true
		row := FileRow{ID: id, File: f, Report: r}
		for _, w := range f.Waiters {
			row.Oldest = max(row.Oldest, w.SinceS)
		}
		rows = append(rows, row)
	}
	searchedFirst := 0
	if found != nil {
		for i := range found.Files {
			add(found, &found.Files[i])
		}
		searchedFirst = len(rows)
	}
	for i := range s.Report.Files {
		if f := &s.Report.Files[i]; matches(s, f, filter) {
			add(&s.Report, f)
		}
	}
	slices.SortStableFunc(rows[searchedFirst:], func(a, b FileRow) int {
		return cmp.Or(cmp.Compare(rank(s, a.File), rank(s, b.File)), cmp.Compare(len(b.File.Waiters), len(a.File.Waiters)), cmp.Compare(b.Oldest, a.Oldest))
	})
	for i := range rows {
		rows[i].Note = noteOf(s, rows, i)
	}
	return rows
}

// rank: the ends of the chains, what else is fought over, what is only held,
// then the idle workers' queues.
func rank(s *Scene, f *evidence.File) int {
	switch {
	case f.Kind == string(diagnose.Accept):
		return 3
	case !Contended(f):
		return 2
	case slices.ContainsFunc(s.Report.Roots, func(r diagnose.Root) bool { return r.File == f.Path }):
		return 0
	}
	return 1
}

// noteOf says in a word whether it is bad; a file whose holder waits for another
// row's file is a consequence of that row.
func noteOf(s *Scene, rows []FileRow, i int) string {
	f := rows[i].File
	if f.Kind == string(diagnose.Accept) {
		return "normal"
	}
	if len(f.Waiters) == 0 {
		return ""
	}
	for _, h := range f.Holders {
		if atRoot(s, h.PID) {
			break // it waits for others as they wait for it
		}
		for j, other := range rows {
			if j != i && h.PID != 0 && Contended(other.File) && slices.ContainsFunc(other.File.Waiters, func(w evidence.Waiter) bool { return w.PID == h.PID }) {
				return fmt.Sprintf("%s row %d", s.Under, j+1)
			}
		}
	}
	if rows[i].Oldest >= s.Limit.Seconds() {
		return "HUNG"
	}
	return "waits"
}

// atRoot tells whether a process is an end of a chain, or in a circle.
func atRoot(s *Scene, pid int) bool {
	return slices.ContainsFunc(s.Report.Roots, func(r diagnose.Root) bool { return r.PID == pid || slices.Contains(r.Members, pid) })
}

// matches looks for the filter in everything that a person may know the file by.
func matches(s *Scene, f *evidence.File, filter string) bool {
	if filter == "" {
		return true
	}
	filter = strings.ToLower(filter)
	has := func(text string) bool { return strings.Contains(strings.ToLower(text), filter) }
	if has(f.Path) || has(f.Kind) {
		return true
	}
	of := func(pid int) bool {
		p := s.Proc(pid)
		return has(fmt.Sprint(pid)) || p != nil && (has(p.User) || has(p.Mailbox) || has(p.Client) || has(Program(p)))
	}
	return slices.ContainsFunc(f.Holders, func(h evidence.Holder) bool { return of(h.PID) }) ||
		slices.ContainsFunc(f.Waiters, func(w evidence.Waiter) bool { return of(w.PID) })
}
