// Package shim puts a time limit on waits for locks in a Cyrus that cannot be built
// anew: a small C library that the loader puts before libc in the processes that
// the Cyrus master starts.
//
// It plans what to write and what to remove, and reads from running processes
// whether the library is in them and at work. It asks a [Proc] for what it wants to
// know of processes, changes nothing itself, and never touches /etc/ld.so.preload,
// which would load the library into every program of the machine.
package shim

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"cyrlock/fix/timedlock"
)

// Options say which waits get a limit, and what limit.
type Options struct {
	Schedule timedlock.Schedule
	Paths    []string // patterns of files; none: those of seen files
	Programs []string // patterns of programs, besides those that are found; others are left alone
	Accept   []string // words of Danger, for what is too dangerous otherwise
	Replace  bool     // a library of another version gives way
}

// DefaultMaxtime is the longest sleep of John Wade's patch: 285 s in all.
const DefaultMaxtime = 99

// SeenFiles are the patterns of seen files: before Cyrus 3.6 and since.
func SeenFiles() []string { return []string{"*.seen", "*/seen.db"} }

// A Danger is what a time limit must not do unasked.
type Danger struct {
	Word string // what must be said to allow it, and is what may happen
	What string // a sentence
	name string // of a file that it is about, as an example
}

// Dangers are what the word after --accept may allow. Both were seen to happen on
// Cyrus 3.6 with a limit of some seconds.
func Dangers() []Danger {
	return []Danger{
		{"bounced-mail", "When a lock on mailboxes.db times out, Cyrus says that the mailbox does not exist, and mail for it bounces.", "mailboxes.db"},
		{"unlocked-writes", "When the lock of a user times out, Cyrus goes on and writes without it.", "*U*jwade.lock"},
	}
}

// maxList is the room for patterns in the library, which is one byte more.
const maxList = 1022

// check refuses what would do harm, or nothing. dirs are where the server keeps its
// databases and locks.
func (o Options) check(dirs ...string) error {
	if err := o.Schedule.Valid(); err != nil {
		return err
	}
	words := []string{}
	for _, d := range Dangers() {
		words = append(words, d.Word)
	}
	for _, w := range o.Accept {
		if !slices.Contains(words, w) {
			return fmt.Errorf("--accept %q: the words are %s", w, strings.Join(words, ", "))
		}
	}
	for _, p := range o.Paths {
		if err := o.checkPath(p, dirs); err != nil {
			return fmt.Errorf("--paths %q: %w", p, err)
		}
	}
	return errors.Join(checkList("--paths", o.paths()), checkList("--programs", o.Programs))
}

// spares refuses patterns that cover the mailbox list under a name that the library
// does not know it by; "" is the usual one.
func (o Options) spares(mailboxes string) error {
	bounced := Dangers()[0]
	if mailboxes == "" || slices.Contains(o.Accept, bounced.Word) {
		return nil
	}
	for _, p := range o.paths() {
		if matches(p, mailboxes) {
			return fmt.Errorf("--paths %q: that covers %s, which is the mailbox list (mboxlist_db_path in imapd.conf). %s Choose a narrower pattern, or allow it: --accept %s",
				p, mailboxes, bounced.What, bounced.Word)
		}
	}
	return nil
}

// checkPath refuses what covers a dangerous file in one of these folders. The
// library itself leaves such files alone wherever they are.
func (o Options) checkPath(pattern string, dirs []string) error {
	switch {
	case !strings.HasPrefix(pattern, "/") && !strings.HasPrefix(pattern, "*"):
		return errors.New("the whole path must match: begin with / or *")
	case strings.Contains(pattern, "/socket/"):
		return errors.New("there are the accept locks: idle workers queue on them, and end if that fails; they never get a limit")
	}
	for _, d := range Dangers() {
		if slices.Contains(o.Accept, d.Word) {
			continue
		}
		for _, dir := range dirs {
			if file := path.Join(dir, d.name); matches(pattern, file) {
				return fmt.Errorf("that covers %s. %s Choose a narrower pattern, or allow it: --accept %s", file, d.What, d.Word)
			}
		}
	}
	return nil
}

func checkList(flag string, patterns []string) error {
	for _, p := range patterns {
		if p == "" || strings.ContainsAny(p, ":\n\x00") || strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return fmt.Errorf("%s %q: a pattern is not empty and has no colon and no control character", flag, p)
		}
	}
	if list := strings.Join(patterns, ":"); len(list) > maxList {
		return fmt.Errorf("%s: %d bytes of patterns, and there is room for %d", flag, len(list), maxList)
	}
	return nil
}

func (o Options) paths() []string {
	if len(o.Paths) == 0 {
		return SeenFiles()
	}
	return o.Paths
}

// environment are the variables that tell the library what to do, NAME=value.
func (o Options) environment(library string, others []string, programs []string, facility int) []string {
	schedule := "quadratic"
	if o.Schedule.Hybrid {
		schedule = "hybrid"
	}
	env := []string{
		"LD_PRELOAD=" + strings.Join(append(slices.Clone(others), library), ":"),
		"CYRLOCK_SHIM_PROGRAMS=" + strings.Join(programs, ":"),
		"CYRLOCK_SHIM_PATHS=" + strings.Join(o.paths(), ":"),
		"CYRLOCK_SHIM_SCHEDULE=" + schedule,
		fmt.Sprintf("CYRLOCK_SHIM_MAXTIME=%d", o.Schedule.Maxtime),
		fmt.Sprintf("CYRLOCK_SHIM_FACILITY=%d", facility),
	}
	if len(o.Accept) > 0 {
		env = append(env, "CYRLOCK_SHIM_ACCEPT="+strings.Join(o.Accept, ":"))
	}
	return env
}

// matches is the library's own rule: * is anything, slashes too, ? is one byte.
func matches(pattern, name string) bool {
	p, n, star, from := 0, 0, -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p++
			n++
		case star >= 0:
			from++
			p, n = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
