package scene

import (
	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// Answer is a look that was asked one thing, beside the looks at the whole
// machine; s stays as it is.
func (s *Scene) Answer(r diagnose.Report) *Scene { return New(s.Theme, s.Limit).Part(r) }

// Files are those that match a filter, after those that an answer is about. nil:
// nothing was asked. Of the two looks at a file, the later counts; who only has it
// open, the answer alone can tell.
func (s *Scene) Files(filter string, answer *Scene) []*FileRow {
	var rows []*FileRow
	have := map[*FileRow]bool{}
	if answer != nil {
		for _, then := range answer.files {
			now := s.find(then)
			rows = append(rows, s.since(then, now))
			have[now] = true
		}
	}
	for _, r := range s.files {
		if !have[r] && r.matches(filter) {
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
	it := answer.find(r)
	switch newer := answer.Report.Taken.After(r.Scene.Report.Taken); {
	case it != nil && newer && r.State == Over:
		with = *it
		with.ID, with.How = r.ID, r.How
	case it != nil:
		with.Open = it.Open
	case newer && r.State == Over:
		with.State, with.How, with.Open, with.Oldest = Absent, "it was open at "+r.Scene.Clock(), nil, 0
		with.File = &evidence.File{Path: r.File.Path, Dev: r.File.Dev, Ino: r.File.Ino, Kind: r.File.Kind}
	default:
		with.Open = nil
	}
	with.Asked = answer
	return &with
}

// since is what became of a file after it was asked about; now is nil where this
// look does not list it.
func (s *Scene) since(then, now *FileRow) *FileRow {
	switch {
	case s.Report.Taken.Before(then.Scene.Report.Taken):
		return then
	case now != nil:
		merged := *now
		merged.ID, merged.How, merged.Open, merged.Asked = then.ID, then.How, then.Open, then.Asked
		return &merged
	case !Contended(then.File) || s.Report.Focus != nil || !s.whole:
		return then
	}
	over := *then // a look at everything lists all that somebody waits for
	over.State, over.Behind = Over, nil
	return &over
}

// Stale tells of a file that this look says nothing of: its processes are those of
// the answer.
func (s *Scene) Stale(r *FileRow) bool {
	return r.Scene != s && s.Report.Taken.After(r.Scene.Report.Taken) && len(r.File.Holders)+len(r.File.Waiters) > 0
}

// find is what a look says of a file that another one lists; nil: nothing.
func (s *Scene) find(r *FileRow) *FileRow {
	if o := s.byID[r.ID]; o != nil {
		return o
	}
	if r.File.Ino == 0 {
		return nil
	}
	for _, o := range s.files { // locked in one of the looks, in the other only open
		if (o.File.Lock == "" || r.File.Lock == "") && o.File.Ino == r.File.Ino && o.File.Dev == r.File.Dev {
			return o
		}
	}
	return nil
}
