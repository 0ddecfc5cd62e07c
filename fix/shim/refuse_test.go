package shim

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cyrlock/fix/timedlock"
)

// A library of another version, or a damaged one, is not replaced unasked.
func TestAnotherVersion(t *testing.T) {
	y := newYard(t, true)
	old, l := version("0123456789ab"), version(Source())
	y.apply(y.install(old, debian(), "", standard()))
	_, err := y.Install(l, debian(), "", standard())
	if err == nil || !strings.Contains(err.Error(), "another version is installed (0123456789ab, this one is "+Source()) || !strings.Contains(err.Error(), "--replace") {
		t.Error(err)
	}
	o := standard()
	o.Replace = true
	y.apply(y.install(l, debian(), "", o))
	in, err := y.Look()
	if err != nil || len(in.Libraries) != 2 || len(in.Loaders) != 1 || filepath.Base(in.Loaders[0].Library) != l.Name() {
		t.Errorf("%+v, %v", in, err)
	}
	// The old one may still be loaded: it stays for remove.
	if got := y.texts(y.remove()); strings.Count(got, ".so") != 2 {
		t.Errorf("%s", got)
	}

	file := filepath.Join(y.Dir, l.Name())
	y.write(file, string(l.Body)+"x", 0o755)
	if _, err := y.Install(l, debian(), "", standard()); err == nil || !strings.Contains(err.Error(), "changed or damaged") {
		t.Error(err)
	}
	if wrong := y.Sound(nil); len(wrong) != 1 || !strings.Contains(wrong[0], "changed or damaged") {
		t.Error(wrong)
	}
	y.apply(y.install(l, debian(), "", o))
	if wrong := y.Sound(nil); len(wrong) != 0 {
		t.Error(wrong)
	}
	y.write(file, "#!/bin/sh\n", 0o755)
	if _, err := y.Install(l, debian(), "", standard()); err == nil || !strings.Contains(err.Error(), "not a library") {
		t.Error(err)
	}
}

// What would do harm, or nothing, is refused before anything is written, and the
// refusal says what to do.
func TestRefusals(t *testing.T) {
	l := version(Source())
	for _, c := range []struct {
		name  string
		spoil func(*yard, *Server, *Options) (unit string)
		want  string
	}{
		{"no time", func(_ *yard, _ *Server, o *Options) string { o.Schedule = timedlock.Schedule{}; return "" }, "longest sleep of 0 s"},
		{"mailboxes.db", func(_ *yard, _ *Server, o *Options) string { o.Paths = []string{"*/mailboxes.db"}; return "" }, "mail for it bounces. Choose a narrower pattern, or allow it: --accept bounced-mail"},
		{"the server's mailboxes.db", func(_ *yard, s *Server, o *Options) string {
			s.Dirs, o.Paths = []string{"/srv/mail"}, []string{"/srv/mail/*"}
			return ""
		}, "covers /srv/mail/mailboxes.db"},
		{"a mailbox list of another name", func(_ *yard, s *Server, o *Options) string {
			s.Mailboxes, o.Paths = "/srv/list.db", []string{"*/seen.db", "/srv/list*"}
			return ""
		}, "that covers /srv/list.db, which is the mailbox list (mboxlist_db_path"},
		{"everything", func(_ *yard, _ *Server, o *Options) string {
			o.Paths, o.Accept = []string{"*"}, []string{"bounced-mail"}
			return ""
		}, "--accept unlocked-writes"},
		{"accept locks", func(_ *yard, _ *Server, o *Options) string { o.Paths = []string{"*/socket/*.lock"}; return "" }, "accept locks"},
		{"half a path", func(_ *yard, _ *Server, o *Options) string { o.Paths = []string{"user/j/jwade.seen"}; return "" }, "begin with / or *"},
		{"no pattern", func(_ *yard, _ *Server, o *Options) string { o.Paths = []string{"*.seen", ""}; return "" }, "begin with / or *"},
		{"control characters", func(_ *yard, _ *Server, o *Options) string { o.Paths = []string{"*\nEnvironment=X"}; return "" }, "no control character"},
		{"too many", func(_ *yard, _ *Server, o *Options) string {
			o.Paths = []string{"/" + strings.Repeat("x", maxList)}
			return ""
		}, "room for 1022"},
		{"too many programs", func(_ *yard, _ *Server, o *Options) string {
			o.Programs = []string{"/" + strings.Repeat("x", maxList-20)}
			return ""
		}, "--programs"},
		{"other words", func(_ *yard, _ *Server, o *Options) string { o.Accept = []string{"yes"}; return "" }, "the words are bounced-mail, unlocked-writes"},
		{"no unit", func(_ *yard, _ *Server, _ *Options) string { return "../../etc/passwd" }, "cyrus-imapd.service"},
		{"a unit without systemd", func(y *yard, _ *Server, _ *Options) string { y.Systemd = ""; return "a.service" }, "systemd does not run here"},
		{"no server", func(_ *yard, s *Server, _ *Options) string { *s = Server{}; return "" }, "--unit"},
		{"a container", func(_ *yard, s *Server, _ *Options) string { s.Elsewhere = true; return "" }, "container"},
		{"32 bits", func(_ *yard, s *Server, _ *Options) string { s.Narrow = true; return "" }, "of 32 bits"},
		{"everybody's folder", func(y *yard, _ *Server, _ *Options) string {
			_ = os.Chmod(filepath.Dir(y.Dir), 0o777)
			return ""
		}, "can be written by others"},
		{"a closed folder", func(y *yard, _ *Server, _ *Options) string { _ = os.Chmod(filepath.Dir(y.Dir), 0o700); return "" }, "closed to other users"},
		{"everybody's units", func(y *yard, _ *Server, _ *Options) string { _ = os.Chmod(y.Systemd, 0o775); return "" }, "can be written by others"},
		{"somebody's folder", func(y *yard, _ *Server, _ *Options) string {
			if os.Geteuid() != 0 {
				y.t.Skip("NOT TESTED: only root can give a folder away")
			}
			_ = os.Chown(filepath.Dir(y.Dir), 65534, 65534)
			return ""
		}, "belongs to user 65534"},
		{"a link", func(y *yard, _ *Server, _ *Options) string { _ = os.Symlink("/etc", y.Dir); return "" }, "symbolic link"},
		{"a file", func(y *yard, _ *Server, _ *Options) string { y.write(y.Dir, "", 0o644); return "" }, "no folder"},
		{"a strange path", func(y *yard, _ *Server, _ *Options) string { y.Dir = "/opt/a b"; return "" }, "plain absolute path"},
		{"another's drop-in", func(y *yard, _ *Server, _ *Options) string {
			y.write(y.dropIn("cyrus-imapd.service"), "[Service]\n", 0o644)
			return ""
		}, "not written by cyrlock"},
	} {
		t.Run(c.name, func(t *testing.T) {
			y := newYard(t, true)
			s, o := debian(), standard()
			unit := c.spoil(y, &s, &o)
			p, err := y.Install(l, s, unit, o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v; want a word of %q", err, c.want)
			}
			if len(p.Changes) > 0 {
				t.Errorf("a plan all the same: %+v", p)
			}
		})
	}
}

// The one file that loads a library into every program is never read for a change.
func TestNeverEverywhere(t *testing.T) {
	if _, err := contents(forbidden); err == nil || !strings.Contains(err.Error(), "never touched") {
		t.Error(err)
	}
}

// With the word, it is planned, and the consequence is among the warnings.
func TestAccepted(t *testing.T) {
	y := newYard(t, true)
	o := standard()
	o.Paths, o.Accept = []string{"*/mailboxes.db"}, []string{"bounced-mail", "unlocked-writes"}
	p := y.install(version(Source()), debian(), "", o)
	said := strings.Join(p.Warnings, "\n")
	if !strings.Contains(said, "Accepted, bounced-mail: ") || !strings.Contains(said, "Accepted, unlocked-writes: ") || !strings.Contains(said, "Only for seen files") {
		t.Error(said)
	}
	if !strings.Contains(string(p.Changes[1].File.New), `"CYRLOCK_SHIM_ACCEPT=bounced-mail:unlocked-writes"`) {
		t.Errorf("%s", p.Changes[1].File.New)
	}
}

// The pattern of the command line and the library's own mean the same.
func TestMatches(t *testing.T) {
	needs(t, "cc")
	own := workshop.once(t, "matches", func(file string) error {
		out, err := exec.Command("cc", "-I", "source", "-o", file, "testdata/matches.c").CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		return nil
	})
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"*.seen", "/var/imap/user/j/jwade.seen", true},
		{"*.seen", "/var/imap/user/j/jwade.seen.NEW", false},
		{"*/seen.db", "/a/seen.db", true},
		{"*/seen.db", "/a/xseen.db", false},
		{"/a?c", "/abc", true}, {"/a?c", "/ac", false}, {"*", "/", true}, {"", "", true}, {"", "/", false},
		{"/*a*b*c", "/aXbXcXc", true}, {"/*a*b*c", "/aXbXcXd", false}, {"/a**", "/a", true},
	} {
		if got := matches(c.pattern, c.name); got != c.want {
			t.Errorf("%q, %q: %v", c.pattern, c.name, got)
		}
		if c.pattern == "" {
			continue // in a list of patterns that is none
		}
		for _, list := range []string{c.pattern, "/x:" + c.pattern, c.pattern + ":/x"} {
			if got := exec.Command(own, list, c.name).Run() == nil; got != c.want {
				t.Errorf("the library: %q, %q: %v", list, c.name, got)
			}
		}
	}
}

// Where the mailbox list is, as imapd.conf says.
func TestMailboxesOfAnotherName(t *testing.T) {
	for conf, want := range map[string]string{
		"":                                      "",
		"configdirectory: /srv\n":               "",
		"mboxlist_db_path: /srv/mailboxes.db":   "",
		"mboxlist_db_path:\n":                   "",
		"mboxlist_db_path: list.db\n":           "",
		"a: b\nMboxlist_DB_Path:  /srv/list.db": "/srv/list.db",
		"mboxlist_db_path: {configdirectory}/db/../list.db\n": "/var/imap/list.db",
	} {
		if got := mailboxes(says(conf)("mboxlist_db_path"), "/var/imap"); got != want {
			t.Errorf("%q: %q, want %q", conf, got, want)
		}
	}
	o := standard()
	o.Paths, o.Accept = []string{"/srv/*"}, []string{"bounced-mail"}
	if err := o.spares("/srv/list.db"); err != nil {
		t.Error(err)
	}
	if err := standard().spares("/srv/list.db"); err != nil {
		t.Error(err)
	}
}
