package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A fileRow is one file on the Find page.
type fileRow struct {
	id     string
	file   *evidence.File
	report *diagnose.Report // where it is from: its processes are there
	oldest float64          // seconds
	note   string
}

// contended tells whether somebody waits who should not: idle workers do.
func contended(f *evidence.File) bool {
	return len(f.Waiters) > 0 && f.Kind != string(diagnose.Accept)
}

// fileRows are the files of a search, then those of the last look that match,
// the most waited for first.
func fileRows(s *scene, filter string, answer *searched) []fileRow {
	var rows []fileRow
	have := map[string]bool{}
	add := func(r *diagnose.Report, f *evidence.File) {
		id := fmt.Sprintf("%s:%d/%s", f.Dev, f.Ino, f.Lock)
		if have[id] {
			return
		}
		have[id] = true
		row := fileRow{id: id, file: f, report: r}
		for _, w := range f.Waiters {
			row.oldest = max(row.oldest, w.SinceS)
		}
		rows = append(rows, row)
	}
	searchedFirst := 0
	if answer != nil {
		for i := range answer.report.Files {
			add(&answer.report, &answer.report.Files[i])
		}
		searchedFirst = len(rows)
	}
	for i := range s.report.Files {
		if f := &s.report.Files[i]; matches(s, f, filter) {
			add(&s.report, f)
		}
	}
	slices.SortStableFunc(rows[searchedFirst:], func(a, b fileRow) int {
		return cmp.Or(cmp.Compare(rank(s, a.file), rank(s, b.file)), cmp.Compare(len(b.file.Waiters), len(a.file.Waiters)), cmp.Compare(b.oldest, a.oldest))
	})
	for i := range rows {
		rows[i].note = noteOf(s, rows, i)
	}
	return rows
}

// rank: the ends of the chains, what else is fought over, what is only held,
// then the idle workers' queues.
func rank(s *scene, f *evidence.File) int {
	switch {
	case f.Kind == string(diagnose.Accept):
		return 3
	case !contended(f):
		return 2
	case slices.ContainsFunc(s.report.Roots, func(r diagnose.Root) bool { return r.File == f.Path }):
		return 0
	}
	return 1
}

// noteOf says in a word whether it is bad; a file whose holder waits for another
// row's file is a consequence of that row.
func noteOf(s *scene, rows []fileRow, i int) string {
	f := rows[i].file
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
			if j != i && h.PID != 0 && contended(other.file) && slices.ContainsFunc(other.file.Waiters, func(w evidence.Waiter) bool { return w.PID == h.PID }) {
				return fmt.Sprintf("%s row %d", s.under, j+1)
			}
		}
	}
	if rows[i].oldest >= s.limit.Seconds() {
		return "HUNG"
	}
	return "waits"
}

// atRoot tells whether a process is an end of a chain, or in a circle.
func atRoot(s *scene, pid int) bool {
	return slices.ContainsFunc(s.report.Roots, func(r diagnose.Root) bool { return r.PID == pid || slices.Contains(r.Members, pid) })
}

// matches looks for the filter in everything that a person may know the file by.
func matches(s *scene, f *evidence.File, filter string) bool {
	if filter == "" {
		return true
	}
	filter = strings.ToLower(filter)
	has := func(text string) bool { return strings.Contains(strings.ToLower(text), filter) }
	if has(f.Path) || has(f.Kind) {
		return true
	}
	of := func(pid int) bool {
		p := s.proc(pid)
		return has(fmt.Sprint(pid)) || p != nil && (has(p.User) || has(p.Mailbox) || has(p.Client) || has(program(p)))
	}
	return slices.ContainsFunc(f.Holders, func(h evidence.Holder) bool { return of(h.PID) }) ||
		slices.ContainsFunc(f.Waiters, func(w evidence.Waiter) bool { return of(w.PID) })
}

func (r *fileRow) draw(s *scene, w, longest int) string {
	held := "nobody seen"
	switch n := len(r.file.Holders); {
	case r.file.Kind == string(diagnose.Accept):
		held = "(idle workers)"
	case n > 0:
		held = nameIn(s, r.report, r.file.Holders[0].PID)
		if n > 1 {
			held += fmt.Sprintf(" +%d", n-1)
		}
	case len(r.file.Waiters) == 0:
		held = ""
	}
	note := r.note
	if note == "HUNG" {
		note = s.bad.Render(note)
	}
	return s.fileColumns(w, longest, s.fileName(r.file), s.text(r.file.Kind), held, evidence.Thousands(len(r.file.Waiters)), since(r.oldest, ""), note)
}

// fileColumns lays a row out; a narrow screen drops kind and holder.
func (s *scene) fileColumns(w, longest int, file, kind, held, wait, oldest, note string) string {
	if w < roomyWidth {
		return s.fitEnd(file, w-14) + " " + s.fitRight(wait, 5) + " " + s.fitRight(oldest, 6) + " "
	}
	room := max(20, min(longest, w-12-16-6-8-9-4))
	return s.fitEnd(file, room) + " " + s.fit(kind, 12) + " " + s.fit(held, 16) + " " + s.fitRight(wait, 6) + " " + s.fitRight(oldest, 7) + "  " + s.fit(note, 8)
}

func nameIn(s *scene, r *diagnose.Report, pid int) string {
	if p := r.Process(pid); p != nil {
		return s.text(diagnose.Name(*p))
	}
	return s.name(pid)
}
