package cyrus

import (
	"fmt"
	"path"
	"strings"

	"cyrlock/evidence"
)

// SeenPaths are the places where this user's seen file should be, the likeliest
// first, each with the rule that names it. The release and imapd.conf decide;
// nothing is looked up on the disk, and what a process really has open wins over
// all of them (see [Server.SeenOf]).
//
// From 3.6 on the folder is the unique id of the INBOX, which only mailboxes.db
// knows: that place comes as a pattern for [path.Match].
//
// There are none without a configdirectory, or for a text that no userid can be.
func (s Server) SeenPaths(user string) []evidence.SeenPath {
	dir := s.known.ConfigDir
	if dir == "" || !userid(user) {
		return nil
	}
	if s.options.on("username_tolower", true) {
		user = strings.ToLower(user)
	}
	major, minor := s.release()
	full := s.options.on("fulldirhash", false)
	var paths []evidence.SeenPath
	add := func(file, how string) {
		for _, p := range paths {
			if p.Path == file {
				return
			}
		}
		paths = append(paths, evidence.SeenPath{Path: file, How: how})
	}
	file, rule := s.named(user, full)
	uuid := func() {
		add(path.Join(dir, "user/uuid/*/*/*/seen.db"), fmt.Sprintf("layout of 3.6 and later: the folder is a mailbox id that imapd.conf does not tell; ask mbpath -u -U %s", quoted(user)))
	}
	switch {
	case major == 0:
		add(file, rule)
		first, how := s.named(user, false)
		add(first, how)
		uuid()
	case major == 2 && minor == 0:
		// 2.0 hashes by the first letter whatever imapd.conf says.
		add(path.Join(dir, "user", firstLetter(user), user+".seen"), "Cyrus 2.0: configdirectory + first letter of the userid")
	case major == 2 || major == 3 && minor < 6:
		add(file, rule)
	default:
		if !s.options.on("mailbox_legacy_dirs", false) {
			uuid()
			rule += "; where the mailbox is older than 3.6"
		}
		add(file, rule)
	}
	return paths
}

// named is the seen file that carries the user's name, releases 2.1 to 3.4, and
// later ones for mailboxes in the old layout. hashimapspool has no part in it:
// that is for the spool.
func (s Server) named(user string, full bool) (file, how string) {
	dir, where := s.known.ConfigDir, "user"
	local, domain := user, ""
	if at := strings.LastIndexByte(user, '@'); at > 0 && s.virtual() {
		local, domain = user[:at], user[at+1:]
	}
	if domain != "" && !strings.EqualFold(domain, s.options["defaultdomain"]) {
		where = path.Join("domain", dirHash(domain, full), domain, "user")
	}
	where = path.Join(where, dirHash(local, full), local+".seen")
	rule := "first letter"
	if full {
		rule = "fulldirhash"
	}
	return path.Join(dir, where), fmt.Sprintf("from imapd.conf: configdirectory + %s (%s)", where, rule)
}

// virtual tells whether "user@domain" names a domain, and not just a user.
func (s Server) virtual() bool {
	switch v := strings.ToLower(s.options["virtdomains"]); v {
	case "", "off", "no", "0", "f", "false", "n":
		return false
	}
	return true
}

// SeenOf tells whether a file that p has open is this user's seen file: by its
// name, or, where the name is a mailbox id (3.6 and later), because p serves that
// user. It says how that is known.
func (s Server) SeenOf(user, file string, p *evidence.Process) (evidence.SeenPath, bool) {
	file = strings.TrimSuffix(file, " (deleted)")
	if s.options.on("username_tolower", true) {
		user = strings.ToLower(user)
	}
	base := path.Base(file)
	names := []string{user + ".seen"}
	if at := strings.LastIndexByte(user, '@'); at > 0 && s.virtual() {
		domain := user[at+1:]
		names = nil
		if strings.Contains(file, "/"+domain+"/user/") || strings.EqualFold(domain, s.options["defaultdomain"]) {
			names = []string{user[:at] + ".seen"}
		}
	}
	match := false
	for _, n := range names {
		// ".NEW" is the copy that the flat format writes before it renames it.
		match = match || base == n || base == n+".NEW"
	}
	if !match && strings.HasPrefix(base, "seen.db") && strings.Contains(file, "/user/uuid/") {
		match = p.User != "" && p.User == user
	}
	if !match {
		return evidence.SeenPath{}, false
	}
	what := p.Service
	if what == "" {
		what = p.Comm
	}
	return evidence.SeenPath{Path: file, How: fmt.Sprintf("observed: %s %d has it open", evidence.Clean(what), p.PID)}, true
}

// userid tells whether a text can be a userid at all.
func userid(s string) bool {
	return s != "" && len(s) < 500 && s != "." && s != ".." && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == '/' || r == 0x7f })
}

// quoted is a word that can be pasted into a shell.
func quoted(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune("@.-_+", r) && !serviceName(string(r)) }) {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}
