package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"cyrlock/evidence"
)

// What contains the next hang of this kind.

// next are a habit that would have prevented it, where there is one, and the timed
// lock, the better way to have it first; or why there should be none.
func (a advising) next() []Advice {
	out := a.avoid()
	if why := a.noLimit(); why != "" {
		return append(out, Advice{Action: "nothing", Effect: noCure, Risk: "none", Why: "no time limit for this lock: " + why})
	}
	l := a.limit()
	if len(l.has) > 0 {
		return append(out, a.timed(l))
	}
	shim, source := a.shim(l), a.source()
	if a.sourceFirst() {
		return slices.Concat(out, source, shim)
	}
	return slices.Concat(out, shim, source)
}

// avoid is what people should do otherwise.
func (a advising) avoid() []Advice {
	why := ""
	switch a.r.Class {
	case StoppedHolder:
		why = "stop and debug no process that may hold a lock: cyrlock stack shows what it does and stops nothing"
	case StaleInode:
		why = "delete or restore no file while Cyrus has it open: stop Cyrus first, or restore beside it"
	case OutsideHolder:
		why = "have it lock no file of the mail server's: let it work on a snapshot or a copy"
	default:
		return nil
	}
	return []Advice{{Action: "avoid", Effect: contains, Risk: "none", Why: why}}
}

// noLimit says why a timed lock must not be, or would not help.
func (a advising) noLimit() string {
	cyrus := a.g.s.Host.Cyrus
	file := a.c.blocked[0].file
	if len(a.c.busiest) > 0 && a.c.busiest[a.r.PID] != nil {
		file = a.c.busiest[a.r.PID]
	}
	switch k := a.r.Kind; {
	case k == MailboxesDB || k == UserNamespace:
		return "none would bound it, and none must: " + LossOf(k, cyrus.Version).What
	case a.r.Class == WorkingHolder:
		return "it would turn a slow answer into an error"
	case !a.cyrusWaits():
		return "those who wait are no part of Cyrus, and it works in Cyrus's programs only"
	case a.r.Lock == evidence.OFD:
		return "it is a lock of the open file (F_OFD_SETLKW), which Cyrus's own lock code does not ask for"
	case a.r.Lock == evidence.Flock && cyrus.Lock == "fcntl", a.r.Lock == evidence.Posix && cyrus.Lock == "flock":
		return fmt.Sprintf("Cyrus locks with %s here, and they do not wait in its lock code", cyrus.Lock)
	case slices.Contains(networkFS, file.FS):
		return "the file is on " + file.FS + ", and it was not tried there"
	case k == MailboxName:
		return "the locks of names and of users lie in one folder, and those of users must have none; cyrlock fix cancel gets a session out, at low risk"
	case k == Other || k == Accept:
		return "what Cyrus does after a time-out on this file was not tried"
	}
	return ""
}

// cyrusWaits: somebody who waits is of Cyrus, or nothing is known of those who wait.
func (a advising) cyrusWaits() bool {
	known := false
	for _, pid := range a.r.waiting() {
		if p := a.g.people[pid]; p != nil {
			if p.Cyrus {
				return true
			}
			known = true
		}
	}
	return !known
}

// sourceFirst: up to 2.1 every wait for a seen file goes through the one call that is
// patched, and up to 2.3 every wait for header and index does.
func (a advising) sourceFirst() bool {
	v := a.version()
	to := release{2, 3, 99}
	if a.r.Kind == Seen {
		to = release{2, 1, 99}
	}
	return v.known() && v.within(release{}, to) && !a.packaged()
}

func (a advising) version() release { return releaseOf(a.g.s.Host.Cyrus.Version) }

// packaged: its programs are where packages put them; what is built by hand goes to
// /usr/cyrus/bin, /usr/local or /opt.
func (a advising) packaged() bool {
	for _, pid := range a.r.waiting() {
		if p := a.g.people[pid]; p != nil && p.Cyrus {
			for _, dir := range []string{"/usr/lib/", "/usr/lib64/", "/usr/libexec/", "/usr/sbin/"} {
				if strings.HasPrefix(p.Exe, dir) {
					return true
				}
			}
		}
	}
	return false
}

// usualBound is that of MAXTIME 99: 1, 4, 9 … 81 s.
const usualBound = "285 s"

// shim bounds reads and writes, by file. Databases but those of seen files are left
// out: Cyrus takes a read that timed out for an entry that is not there.
func (a advising) shim(l limit) []Advice {
	s := Advice{Action: "shim", Effect: contains, Risk: "some", Command: "cyrlock fix shim install"}
	what := "seen files"
	switch a.r.Kind {
	case Seen:
	case Index, Header:
		what = "seen files and cyrus." + string(a.r.Kind)
		s.Command += " --paths '*.seen:*/seen.db:*/cyrus." + string(a.r.Kind) + "'"
	default:
		return nil
	}
	s.Why = fmt.Sprintf("waits for %s end after %s%s; %s", what, usualBound, a.eachTime(), a.oldCode())
	if l.loaded {
		s.Why += "; the timed lock that is loaded leaves this file out"
	}
	s.Loses = a.timeout()
	return []Advice{s}
}

// source bounds what goes through lock_reopen.
func (a advising) source() []Advice {
	v := a.version()
	after := func(from release) bool { return v.known() && !v.before(from) }
	s := Advice{Action: "source", Effect: contains, Risk: "some", Command: "cyrlock fix source DIR"}
	switch k := a.r.Kind; {
	case (k == Index || k == Header) && after(release{2, 4, 0}):
		return nil // locked by other calls
	case k == Index || k == Header:
		s.Why = "waits for cyrus." + string(k) + " end after " + usualBound + a.eachTime()
		if !v.known() {
			s.Why += ", up to Cyrus 2.3; later ones lock it by another call"
		}
	case k == Seen && v.known() && !after(release{2, 2, 0}):
		s.Why = fmt.Sprintf("waits for seen files end after %s%s, all of them in Cyrus 2.0 and 2.1", usualBound, a.eachTime())
	default:
		s.Why = "bounds who writes, after " + usualBound + a.eachTime()
		switch {
		case after(release{2, 5, 0}):
			s.Why += "; who opens or reads waits as before, unless --also-shared is said"
		case after(release{2, 2, 0}):
			s.Why += "; who opens or reads waits as before"
		case !v.known():
			s.Why += "; from Cyrus 2.2 on who opens or reads waits as before (from 2.5 on: --also-shared)"
		}
		if k == Seen {
			s.Why += "; fix shim bounds both"
		}
	}
	s.Why += "; takes a rebuild; " + a.oldCode()
	if a.replaced() != "" {
		s.Why += "; if what is there now has the timed lock, start Cyrus anew"
	}
	s.Loses = a.timeout()
	return []Advice{s}
}

// eachTime says what a limit does for this class, besides that it ends waits.
func (a advising) eachTime() string {
	switch a.r.Class {
	case Cycle, SelfDeadlock:
		return ", circles too"
	case LostWakeup:
		return ", and a lost wake-up heals at the next try"
	case OrphanLock, ForeignHolder, StoppedHolder, UninterruptibleHolder, OutsideHolder:
		return " each time"
	}
	return ""
}

// timeout is what a time-out on this lock costs.
func (a advising) timeout() string {
	return "on a time-out: " + LossOf(a.r.Kind, a.g.s.Host.Cyrus.Version).What
}

// oldCode says who goes on without the limit.
func (a advising) oldCode() string {
	n := 0
	for _, s := range a.g.s.Host.Cyrus.Services {
		n += s.Running
	}
	known := 0
	for _, p := range a.g.people {
		if p.Cyrus {
			known++
		}
	}
	n = max(n, known)
	out := fmt.Sprintf("the %s processes that run now keep the old code until Cyrus is restarted", evidence.Thousands(n))
	switch n {
	case 0:
		out = "what runs now keeps the old code until Cyrus is restarted"
	case 1:
		out = "the 1 process that runs now keeps the old code until Cyrus is restarted"
	}
	return out + a.replaced()
}
