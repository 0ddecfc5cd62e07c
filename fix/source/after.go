package source

// A consequence is what some releases do when the lock call has given up.
type consequence struct {
	from, to Version
	text     string
}

// consequences holds for lock_reopen and lock_reopen_ex, the newest releases last.
// Source: the code of each release; 2.0.16 and 3.6.1 were also run; that CREATE aborts an imapd of
// 3.6.1 when mailboxes.db cannot be locked was seen there.
func consequences() []consequence {
	const last = 99
	return []consequence{
		{Version{2, 0, 0}, Version{2, 0, last},
			`a message that is delivered or copied is stored, but its \Seen flag is lost; a client that reads gets "* OK Unable to checkpoint \Seen state", and its session goes on`},
		{Version{2, 1, 0}, Version{2, 2, 13},
			"on a .seen file that imapd ends: it closes the seen file and later uses it again (an assertion fails); its client must log in again"},
		{Version{2, 3, 0}, Version{2, 3, 13},
			"on a .seen file that imapd ends: it closes the seen file and later uses it again (an assertion fails); its client must log in again"},
		{Version{2, 3, 14}, Version{2, 3, 19},
			"on a .seen file that imapd may end, as up to 2.3.13; by 2.3.20 this is mended"},
		{Version{2, 0, 0}, Version{2, 3, last},
			"on cyrus.header, cyrus.index or a quota file the client gets an I/O error, and lmtpd answers 451: the sender tries again, nothing is lost"},
		{Version{2, 4, 0}, Version{3, last, last},
			`a delivery that cannot lock a .seen file goes on; the \Seen flag for it is not written`},
		{Version{2, 4, 0}, Version{3, last, last},
			`a session that cannot read a .seen file takes it for empty and writes its own state over it: \Seen changes that others made meanwhile are lost. It asks for the lock twice, so it waits up to twice the bound`},
		{Version{2, 5, 0}, Version{3, last, last},
			"whoever wants to write to another database (annotations, subscriptions, conversations) gets an I/O error"},
	}
}

// unbounded says which waits have no end even so.
func unbounded(s Shape, alsoShared bool) []string {
	const never = "mailboxes.db and user locks are waited for without an end, as before: after a time-out Cyrus would take mailboxes for missing, so that mail bounces, or abort, or write without the lock. The list is known by that name: if mboxlist_db_path in imapd.conf gives it another, its waits get the limit too, and that is not advised."
	switch {
	case alsoShared:
		return []string{never, "--also-shared: a database that cannot be read within the bound counts as one without the entry, for Cyrus takes the error for \"not found\". " +
			"A session that could not read a .seen file takes all messages for unread, and saves that with its next mark: what was read before is lost. cyrlock fix shim keeps sessions from that."}
	case s == Classic:
		return []string{never, "From 2.2 on, who opens or reads a database takes a shared lock first (lock_shared), which stays without an end: behind one who writes it hangs as before. cyrlock fix shim bounds those too, by file."}
	}
	return []string{never, "Who opens or reads a database, a .seen file too, takes a shared lock first (" + map[bool]string{true: "lock_setlock", false: "lock_shared"}[s == Set] +
		"), which stays without an end: behind one who writes it hangs as before. --also-shared bounds those too, and has its dangers; cyrlock fix shim does so by file."}
}

// after says what these releases do, each in a sentence.
func after(v Version, s Shape) (sentences []string) {
	from, to := s.versions()
	known := v.within(from, to)
	if known {
		from, to = v, v
	}
	for _, c := range consequences() {
		switch {
		case to.before(c.from) || c.to.before(from):
		case known:
			sentences = append(sentences, "After a time-out, "+c.text+".")
		default:
			sentences = append(sentences, span(c.from, c.to)+" after a time-out: "+c.text+".")
		}
	}
	return sentences
}

// debug says what it takes to see the messages.
func (s Shape) debug() string {
	const later = "That a process sleeps (lock_reopen-blocked: sleeping) is logged as a notice from the second sleep on, and before as a debug message"
	if s == Classic {
		return later + ", which syslogd must keep: local6.debug."
	}
	return later + ", which Cyrus drops unless imapd.conf says `debug: yes`."
}
