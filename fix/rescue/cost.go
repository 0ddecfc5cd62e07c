package rescue

import (
	"fmt"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A cost is what a failed lock call loses.
type cost struct {
	risk      string
	what      string // a sentence
	dangerous bool   // never without force
}

// costOf says what Cyrus does when this lock cannot be had. Seen on 2.0.16 and 3.6.1,
// for the rest read in the source (docs/fixes.md).
func costOf(f evidence.File, version string) cost {
	switch diagnose.Kind(f.Kind) {
	case diagnose.Seen:
		return seenCost(version)
	case diagnose.MailboxName:
		return cost{risk: "low", what: "The client is told that the mailbox is locked; a delivery is put off (451) and comes again."}
	case diagnose.Index, diagnose.Header, diagnose.Quota:
		return cost{risk: "low", what: "The client is told of a System I/O error; a delivery is put off (451) and comes again."}
	case diagnose.MailboxesDB:
		return cost{risk: "high", dangerous: true, what: "mailboxes then seem not to exist, so that mail bounces (550), or the imapd ends"}
	case diagnose.UserNamespace:
		return cost{risk: "high", dangerous: true, what: "Cyrus then goes on WITHOUT the lock, so that two may write to one user's files at once, or the imapd ends"}
	}
	return cost{risk: "some", what: "Its command fails with an error; what else it does then was not tried for this file."}
}

func seenCost(version string) cost {
	var major, minor, patch int
	_, _ = fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch)
	switch {
	case major == 2 && (minor == 1 || minor == 2 || minor == 3 && patch < 20):
		return cost{risk: "some", what: "The imapd of this version ends afterwards (an assertion fails): its client is disconnected."}
	case major == 0:
		return cost{risk: "some", what: "What was marked as read in this session may be lost, although the client is told OK; an imapd of 2.1 to 2.3 ends."}
	}
	return cost{risk: "some", what: "What was marked as read in this session may be lost, although the client is told OK."}
}
