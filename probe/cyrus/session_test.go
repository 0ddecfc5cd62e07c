package cyrus

import (
	"strings"
	"testing"
)

func TestParseNote(t *testing.T) {
	for _, c := range []struct {
		text string
		want session
	}{
		{"imap\tlocalhost [127.0.0.1]\tjwade\tuser.jwade.Sent Items\tIdle\n", session{"imap", "localhost [127.0.0.1]", "jwade", "user.jwade.Sent Items", "Idle"}}, // 2.5 and later
		{"imap\tlocalhost [127.0.0.1]\t\t\t\n", session{service: "imap", client: "localhost [127.0.0.1]"}},
		{"imap\t[::1]\tjwade\n", session{service: "imap", client: "[::1]", user: "jwade"}},
		{"pc [192.0.2.3]\tjwade\tuser.jwade\n", session{client: "pc [192.0.2.3]", user: "jwade", mailbox: "user.jwade"}}, // up to 2.4
		{"[192.0.2.3]\n", session{client: "[192.0.2.3]"}},
		{"pc.example.com\tjwade\tuser.jwade\n", session{client: "pc.example.com", user: "jwade", mailbox: "user.jwade"}},
	} {
		if got, ok := parseNote([]byte(c.text)); !ok || got != c.want {
			t.Errorf("%q: %+v, %v", c.text, got, ok)
		}
	}
	for _, text := range []string{"", "\n", "one", "a b\tc\t\t\t"} {
		if got, ok := parseNote([]byte(text)); ok {
			t.Errorf("%q: %+v; want nothing", text, got)
		}
	}
}

func TestParseTitle(t *testing.T) {
	for _, c := range []struct {
		title    string
		commands bool
		want     session
	}{
		{"imapd: pc [192.0.2.3] jwade user.jwade.My List", false, session{"imapd", "pc [192.0.2.3]", "jwade", "user.jwade.My List", ""}},
		{"imap: pc [192.0.2.3] jwade user.jwade.My List ", true, session{"imap", "pc [192.0.2.3]", "jwade", "user.jwade.My List", ""}},
		{"imap: pc [192.0.2.3] jwade user.jwade.My List Fetch", true, session{"imap", "pc [192.0.2.3]", "jwade", "user.jwade.My List", "Fetch"}},
		{"imap: [192.0.2.3]   ", true, session{service: "imap", client: "[192.0.2.3]"}},
		{"imap: [192.0.2.3]", true, session{service: "imap", client: "[192.0.2.3]"}},
		{"lmtpunix: lmtp [unix socket] ", true, session{service: "lmtpunix", client: "lmtp [unix socket]"}},
		{"pop3: idle", true, session{service: "pop3"}},
	} {
		if got, ok := parseTitle(c.title, c.commands); !ok || got != c.want {
			t.Errorf("%q: %+v, %v", c.title, got, ok)
		}
	}
	for _, title := range []string{"", "imapd -C /etc/imapd.conf", "/usr/bin/x y: z"} {
		if got, ok := parseTitle(title, true); ok {
			t.Errorf("%q: %+v; want nothing", title, got)
		}
	}
}

func FuzzProcFile(f *testing.F) {
	f.Add([]byte("imap\tlocalhost [127.0.0.1]\tjwade\tuser.jwade\tIdle\n"))
	f.Add([]byte("pc [192.0.2.3]\tjwade\tuser.jwade\n"))
	f.Add([]byte("\t\t\t\t\t\t\n\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, ok := parseNote(data)
		if !ok && s != (session{}) {
			t.Errorf("refused, and yet %+v", s)
		}
		for _, field := range []string{s.service, s.client, s.user, s.mailbox, s.command} {
			if strings.ContainsAny(field, "\t\n") || !strings.Contains(string(data), field) {
				t.Errorf("field %q", field)
			}
		}
	})
}

func FuzzTitle(f *testing.F) {
	f.Add("imap: pc [192.0.2.3] jwade user.jwade Fetch", true)
	f.Add("imapd: ][", false)
	f.Add("a: [] ", true)
	f.Fuzz(func(t *testing.T, title string, commands bool) {
		s, ok := parseTitle(title, commands)
		if !ok && s != (session{}) {
			t.Errorf("refused, and yet %+v", s)
		}
		if strings.Contains(s.user, " ") || s.command != "" && !commands {
			t.Errorf("%+v", s)
		}
	})
}
