package diagnose

import "fmt"

// A Loss is what Cyrus does when it is refused a lock, be it that the wait was
// cancelled or that a time limit passed.
type Loss struct {
	Risk      string // as in [Advice]
	What      string // a clause, without a full stop
	Dangerous bool   // never without force, and never by a time limit
}

// LossOf says what is lost with the lock on a file of this kind, in this release
// ("2.3.16"; empty: unknown). Seen on 2.0.16 and 3.6.1, for the rest read in the
// source of the releases; docs/fixes.md has the table.
func LossOf(k Kind, version string) Loss {
	switch k {
	case Seen:
		return Loss{Risk: "some", What: seenLoss(releaseOf(version))}
	case MailboxName:
		return Loss{Risk: "low", What: "the client is told that the mailbox is locked; a delivery is put off (451) and comes again"}
	case Index, Header, Quota:
		return Loss{Risk: "low", What: "the client is told of a System I/O error; a delivery is put off (451) and comes again"}
	case MailboxesDB:
		return Loss{Risk: "high", Dangerous: true, What: "mailboxes then seem not to exist, so that mail bounces (550), or the imapd ends"}
	case UserNamespace:
		return Loss{Risk: "high", Dangerous: true, What: "Cyrus then goes on WITHOUT the lock, so that two may write to one user's files at once, or the imapd ends"}
	}
	return Loss{Risk: "some", What: "its command fails with an error; what else it does then was not tried for this file"}
}

// seenLoss: index.c of 2.1.0 to 2.3.13 uses the seen file again that it has closed;
// by 2.3.20 that is mended.
func seenLoss(v release) string {
	const marks = `what was marked as read (\Seen) may be lost, although the client is told OK`
	switch {
	case !v.known():
		return marks + "; an imapd of 2.1 to 2.3 ends"
	case v.within(release{2, 1, 0}, release{2, 3, 13}):
		return "the imapd of this version ends afterwards (an assertion fails): its client must log in again"
	case v.within(release{2, 3, 14}, release{2, 3, 19}):
		return marks + "; the imapd of this version may end afterwards (an assertion fails)"
	}
	return marks
}

// A release of Cyrus: 2.3.13. Zero is unknown.
type release [3]int

func releaseOf(version string) (v release) {
	_, _ = fmt.Sscanf(version, "%d.%d.%d", &v[0], &v[1], &v[2]) // what is not there stays 0
	return v
}

func (v release) known() bool { return v != release{} }

// within: from and to included.
func (v release) within(from, to release) bool { return !v.before(from) && !to.before(v) }

func (v release) before(w release) bool {
	for i := range v {
		if v[i] != w[i] {
			return v[i] < w[i]
		}
	}
	return false
}
