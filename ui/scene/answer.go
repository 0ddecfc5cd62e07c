package scene

import (
	"slices"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// Answer is a look that was asked one thing, beside the looks at the whole
// machine; s stays as it is.
func (s *Scene) Answer(r diagnose.Report) *Scene { return New(s.Theme, s.Limit).Next(r) }

// Files are those that match a filter, after those that an answer is about. nil:
// nothing was asked. What this look says of a file counts before what the answer
// said then; who only has it open, the answer alone can tell.
func (s *Scene) Files(filter string, answer *Scene) []*FileRow {
	var rows []*FileRow
	have := map[*evidence.File]bool{}
	if answer != nil {
		for _, then := range answer.files {
			row := s.since(then)
			rows = append(rows, row)
			have[row.File] = true
		}
	}
	for _, r := range s.files {
		if !have[r.File] && r.matches(filter) {
			rows = append(rows, r)
		}
	}
	return rows
}

// All is how many files the look lists.
func (s *Scene) All() int { return len(s.files) }

// With is a file with those that only have it open, of an answer about it. An
// answer that is newer than what is known tells everything.
func (r *FileRow) With(answer *Scene) *FileRow {
	if answer == nil {
		return r
	}
	with := *r
	at := slices.IndexFunc(answer.files, r.same)
	switch newer := answer.Report.Taken.After(r.Scene.Report.Taken); {
	case at >= 0 && newer && r.State == Over:
		with = *answer.files[at]
		with.ID, with.How = r.ID, r.How
	case at >= 0:
		with.Open = answer.files[at].Open
	case newer && r.State == Over:
		with.State, with.How, with.Open, with.Oldest = Absent, "it was open at "+r.Scene.Clock(), nil, 0
		with.File = &evidence.File{Path: r.File.Path, Dev: r.File.Dev, Ino: r.File.Ino, Kind: r.File.Kind}
	default:
		with.Open = nil
	}
	with.Asked = answer
	return &with
}

// since is what became of a file after it was asked about.
func (s *Scene) since(then *FileRow) *FileRow {
	if s.Report.Taken.Before(then.Scene.Report.Taken) {
		return then
	}
	if at := slices.IndexFunc(s.files, then.same); at >= 0 {
		now := *s.files[at]
		now.ID, now.How, now.Open, now.Asked = then.ID, then.How, then.Open, then.Asked
		return &now
	}
	if !Contended(then.File) {
		return then
	}
	over := *then // each look lists all that somebody waits for
	over.State, over.Behind = Over, nil
	return &over
}

// same tells of the same file, also where only one of the two was locked.
func (r *FileRow) same(o *FileRow) bool {
	a, b := r.File, o.File
	return r.ID == o.ID || a.Ino != 0 && a.Ino == b.Ino && a.Dev == b.Dev && (a.Lock == "" || b.Lock == "")
}
