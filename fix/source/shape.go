package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Shape is how the lock code of a range of releases is written.
type Shape int

const (
	Classic Shape = iota + 1 // K&R lock_reopen
	ANSI                     // lock_reopen with prototypes
	Ex                       // lock_reopen_ex
	Set                      // lock_reopen_ex, and lock_setlock in place of the others
)

// Releases are those of Cyrus IMAP that have this shape.
func (s Shape) Releases() string {
	return map[Shape]string{Classic: "2.0.16–2.4.22", ANSI: "2.5.0–2.5.8", Ex: "2.5.9–2.5.17", Set: "3.0–3.13"}[s]
}

// A site is one blocking call that the timed lock takes the place of.
type site struct {
	function   string // in which it is
	start, end int    // in the file
	with       string // what comes in its place
}

// A reading is what was understood of a lock file.
type reading struct {
	shape Shape
	kind  string // "flock" or "fcntl"
	sites []site // ascending
	at    int    // where the helper goes: the beginning of a line
}

// ErrOwnLimit says that somebody has limited the wait in another way.
var ErrOwnLimit = errors.New("the wait has a limit already")

// understand finds the calls to replace in a file that has none of ours.
func understand(src []byte, alsoShared bool) (reading, error) {
	raw, err := tokens(src)
	if err != nil {
		return reading{}, err
	}
	all := slices.DeleteFunc(slices.Clone(raw), func(t token) bool { return t.kind == comment })
	for _, t := range all {
		if t.kind == literal && strings.Contains(t.text, "lock_reopen-blocked") {
			return reading{}, fmt.Errorf("%w: it logs %s, as John Wade's patch does: take that out first (patch -R)", ErrOwnLimit, t.text)
		}
	}
	found, err := parse(all, "lock_reopen", "lock_reopen_ex", "lock_setlock", "lock_shared")
	if err != nil {
		return reading{}, err
	}
	f, shape, err := choose(found)
	if err != nil {
		return reading{}, err
	}
	r := reading{shape: shape}
	if r.at, err = place(src, raw, all[f.first].start); err != nil {
		return r, err
	}
	s, kind, err := blocking(all, f)
	if err != nil {
		return r, fmt.Errorf("%s: %w", f.name, err)
	}
	r.kind, r.sites = kind, []site{s}
	if alsoShared {
		s, err := shared(all, found, shape, kind)
		if err != nil {
			return r, err
		}
		r.sites = append(r.sites, s)
	}
	slices.SortFunc(r.sites, func(a, b site) int { return a.start - b.start })
	for _, s := range r.sites {
		if s.start < r.at || strings.ContainsAny(string(src[s.start:s.end]), "\\\n\r") {
			return r, fmt.Errorf("%s: the lock call is not written on one line", s.function)
		}
		if i := slices.IndexFunc(raw, func(t token) bool { return t.kind == comment && t.start >= s.start && t.end <= s.end }); i >= 0 {
			return r, fmt.Errorf("%s: a comment stands within the lock call", s.function)
		}
	}
	return r, nil
}

// choose picks the function that takes the lock, and tells the releases apart.
func choose(found []function) (*function, Shape, error) {
	old, err := only(found, "lock_reopen")
	if err != nil {
		return nil, 0, err
	}
	ex, err := only(found, "lock_reopen_ex")
	if err != nil {
		return nil, 0, err
	}
	set, err := only(found, "lock_setlock")
	switch {
	case err != nil:
		return nil, 0, err
	case old == nil && ex == nil:
		return nil, 0, errors.New("no function lock_reopen or lock_reopen_ex is in it")
	case old != nil && ex != nil:
		return nil, 0, errors.New("both lock_reopen and lock_reopen_ex are in it: no release of Cyrus has that")
	case ex != nil && set != nil:
		return ex, Set, nil
	case ex != nil:
		return ex, Ex, nil
	case old.classic:
		return old, Classic, nil
	}
	return old, ANSI, nil
}

// place is where the helper goes: the line after what stands before the function
// and its comment.
func place(src []byte, raw []token, first int) (int, error) {
	at := 0
	for _, t := range raw {
		if t.start >= first {
			break
		}
		// A comment that begins on the line where code ended belongs to that code.
		if t.kind != comment || at > 0 && !strings.Contains(string(src[at:t.start]), "\n") {
			at = t.end
		}
	}
	if at == 0 {
		return 0, errors.New("it includes nothing before the function")
	}
	for i := at; i < first; i++ {
		if src[i] == '\n' {
			return i + 1, nil
		}
	}
	return 0, errors.New("something else stands on the line where the function begins")
}
