package diagnose

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"cyrlock/evidence"
)

// A User is somebody whose mail is concerned. All names stand as they were read.
type User struct {
	Name      string
	Waiting   int     // processes that wait: the user's own, and deliveries to the user
	Holding   int     // processes of the user that hold what others wait for
	OldestS   float64 // the longest of these waits, in seconds
	Files     []*evidence.File
	Mailboxes []string // ascending
}

// Users tells who suffers, and who is in the way, the most affected first. A
// process that serves nobody in particular, such as a delivery, is of the user whose
// file it waits for.
func (r *Report) Users() []User {
	all := r.indexed()
	byName := map[string]*affected{}
	of := func(name string) *affected {
		u := byName[name]
		if u == nil && name != "" {
			u = &affected{User: User{Name: name}, files: map[*evidence.File]bool{}, mailboxes: map[string]bool{}, waiting: map[int]bool{}, holding: map[int]bool{}}
			byName[name] = u
		}
		return u
	}
	eachWait(&r.Snapshot, func(f *evidence.File, w *evidence.Waiter, by int) {
		owner := Owner(*f)
		if p := all.people[w.PID]; p != nil && p.User != "" {
			u := of(p.User)
			u.waits(f, w)
			u.mailboxes[p.Mailbox] = true
		} else if u := of(owner); u != nil {
			u.waits(f, w)
		}
		if p := all.people[by]; p != nil && p.User != "" {
			u := of(p.User)
			u.holding[by] = true
			u.uses(f)
		}
	})
	users := make([]User, 0, len(byName))
	for _, u := range byName {
		delete(u.mailboxes, "")
		u.Waiting, u.Holding = len(u.waiting), len(u.holding)
		u.Mailboxes = slices.Sorted(maps.Keys(u.mailboxes))
		users = append(users, u.User)
	}
	slices.SortFunc(users, func(a, b User) int {
		return cmp.Or(cmp.Compare(b.Waiting, a.Waiting), cmp.Compare(b.OldestS, a.OldestS), cmp.Compare(b.Holding, a.Holding), cmp.Compare(a.Name, b.Name))
	})
	return users
}

// Owner is whose file it is, by what it is for or by the mailbox it belongs to; ""
// where that is nobody's, or not known.
func Owner(f evidence.File) string { return cmp.Or(f.User, userOfMailbox(f.Mailbox)) }

// An affected user while waits are counted.
type affected struct {
	User
	files            map[*evidence.File]bool
	mailboxes        map[string]bool
	waiting, holding map[int]bool
}

func (u *affected) waits(f *evidence.File, w *evidence.Waiter) {
	u.waiting[w.PID] = true
	u.OldestS = max(u.OldestS, w.SinceS)
	u.uses(f)
	u.mailboxes[f.Mailbox] = true
}

func (u *affected) uses(f *evidence.File) {
	if !u.files[f] {
		u.files[f] = true
		u.Files = append(u.Files, f)
	}
}

// userOfMailbox is the owner of a mailbox by its name, "" where it is shared:
// user.jwade.FaMiLy, user/jwade/FaMiLy, example.com!user.joe^smith. A dot of a
// userid is a ^ in the internal name.
func userOfMailbox(name string) string {
	domain, rest, ok := strings.Cut(name, "!")
	if !ok {
		domain, rest = "", name
	}
	for _, separator := range []string{".", "/"} {
		if tail, ok := strings.CutPrefix(rest, "user"+separator); ok {
			user, _, _ := strings.Cut(tail, separator)
			if separator == "." {
				user = strings.ReplaceAll(user, "^", ".")
			}
			if domain != "" && user != "" {
				user += "@" + domain
			}
			return user
		}
	}
	return ""
}
