package cyrus

import (
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cyrlock/evidence"
)

// The letters were computed by Cyrus's own dir_hash_c.
func TestDirHash(t *testing.T) {
	for name, want := range map[string]string{
		"jwade": "L", "joe": "B", "joe.smith": "B", "bob": "E", "postmaster": "A",
		"1234": "D", "example.com": "O", "brong": "W", "a": "F",
	} {
		if got := dirHash(name, true); got != want {
			t.Errorf("full: %s is %s, want %s", name, got, want)
		}
	}
	for name, want := range map[string]string{"jwade": "j", "JWade": "j", "1234": "q", "": "q", "é": "q", "@x": "q", "[": "q", "{": "q"} {
		if got := dirHash(name, false); got != want {
			t.Errorf("simple: %q is %s, want %s", name, got, want)
		}
	}
}

// server is one with this configuration and release.
func server(version, conf string) Server {
	o := options{}
	if _, err := parseConf(o, []byte("configdirectory: /imap\n"+conf)); err != nil {
		panic(err)
	}
	var s Server
	s.configure("/etc/imapd.conf", o)
	s.known.Version = version
	return s
}

func TestSeenPaths(t *testing.T) {
	const uuid = "/imap/user/uuid/*/*/*/seen.db"
	for _, c := range []struct {
		version, conf, user string
		want                []string
	}{
		{"2.0.16", "", "jwade", []string{"/imap/user/j/jwade.seen"}},
		{"2.0.16", "fulldirhash: yes", "jwade", []string{"/imap/user/j/jwade.seen"}},
		{"2.3.16", "", "joe.smith", []string{"/imap/user/j/joe.smith.seen"}},
		{"2.4.17", "fulldirhash: yes\nhashimapspool: yes", "joe.smith", []string{"/imap/user/B/joe.smith.seen"}},
		{"3.4.2", "virtdomains: userid", "joe@example.com", []string{"/imap/domain/e/example.com/user/j/joe.seen"}},
		{"3.4.2", "virtdomains: on\nfulldirhash: on", "Joe@Example.com", []string{"/imap/domain/O/example.com/user/B/joe.seen"}},
		{"3.4.2", "virtdomains: yes\ndefaultdomain: example.com", "joe@example.com", []string{"/imap/user/j/joe.seen"}},
		{"3.4.2", "virtdomains: off", "joe@example.com", []string{"/imap/user/j/joe@example.com.seen"}},
		{"3.4.2", "username_tolower: no", "Joe", []string{"/imap/user/j/Joe.seen"}},
		{"3.6.1", "", "1234", []string{uuid, "/imap/user/q/1234.seen"}},
		{"3.6.1", "mailbox_legacy_dirs: yes", "jwade", []string{"/imap/user/j/jwade.seen"}},
		{"", "fulldirhash: yes", "jwade", []string{"/imap/user/L/jwade.seen", "/imap/user/j/jwade.seen", uuid}},
		{"3.4.2", "", "../../etc/passwd", nil},
		{"3.4.2", "", "", nil},
		{"3.4.2", "", "a\nb", nil},
	} {
		var got []string
		for _, p := range server(c.version, c.conf).SeenPaths(c.user) {
			got = append(got, p.Path)
			if p.How == "" {
				t.Errorf("%s: no reason given", p.Path)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s, %q, %q (-want +got):\n%s", c.version, c.conf, c.user, diff)
		}
	}
	if got := (Server{}).SeenPaths("jwade"); got != nil {
		t.Errorf("without a configuration: %+v", got)
	}
	if how := server("3.6.1", "").SeenPaths("o'neil")[0].How; !strings.HasSuffix(how, `mbpath -u -U 'o'\''neil'`) {
		t.Errorf("the command must survive a shell: %s", how)
	}
}

func TestSeenOf(t *testing.T) {
	jwade := &evidence.Process{PID: 7, Service: "imap", User: "jwade"}
	const db = "/imap/user/uuid/6/m/6mlz0n6sgebnt9xhiu32yozy/seen.db"
	plain, domains := server("3.6.1", ""), server("3.4.2", "virtdomains: userid")
	for _, c := range []struct {
		server     Server
		user, file string
		p          *evidence.Process
		want       bool
	}{
		{plain, "jwade", "/var/imap/user/p/jwade.seen", &evidence.Process{PID: 7}, true}, // as the kernel shows it, whatever the hash says
		{plain, "jwade", "/imap/user/j/jwade.seen (deleted)", jwade, true},
		{plain, "jwade", "/imap/user/j/jwade.seen.NEW", jwade, true},
		{plain, "wade", "/imap/user/j/jwade.seen", jwade, false},
		{plain, "jwade", db, jwade, true},
		{plain, "alice", db, jwade, false},
		{plain, "jwade", db, &evidence.Process{PID: 7}, false},
		{plain, "jwade", "/imap/user/uuid/6/m/6mlz/sub.db", jwade, false},
		{domains, "joe@example.com", "/imap/domain/e/example.com/user/j/joe.seen", jwade, true},
		{domains, "joe@example.com", "/imap/domain/e/example.net/user/j/joe.seen", jwade, false},
	} {
		got, ok := c.server.SeenOf(c.user, c.file, c.p)
		if ok != c.want {
			t.Errorf("%s, %s: %v", c.user, c.file, ok)
		}
		if ok && (got.Path != strings.TrimSuffix(c.file, " (deleted)") || !strings.HasPrefix(got.How, "observed: ")) {
			t.Errorf("%s: %+v", c.file, got)
		}
	}
	if ok, err := path.Match(plain.SeenPaths("jwade")[0].Path, db); !ok || err != nil {
		t.Errorf("the pattern does not match %s: %v", db, err)
	}
}
