package syslog

import (
	"bytes"
	"fmt"
	"strings"
	"syscall"

	"cyrlock/evidence"
)

// MayMatter tells whether a line may hold a message that [Understand] knows, by a quick
// look at its bytes as they are in the log. Of the others it is certain.
func MayMatter(line []byte) bool {
	return bytes.Contains(line, []byte("lock")) || bytes.Contains(line, []byte(" to death by "))
}

// Understand reads what a line says about a lock or about the end of a process, from its
// text alone; nil: nothing. The forms are those of John Wade's patch, of the timed lock
// (fix/timedlock), and of Cyrus 2.0 to 3.13 (lib/lock_fcntl.c, lib/mappedfile.c,
// lib/cyrusdb_*.c, imap/mailbox.c, master/master.c).
//
// A message begins the text: users choose names and passwords that other lines quote.
func Understand(text string) *evidence.LogMessage {
	text = strings.TrimSpace(unnumbered(text))
	if rest, ok := strings.CutPrefix(text, "lock_reopen-blocked: "); ok {
		return blocked(rest)
	}
	if rest, ok := strings.CutPrefix(text, "IOERROR: "); ok {
		return lockError(rest)
	}
	if rest, ok := strings.CutPrefix(text, "locktimer: "); ok {
		return lockTimer(rest)
	}
	if m := longLock(text); m != nil {
		return m
	}
	return died(text)
}

// unnumbered drops the number that Solaris puts before a message: "[ID 702911 local6.debug] ".
func unnumbered(text string) string {
	if strings.HasPrefix(text, "[ID ") {
		if _, rest, ok := strings.Cut(text, "] "); ok {
			return rest
		}
	}
	return text
}

// blocked reads what stands after "lock_reopen-blocked: ".
func blocked(s string) *evidence.LogMessage {
	m := &evidence.LogMessage{}
	switch {
	case cut(&s, "refused"):
		m.Kind = evidence.LogRefused
		detail, rest, ok := strings.Cut(s, ", pid ")
		m.Detail = strings.Trim(detail, ", ")
		if ok {
			s = "pid " + rest
			m.PID = whole(&s, "pid ", ", ")
			cut(&s, "file ")
			m.File = s
		}
		return m
	case cut(&s, "gave up after "):
		m.Kind = evidence.LogGaveUp
	case cut(&s, "got the lock after "):
		m.Kind = evidence.LogGot
	case cut(&s, "sleeping"):
		m.Kind = evidence.LogSleeping
	default:
		return nil
	}
	sleeping := m.Kind == evidence.LogSleeping
	rest := strings.TrimLeft(s, " ")
	seconds, timed := number(&rest)
	switch {
	case !timed || seconds > longest:
	case sleeping:
		m.Sleep = seconds
	default:
		m.Waited = seconds
	}
	if !timed || !cut(&rest, " s, attempt ") {
		if !sleeping {
			return nil
		}
		return foreign(m, s)
	}
	m.Attempt = whole(&rest, "", " of ")
	m.Of = whole(&rest, "", ", ")
	if cut(&rest, "bound ") {
		m.Bound, _ = number(&rest)
		cut(&rest, " s, ")
	}
	m.PID = whole(&rest, "pid ", ", ")
	if cut(&rest, "file ") {
		m.File = rest
	}
	return m
}

// longest is how long anybody sleeps, in seconds: what is more is not a time.
const longest = 1 << 20

// foreign takes what a site has added to the seed's message: "for 4 seconds", a name.
func foreign(m *evidence.LogMessage, s string) *evidence.LogMessage {
	s = strings.Trim(s, " ,:;")
	m.Detail = s
	if m.Sleep == 0 {
		rest := strings.TrimLeft(strings.TrimPrefix(s, "for "), " (")
		if n, ok := number(&rest); ok && n <= longest {
			m.Sleep = n
		}
	}
	for _, word := range strings.Fields(s) {
		if at := strings.IndexByte(word, '/'); at == 0 || at > 0 && strings.IndexByte(`="<('[`, word[at-1]) >= 0 {
			m.File = strings.TrimRight(word[at:], `,:;.)]>"'`)
			break
		}
	}
	return m
}

// lockTimer reads "reopen /path (12.34s)".
func lockTimer(s string) *evidence.LogMessage {
	if !cut(&s, "reopen ") {
		return nil
	}
	at := strings.LastIndex(s, " (")
	if at < 0 {
		return nil
	}
	rest := s[at+2:]
	waited, ok := number(&rest)
	if !ok || !strings.HasPrefix(rest, "s)") {
		return nil
	}
	return &evidence.LogMessage{Kind: evidence.LogTimer, File: s[:at], Waited: waited}
}

// longLock reads "mailbox: longlock user.jwade for 1.2 seconds"; skiplist and mappedfile
// name a file.
func longLock(s string) *evidence.LogMessage {
	who, rest, ok := strings.Cut(s, ": longlock ")
	if !ok || who == "" || strings.ContainsAny(who, " :[") {
		return nil
	}
	at := strings.LastIndex(rest, " for ")
	if at < 0 {
		return nil
	}
	m := &evidence.LogMessage{Kind: evidence.LogLong, Detail: who}
	if m.File = rest[:at]; !strings.HasPrefix(m.File, "/") {
		m.File, m.Mailbox = "", m.File
	}
	rest = rest[at+len(" for "):]
	if m.Waited, ok = number(&rest); !ok {
		return nil
	}
	return m
}

// died reads "process 24876 exited, signaled to death by 9" (up to 2.4), "process
// type:SERVICE name:imap path:/usr/lib/cyrus/bin/imapd age:12.345s pid:24876 signaled to
// death by signal 9 (Killed)" (2.5 on, with glibc), "… by Killed 9" (elsewhere).
func died(s string) *evidence.LogMessage {
	who, how, ok := strings.Cut(s, " signaled to death by ")
	if !ok {
		return nil
	}
	m := &evidence.LogMessage{Kind: evidence.LogDied, Detail: how}
	if before, rest, found := strings.Cut(who, " pid:"); found {
		if before != "unknown process" && !strings.HasPrefix(before, "process ") {
			return nil
		}
		m.PID = whole(&rest, "", "")
		if _, name, ok := strings.Cut(before, " name:"); ok {
			m.Service, _, _ = strings.Cut(name, " ")
		}
	} else {
		rest, found := strings.CutPrefix(who, "process ")
		if !found {
			return nil
		}
		m.PID = whole(&rest, "", " exited,")
	}
	if m.PID == 0 {
		return nil
	}
	if n, number := decimal([]byte(how)); number {
		m.Detail = fmt.Sprintf("signal %d (%v)", n, syscall.Signal(n))
	}
	return m
}
