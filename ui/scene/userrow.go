package scene

import (
	"cmp"
	"slices"
	"strings"
)

// A UserRow is one user whose sessions or deliveries wait, or hold what others
// wait for.
type UserRow struct {
	Name         string // a userid, as it is
	Waits, Holds int    // processes
	Oldest       float64
	State        State      // the worst of its files
	Files        []*FileRow // those it waits for, then those it holds
	Parties      []Party    // its processes: who holds, then the longest wait
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
		slices.ContainsFunc(u.Files, func(r *FileRow) bool { return strings.Contains(r.words, filter) }) ||
		slices.ContainsFunc(u.Parties, func(p Party) bool { return p.Matches(filter) })
}

// Nameless is how many processes wait and serve no user that is known.
func (s *Scene) Nameless() int { return s.nameless }

// userRows are the users of all that somebody waits for, the most waits first.
func userRows(s *Scene) (rows []*UserRow, nameless int) {
	users := map[string]*UserRow{}
	type part struct {
		pid  int
		role Role
		file *FileRow // nil: any
	}
	have := map[part]bool{}
	first := func(p part) bool { old := have[p]; have[p] = true; return !old }
	for _, r := range s.files {
		if !Contended(r.File) || r.State == NotMail {
			continue
		}
		for _, p := range r.Parties() {
			name := userOf(&p)
			switch {
			case p.Role == Opens, name == "" && p.Role == Holds:
				continue
			case !first(part{p.PID, p.Role, r}): // by another descriptor, or another thread
				continue
			case name == "":
				nameless++
				continue
			case users[name] == nil:
				users[name] = &UserRow{Name: name, State: Idle}
				rows = append(rows, users[name])
			}
			users[name].add(p, first(part{p.PID, p.Role, nil}))
		}
	}
	for _, u := range rows {
		u.sort()
	}
	slices.SortStableFunc(rows, func(a, b *UserRow) int {
		return cmp.Or(cmp.Compare(b.Waits, a.Waits), cmp.Compare(b.Oldest, a.Oldest), cmp.Compare(b.Holds, a.Holds), cmp.Compare(a.Name, b.Name))
	})
	return rows, nameless
}

// userOf is who waits: the user that a process serves, else whose file it wants;
// a delivery serves nobody but has a mailbox to put mail in.
func userOf(p *Party) string {
	switch {
	case p.Proc != nil && p.Proc.User != "":
		return p.Proc.User
	case p.Role != Waits:
		return ""
	case p.File.File.User != "":
		return p.File.File.User
	}
	return ownerOf(p.File.File.Mailbox)
}

// ownerOf is whose mailbox it is by its internal name: "user.jwade.FaMiLy" is
// jwade's. A dot in a userid is a "^" there (imap/mboxname.c).
func ownerOf(mailbox string) string {
	name, ok := strings.CutPrefix(mailbox, "user.")
	if !ok {
		return ""
	}
	name, _, _ = strings.Cut(name, ".")
	return strings.ReplaceAll(name, "^", ".")
}

// add takes one more of the user's processes; new: it is not counted yet.
func (u *UserRow) add(p Party, new bool) {
	u.Parties = append(u.Parties, p)
	u.State = min(u.State, p.File.State)
	if p.Role == Waits {
		u.Oldest = max(u.Oldest, p.waitedS)
	}
	switch {
	case new && p.Role == Holds:
		u.Holds++
	case new:
		u.Waits++
	}
}

func (u *UserRow) sort() {
	slices.SortStableFunc(u.Parties, func(a, b Party) int {
		return cmp.Or(cmp.Compare(a.Role, b.Role), cmp.Compare(b.waitedS, a.waitedS))
	})
	have := map[*FileRow]bool{}
	for _, role := range []Role{Waits, Holds} {
		for _, p := range u.Parties {
			if p.Role == role && !have[p.File] {
				have[p.File] = true
				u.Files = append(u.Files, p.File)
			}
		}
	}
}
