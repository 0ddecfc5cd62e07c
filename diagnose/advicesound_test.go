package diagnose

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cyrlock/evidence"
)

var (
	when    = []string{Now, Next}
	effects = []string{cures, mayCure, relieves, contains, mayPass, findsOut, noCure}
	risks   = []string{"none", "low", "some", "high"}
	// A command of ours that does something names whom it is about, in digits.
	ours = regexp.MustCompile(`^cyrlock fix (end|continue|rejoin|cancel)( \d+)+( --force)?$`)
)

// sound says what is wrong with advice, whatever it rests on.
func sound(r *Report, root Root, a Advice) string {
	bounds := a.Action == "shim" || a.Action == "source"
	never := LossOf(root.Kind, r.Host.Cyrus.Version).Dangerous
	acts := slices.Contains([]string{"end", "continue", "rejoin", "cancel"}, a.Action)
	switch {
	case !slices.Contains(when, a.When), !slices.Contains(effects, a.Effect), !slices.Contains(risks, a.Risk), a.Why == "", a.Action == "":
		return "something is missing"
	case evidence.Clean(a.Why) != a.Why, evidence.Clean(a.Loses) != a.Loses, evidence.Clean(a.Command) != a.Command:
		return "not safe to show"
	case strings.Contains(a.Command, "kill"):
		return "a bare kill"
	case bounds && never:
		return "a time limit where there must be none"
	case (bounds || acts) && a.Loses == "":
		return "no word on what is lost"
	case acts != (len(a.PIDs) > 0), acts && (a.When != Now || !ours.MatchString(a.Command)):
		return "a command that is not of ours"
	case a.Action == "end" && a.Risk == "high" != strings.HasSuffix(a.Command, "--force"), slices.Contains([]string{"none", "low"}, a.Risk) && strings.HasSuffix(a.Command, "--force"):
		return "force, or a risk without"
	}
	for _, pid := range a.PIDs {
		_, waits := r.indexed().waits[pid]
		holds := slices.ContainsFunc(r.Files, func(f evidence.File) bool {
			return slices.ContainsFunc(f.Holders, func(h evidence.Holder) bool { return h.PID == pid }) ||
				slices.ContainsFunc(f.Waiters, func(w evidence.Waiter) bool { return w.PID == pid })
		})
		switch p := r.Process(pid); {
		case !waits && !holds:
			return fmt.Sprintf("process %d has nothing to do with it", pid)
		case a.Action == "end" && (pid <= 1 || IsMaster(&r.Snapshot, pid)):
			return "the master is ended"
		case a.Action == "end" && p != nil && Delicate(*p) != "" && a.Risk != "high":
			return "delicate work is cut short"
		}
		for _, f := range r.Files {
			for _, w := range f.Waiters {
				if w.PID == pid && a.Action == "cancel" && (f.Kind == string(Accept) || LossOf(Kind(f.Kind), "").Dangerous) {
					return "a wait is cancelled that must not be"
				}
			}
		}
	}
	return ""
}

// Whatever was recorded, with any file in the place of what is fought over, and of
// any release: no advice names what must not be done.
func TestAdviceIsSound(t *testing.T) {
	n := 0
	for name, base := range provoked(t) {
		for _, release := range append(releases, "2.2.13", "2.4.17", "2.5.9", "3.13.7", "x") {
			for _, path := range []string{"", "/var/imap/mailboxes.db", "/var/imap/lock/*U*jwade.lock", "/var/imap/lock/user.jwade.lock", "/var/imap/socket/imap-0.lock",
				"/var/spool/imap/user/jwade/cyrus.index", "/var/imap/quota/j/user.jwade", "/var/imap/user/j/jwade.sub", "/tmp/x\x1b[31m"} {
				for _, lock := range []string{"", "fcntl"} {
					s := base
					s.Host.Cyrus.Version = release
					if lock != "" {
						s.Host.Cyrus.Lock = lock
					}
					s.Files = slices.Clone(s.Files)
					for i := range s.Files {
						if path != "" && len(s.Files[i].Waiters) > 0 {
							s.Files[i].Path = path
						}
					}
					r := Diagnose(s, Options{})
					for _, root := range slices.Concat(r.Roots, r.Aside) {
						next := root.AdviceFor(Next)
						if len(root.AdviceFor(Now)) == 0 || len(next) == 0 {
							t.Errorf("%s %q %q: no advice", name, release, path)
						}
						for _, a := range root.Advice {
							n++
							if wrong := sound(&r, root, a); wrong != "" {
								t.Errorf("%s %q %q: %s: %+v", name, release, path, wrong, a)
							}
						}
					}
				}
			}
		}
	}
	t.Logf("%d pieces of advice", n)
}
