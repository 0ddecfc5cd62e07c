package cyrus

import "strings"

// A session is what a worker tells about itself.
type session struct {
	service, client, user, mailbox, command string
}

// parseNote reads the file that a worker keeps about itself in the proc directory.
// Releases up to 2.4 write "host\tuser\tmailbox"; later ones
// "service\thost\tuser\tmailbox\tcommand". Fields at the end may be missing.
func parseNote(data []byte) (session, bool) {
	line, _, _ := strings.Cut(string(data), "\n")
	fields := strings.Split(strings.TrimSuffix(line, "\r"), "\t")
	var s session
	to := []*string{&s.service, &s.client, &s.user, &s.mailbox, &s.command}
	// cyrus.conf allows only letters and digits in the name of a service, and
	// Cyrus writes every client's address in brackets: that tells the two apart.
	if strings.Contains(fields[0], "[") || len(fields) == 3 && !serviceName(fields[0]) {
		to = to[1:4]
	} else if len(fields) < 2 || !serviceName(fields[0]) {
		return session{}, false
	}
	for i, field := range fields {
		if i < len(to) {
			*to[i] = field
		}
	}
	return s, true
}

// parseTitle reads a process title as Cyrus sets it: "service: host [address] user
// mailbox", and from 2.5 on, with commands, the command after that. Titles are cut
// to the room that argv and environ leave, and many builds do not set them at all;
// a mailbox may contain spaces. So only what is unmistakable is taken.
func parseTitle(title string, commands bool) (session, bool) {
	name, rest, ok := strings.Cut(title, ": ")
	if !ok || !serviceName(name) {
		return session{}, false
	}
	s := session{service: name}
	open, end := strings.IndexByte(rest, '['), strings.IndexByte(rest, ']')
	if open < 0 || end < open || strings.Count(rest[:open], " ") > 1 {
		return s, true
	}
	s.client = rest[:end+1]
	user, mailbox, _ := strings.Cut(strings.TrimPrefix(rest[end+1:], " "), " ")
	s.user, s.mailbox = user, mailbox
	if i := strings.LastIndexByte(mailbox, ' '); commands && i >= 0 && (i == len(mailbox)-1 || imapCommand(mailbox[i+1:])) {
		s.mailbox, s.command = mailbox[:i], mailbox[i+1:]
	}
	return s, true
}

// serviceName tells whether cyrus.conf would take this as a service's name.
// "_" and "-" are for programs that name themselves.
func serviceName(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// imapCommand tells whether a word is a command as imapd spells it in its title.
func imapCommand(s string) bool {
	switch s {
	case "Append", "Authenticate", "Capability", "Check", "Close", "Compress", "Copy", "Create", "Delete",
		"Deleteacl", "Dump", "Enable", "Esearch", "Examine", "Expunge", "Fetch", "Getacl", "Getannotation",
		"Getmetadata", "Getquota", "Getquotaroot", "Id", "Idle", "List", "Listrights", "Login", "Logout",
		"Lsub", "Move", "Myrights", "Namespace", "Noop", "Rename", "Replace", "Search", "Select", "Setacl",
		"Setannotation", "Setmetadata", "Setquota", "Sort", "Starttls", "Status", "Store", "Subscribe",
		"Thread", "Uid", "Undump", "Unselect", "Unsubscribe", "Xfer", "Xlist", "Xmove":
		return true
	}
	return false
}
