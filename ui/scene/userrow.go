package scene

import (
	"cmp"
	"slices"
	"strings"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A UserRow is one user whose sessions or deliveries wait, or hold what others
// wait for.
type UserRow struct {
	diagnose.User
	State   State      // the worst of its files
	Rows    []*FileRow // of its files, those that it waits for first
	Parties []Party    // its processes: who holds, then who waits, as they queue
}

// Users are those that match a filter.
func (s *Scene) Users(filter string) []*UserRow {
	if filter == "" {
		return s.users
	}
	filter = strings.ToLower(filter)
	return slices.DeleteFunc(slices.Clone(s.users), func(u *UserRow) bool { return !u.matches(filter) })
}

func (u *UserRow) matches(filter string) bool {
	return strings.Contains(strings.ToLower(u.Name), filter) ||
		slices.ContainsFunc(u.Rows, func(r *FileRow) bool { return strings.Contains(r.words, filter) }) ||
		slices.ContainsFunc(u.Parties, func(p Party) bool { return p.Matches(filter) })
}

// userRows are the users of the report with their processes. Nameless is how many
// processes wait for nobody that is known.
func userRows(s *Scene) (rows []*UserRow, nameless int) {
	byName := map[string]*UserRow{}
	for _, u := range s.Report.Users() {
		row := &UserRow{User: u, State: Idle}
		rows, byName[u.Name] = append(rows, row), row
	}
	type part struct {
		pid  int
		role Role
		file *evidence.File
	}
	have := map[part]bool{}
	for _, r := range s.files {
		if !Contended(r.File) {
			continue
		}
		for _, p := range r.Parties() {
			u, it := byName[userOf(&p)], part{p.PID, p.Role, r.File}
			switch {
			case p.Role == Opens, have[it]: // by another descriptor, or another thread
			case u != nil:
				u.Parties = append(u.Parties, p)
			case p.Role == Waits && r.State != NotMail:
				nameless++
			}
			have[it] = true
		}
	}
	for _, u := range rows {
		u.sort()
	}
	return rows, nameless
}

// userOf is whose process it is, as [diagnose.Report.Users] counts it: of one that
// serves nobody in particular, the owner of the file it waits for.
func userOf(p *Party) string {
	switch {
	case p.Proc != nil && p.Proc.User != "":
		return p.Proc.User
	case p.Role == Waits:
		return diagnose.Owner(*p.File.File)
	}
	return ""
}

func (u *UserRow) sort() {
	slices.SortStableFunc(u.Parties, func(a, b Party) int { return cmp.Compare(a.Role, b.Role) })
	have := map[*FileRow]bool{}
	for _, role := range []Role{Waits, Holds} {
		for _, p := range u.Parties {
			if p.Role == role && !have[p.File] {
				have[p.File] = true
				u.Rows = append(u.Rows, p.File)
				u.State = min(u.State, p.File.State)
			}
		}
	}
}
