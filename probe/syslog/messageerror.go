package syslog

import (
	"strings"

	"cyrlock/evidence"
)

// lockError reads what stands after "IOERROR: " where a lock was not to be had:
//
//	locking /path: Resource temporarily unavailable          2.0 to 3.4
//	locking header for user.jwade: …, locking index for …    2.0 to 2.3
//	locking user.jwade: …                                    2.4
//	lock_shared /path: …, lock_setlock: /path: …             2.1 to 3.4
//	lock_reopen failed: action=<locking> fname=</path> syserror=<…> func=<…>   3.6 on,
//
// and, with filename=, mailbox= and the like, lock_reopen_ex, lock_shared, lock_blocking,
// lock_setlock, lock and "lock index".
func lockError(s string) *evidence.LogMessage {
	m := &evidence.LogMessage{Kind: evidence.LogLockError}
	if what, fields, ok := strings.Cut(s, " failed: "); ok && (what == "lock" || what == "lock index" || strings.HasPrefix(what, "lock_")) {
		m.File, m.Mailbox = field(fields, "fname"), field(fields, "mailbox")
		if m.File == "" {
			m.File = field(fields, "filename")
		}
		m.Detail = field(fields, "syserror")
		if m.Detail == "" {
			m.Detail = field(fields, "error")
		}
		if action := field(fields, "action"); action != "" && action != "locking" {
			m.Detail = strings.TrimSuffix(action+": "+m.Detail, ": ")
		}
		return m
	}
	switch {
	case cut(&s, "locking "):
	case cut(&s, "lock_shared "), cut(&s, "lock_setlock: "), cut(&s, "lock_setlock "):
	default:
		return nil
	}
	if at := strings.LastIndex(s, ": "); at >= 0 {
		s, m.Detail = s[:at], s[at+2:]
	}
	for _, of := range []string{"header for ", "index for ", "cache for ", "quota for ", "quota file ", "quota ", "lock file "} {
		if cut(&s, of) {
			break
		}
	}
	if strings.HasPrefix(s, "/") {
		m.File = s
	} else {
		m.Mailbox = s
	}
	return m
}

// field is the value of name=<value>. A value may hold a ">", but not before a space.
func field(s, name string) string {
	for at := 0; ; {
		i := strings.Index(s[at:], name+"=<")
		if i < 0 {
			return ""
		}
		at += i
		if at > 0 && s[at-1] != ' ' {
			at++
			continue
		}
		value := s[at+len(name)+2:]
		if end := strings.Index(value, "> "); end >= 0 {
			return value[:end]
		}
		return strings.TrimSuffix(value, ">")
	}
}
