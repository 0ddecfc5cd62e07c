package conf

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSyslogNGRoutes(t *testing.T) {
	const head = `@version: 3.38
@include "scl.conf"
source s_src { system(); internal(); };
source s_net { tcp(ip(127.0.0.1) port(514)); };
destination d_mail { file("/var/log/mail.log" perm(0640)); };
destination d_syslog { file("/var/log/syslog"); };
destination d_debug { file("/var/log/debug"); };
destination d_net { tcp("127.0.0.1" port(1000)); };
filter f_dbg { level(debug); };
filter f_mail { facility(mail) and not filter(f_dbg); };
filter f_syslog3 { not facility(auth, authpriv, mail) and not filter(f_dbg); };
filter f_debug { level(debug) and not facility(auth, authpriv, news, mail); };
filter f_imap { program("^cyrus/imap"); };
`
	tests := map[string][3]string{ // after head: where mail.debug, mail.notice and local6.debug go
		"log { source(s_src); filter(f_mail); destination(d_mail); };\nlog { source(s_src); filter(f_syslog3); destination(d_syslog); };\nlog { source(s_src); filter(f_debug); destination(d_debug); };": {"", "mail.log", "debug"},
		"log { source(s_net); destination(d_mail); };\nlog { source(s_src); destination(d_net); }":                                                                                                        {"other", "other", "other"},
		"log { source(s_src); filter(f_dbg); flags(final); };\nlog { source(s_src); destination(d_syslog); };":                                                                                            {"stop", "syslog", "stop"},
		"log { source(s_src); filter(f_imap); destination(d_mail); flags(final); };\nlog { source(s_src); destination(d_syslog); };":                                                                      {"mail.log? stop? syslog?", "mail.log? stop? syslog?", "mail.log? stop? syslog?"},
		"log { source(s_src); filter { level(info..emerg) or facility(local6); }; destination { file(\"/a/x\"); }; };":                                                                                    {"", "x", "x"},
		"log { source(s_src); log { filter(f_dbg); destination(d_debug); }; log { filter(f_mail); destination(d_mail); }; };":                                                                             {"debug", "mail.log", "debug"},
		"log { source(s_src); destination(d_gone); destination { file(\"/a/$PROGRAM\"); }; if (match('x')) { destination(d_mail); }; };":                                                                  {".? mail.log?", ".? mail.log?", ".? mail.log?"},
		"log { source(s_src); filter { (level(debug)) and not (facility(mail)); }; destination(d_mail); };":                                                                                               {"", "", "mail.log"},
		"log { source { unix-dgram(\"/run/log\"); }; filter(f_gone); destination(d_mail); };":                                                                                                             {"mail.log?", "mail.log?", "mail.log?"},
	}
	for text, want := range tests {
		c, err := SyslogNG(t.Context(), write(t, t.TempDir()+"/syslog-ng.conf", head+text))
		got := [3]string{where(c, mail, Debug), where(c, mail, Notice), where(c, local6, Debug)}
		if err != nil || got != want {
			t.Errorf("%s\n goes to %q, %v\n    want %q", text, got, err, want)
		}
		if strings.Contains(text, "/run/log") != slices.Equal(c.Sockets, []string{"/run/log"}) {
			t.Errorf("%s: sockets %q", text, c.Sockets)
		}
	}
}

func TestSyslogNGIncludes(t *testing.T) {
	dir := t.TempDir()
	main := write(t, dir+"/syslog-ng.conf", "@include \"conf.d/*.conf\"\nlog { source(s);\n destination(d); };")
	write(t, dir+"/conf.d/a.conf", "source s { system(); };\ndestination d { file(/var/log/all); };")
	c, err := SyslogNG(t.Context(), main)
	if got := c.Paths(mail); err != nil || len(c.Files) != 2 || !slices.Equal(got, []string{"/var/log/all"}) {
		t.Fatalf("%q from %q, %v", got, c.Files, err)
	}
	if h := c.Route(mail, Debug)[0]; h.Line != 2 || h.File != dir+"/conf.d/a.conf" {
		t.Errorf("the rule is at %+v", h.Place)
	}
}

func FuzzSyslogNG(f *testing.F) {
	f.Add("source s { system(); }; filter f { level(info..emerg) and not (facility(mail) or filter(f)); };log { source(s); filter(f); destination { file('/a'); }; flags(final); };")
	f.Add("log { log { log { source(x) ; ) } }; \"\\")
	name := filepath.Join(f.TempDir(), "syslog-ng.conf")
	f.Fuzz(func(t *testing.T, text string) {
		write(t, name, strings.ReplaceAll(text, "include", "exclude"))
		c, _ := SyslogNG(t.Context(), name)
		for facility := range Facilities {
			for _, h := range c.Route(facility, Debug) {
				if h.Line < 1 || h.Sure && h.Why != "" {
					t.Fatalf("%+v", h)
				}
			}
		}
	})
}

func TestJournald(t *testing.T) {
	root := t.TempDir()
	write(t, root+"/etc/systemd/journald.conf", "# RateLimitBurst=1\n[Journal]\nStorage = auto\nMaxLevelStore=info\n[Other]\nStorage=none\n")
	write(t, root+"/usr/lib/systemd/journald.conf", "[Journal]\nSplitMode=none\n")
	write(t, root+"/usr/lib/systemd/journald.conf.d/syslog.conf", "[Journal]\nForwardToSyslog=yes\n")
	write(t, root+"/usr/lib/systemd/journald.conf.d/50.conf", "[Journal]\nStorage=none\n")
	write(t, root+"/etc/systemd/journald.conf.d/50.conf", "[Journal]\nMaxLevelStore=debug\nbroken\n")
	j, err := Journald(t.Context(), root)
	if err != nil || len(j.Files) != 3 {
		t.Errorf("read %q, %v", j.Files, err)
	}
	for name, want := range map[string]string{"Storage": "auto", "MaxLevelStore": "debug", "ForwardToSyslog": "yes", "SplitMode": "uid"} {
		if got := j.Default(name, "uid"); got.Value != want {
			t.Errorf("%s is %+v, want %s", name, got, want)
		}
	}
	if o := j.Default("maxlevelstore", ""); o.Line != 2 || o.File != root+"/etc/systemd/journald.conf.d/50.conf" {
		t.Errorf("MaxLevelStore stands at %+v", o.Place)
	}
}

func FuzzJournald(f *testing.F) {
	f.Add("[Journal]\nStorage=auto\n;x\n=\n")
	f.Fuzz(func(t *testing.T, text string) {
		j := Journal{Options: map[string]Option{}}
		j.parse("x", text)
		for name, o := range j.Options {
			if o.Line < 1 || strings.Contains(name, "\n") {
				t.Fatalf("%q: %+v", name, o)
			}
		}
	})
}
