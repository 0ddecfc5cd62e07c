package diagnose

import (
	"path"
	"regexp"
	"strings"

	"cyrlock/evidence"
)

// A Kind says what a Cyrus file is for, and so what a lock on it stops.
type Kind string

const (
	Seen          Kind = "seen"
	MailboxName   Kind = "mailbox-name"
	UserNamespace Kind = "user-namespace"
	Index         Kind = "index"
	Header        Kind = "header"
	MailboxesDB   Kind = "mailboxes.db"
	Quota         Kind = "quota"
	Subscriptions Kind = "subscriptions"
	Deliver       Kind = "deliver"
	Annotations   Kind = "annotations"
	Conversations Kind = "conversations"
	Accept        Kind = "accept" // idle workers queue on it: never a hang
	Other         Kind = "other"
)

// acceptLock is how Cyrus names the lock that idle workers of a service pass
// around: <configdirectory>/socket/<service>-<n>.lock (master/service.c). It is
// known by its name alone: a machine may run several servers.
var acceptLock = regexp.MustCompile(`/socket/[^/]+-\d+\.lock$`)

// kindOfPath classifies a file by its path, with what imapd.conf says of the
// directories. The layout of every release since 2.0.16 counts.
func kindOfPath(p string, c evidence.Cyrus) Kind {
	if p == "" {
		return Other
	}
	base := strings.TrimSuffix(path.Base(p), ".NEW") // flat databases are rewritten under this name
	switch {
	case acceptLock.MatchString(p):
		return Accept
	case strings.HasSuffix(base, ".lock") && inLockDir(p, c):
		if strings.Contains(base, "*U*") {
			return UserNamespace
		}
		return MailboxName
	case strings.HasSuffix(base, ".seen"), base == "seen.db":
		return Seen
	case base == "cyrus.index":
		return Index
	case base == "cyrus.header":
		return Header
	case base == "mailboxes.db":
		return MailboxesDB
	case strings.Contains(p, "/quota/"), base == "quotas.db", strings.HasPrefix(base, "quotas.db"):
		return Quota
	case strings.HasSuffix(base, ".sub"), base == "sub.db":
		return Subscriptions
	case strings.HasPrefix(base, "deliver"), strings.Contains(p, "/deliverdb/"):
		return Deliver
	case base == "annotations.db", base == "cyrus.annotations":
		return Annotations
	case strings.HasSuffix(base, ".conversations"), base == "conversations.db":
		return Conversations
	}
	return Other
}

func within(p, dir string) bool { return strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/") }

// inLockDir: mboxname_lockpath, or its default <configdirectory>/lock. Without a
// configuration the directory's name must do.
func inLockDir(p string, c evidence.Cyrus) bool {
	switch {
	case c.LockDir != "":
		return within(p, c.LockDir)
	case c.ConfigDir != "":
		return within(p, path.Join(c.ConfigDir, "lock"))
	}
	return strings.Contains(p, "/lock/")
}
