package conf

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func write(t testing.TB, name, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// where is the route in one line: "mail.log syslog? stop".
func where(c Config, facility, severity int) string {
	var all []string
	for _, h := range c.Route(facility, severity) {
		name := string(h.Kind)
		if h.Kind == ToFile {
			name = filepath.Base(h.Path)
		}
		if !h.Sure {
			name += "?"
		}
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

const (
	mail   = 2
	local6 = 22
)

func TestRsyslogRoutes(t *testing.T) {
	tests := map[string]struct {
		text                    string
		mailDebug, mailNotice   string
		localDebug, localNotice string
	}{
		"Debian 12": {`
module(load="imuxsock") # local messages
$WorkDirectory /var/spool/rsyslog
*.*;auth,authpriv.none		-/var/log/syslog
auth,authpriv.*			/var/log/auth.log
cron.*				-/var/log/cron.log
mail.*				-/var/log/mail.log
*.emerg				:omusrmsg:*
`, "syslog mail.log", "syslog mail.log", "syslog", "syslog"},
		"Debian 10": {`
$ModLoad imuxsock
auth,authpriv.*			/var/log/auth.log
mail.*				-/var/log/mail.log
mail.err			/var/log/mail.err
*.=debug;\
	auth,authpriv.none;\
	news.none;mail.none	-/var/log/debug
*.=info;*.=notice;*.=warn;\
	auth,authpriv.none;\
	cron,daemon.none;\
	mail,news.none		-/var/log/messages
`, "mail.log", "mail.log", "debug", "messages"},
		"RHEL 9": {`
global(workDirectory="/var/lib/rsyslog")
module(load="builtin:omfile" Template="RSYSLOG_TraditionalFileFormat")
module(load="imuxsock" SysSock.Use="off")
module(load="imjournal"
       StateFile="imjournal.state")
include(file="/nowhere/*.conf" mode="optional")
#kern.*                                                 /dev/console
*.info;mail.none;authpriv.none;cron.none                /var/log/messages
authpriv.*                                              /var/log/secure
mail.*                                                  -/var/log/maillog
*.emerg                                                 :omusrmsg:*
uucp,news.crit                                          /var/log/spooler
local7.*                                                /var/log/boot.log
`, "maillog", "maillog", "", "messages"},
		"stopped":      {"mail.debug ~\nmail.* /a/b", "stop", "stop", "", ""},
		"stopped low":  {"if $syslogfacility-text == 'mail' and $syslogseverity > 6 then stop\n*.* /a/b\n& stop\n*.* /a/c", "stop", "b stop", "b stop", "b stop"},
		"and a stop":   {"mail.info /a/b\n& stop\n*.* /a/c", "c", "b stop", "c", "c"},
		"property":     {":msg, contains, \"[UFW \" -/a/ufw\n& stop\n*.* /a/b", "ufw? stop? b?", "ufw? stop? b?", "ufw? stop? b?", "ufw? stop? b?"},
		"a property":   {":programname,!isequal,\"x\" /a/x\n*.* /a/b", "x? b", "x? b", "x? b", "x? b"},
		"else":         {"if prifilt('mail.info') then { action(type=\"omfile\" file=\"/a/b\") } else {\n /a/c\n}", "c", "b", "c", "c"},
		"else if":      {"if $msg contains 'x' then /a/x\nelse if $syslogfacility == 22 then /a/y", "x?", "x?", "x? y?", "x? y?"},
		"a block":      {"mail.* {\n  action(type=\"omfile\" file=\"/a/b\" template=\"x)}\")\n  stop\n}\n*.* /a/c", "b stop", "b stop", "c", "c"},
		"one line":     {"mail.* { /a/b\nstop }\n*.* action(type='omfile' file='/a/c')", "b stop", "b stop", "c", "c"},
		"a rule set":   {"ruleset(name=\"r\") {\n mail.notice /a/b\n mail.* stop\n}\ncall r\n*.* /a/c", "stop", "b stop", "c", "c"},
		"a maybe call": {"ruleset(name=\"r\") { stop }\nif $msg contains 'x' then call r\n*.* /a/c", "stop? c?", "stop? c?", "stop? c?", "stop? c?"},
		"old sets":     {"$RuleSet r\n*.* /a/b\n$RuleSet RSYSLOG_DefaultRuleset\nlocal6.* /a/c", "", "", "c", "c"},
		"a circle":     {"ruleset(name=\"r\") {\n call r\n mail.* /a/b\n}\ncall r", "b", "b", "", ""},
		"programs":     {"!imap\n*.* /a/b\n!*\n*.* /a/c", "b? c", "b? c", "b? c", "b? c"},
		"dynamic":      {"$template T,\"/a/%programname%.log\"\nmail.* ?T\nmail.* @@loghost:514;T", ".? other", ".? other", "", ""},
		"odd levels":   {"*.=notice;local6.!notice /a/b\nlocal6.!=debug /a/c\nMAIL.Debug;mail.!=debug /a/d", "", "b d", "", ""},
		"not read":     {"no.such /a/b\nmail.* /a/c", "b? c", "b? c", "b?", "b?"},
		"parentheses":  {"if ($syslogfacility-text == 'mail' or $syslogfacility-text == 'local6') and not ($syslogseverity-text == 'debug') then /a/b\n", "", "b", "", "b"},
		"now and then": {"action(type=\"omfile\" file=\"/a/b\" action.execOnlyOnceEveryInterval=\"9\")", "b?", "b?", "b?", "b?"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := Rsyslog(t.Context(), write(t, t.TempDir()+"/rsyslog.conf", test.text))
			if err != nil && name != "not read" {
				t.Error(err)
			}
			got := []string{where(c, mail, Debug), where(c, mail, Notice), where(c, local6, Debug), where(c, local6, Notice)}
			want := []string{test.mailDebug, test.mailNotice, test.localDebug, test.localNotice}
			if name == "dynamic" {
				for i := range want {
					want[i] = strings.ReplaceAll(want[i], ".?", ".")
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("mail.debug, mail.notice, local6.debug, local6.notice\n go to %q\n want %q", got, want)
			}
		})
	}
}

func TestRsyslogIncludes(t *testing.T) {
	dir := t.TempDir()
	main := write(t, dir+"/rsyslog.conf", "$SystemLogRateLimitInterval 2\n$SystemLogRateLimitBurst 50 # few\n$IncludeConfig "+dir+"/d/*.conf\ninclude(file=\""+dir+"/gone.conf\")\n*.* /a/last\n$PrivDropToUser syslog\n")
	write(t, dir+"/d/20.conf", "mail.* /a/20\n$IncludeConfig "+main+"\n")
	write(t, dir+"/d/10.conf", "module(load=\"imjournal\" RateLimit.Interval=\"600\")\nmail.* /a/10")
	c, err := Rsyslog(t.Context(), main)
	if err == nil || !strings.Contains(err.Error(), "gone.conf") {
		t.Errorf("error %v; want that gone.conf is not there", err)
	}
	if got := where(c, mail, Debug); got != "10 20 last" {
		t.Errorf("mail.debug goes to %q", got)
	}
	if len(c.Files) != 3 || c.Modules["imuxsock"]["syssock.ratelimit.burst"].Value != "50" || c.Modules["imuxsock"]["syssock.ratelimit.burst"].Line != 2 ||
		c.Modules["imjournal"]["ratelimit.interval"].Value != "600" || c.Globals["privdroptouser"].Value != "syslog" {
		t.Errorf("read %q: %v, %v", c.Files, c.Modules, c.Globals)
	}
	r := c.Route(mail, Debug)[1]
	if r.Line != 1 || r.File != dir+"/d/20.conf" || r.Text != "mail.* /a/20" {
		t.Errorf("the second rule is %+v", r.Rule)
	}
	if got := c.Paths(mail); !slices.Equal(got, []string{"/a/10", "/a/20", "/a/last"}) {
		t.Errorf("files of mail: %q", got)
	}
}

func FuzzRsyslog(f *testing.F) {
	f.Add("*.*;auth.none -/var/log/syslog\n& stop\n:msg, contains, \"x\" ~\n")
	f.Add("if $syslogseverity <= 6 and ($msg contains 'x' or not prifilt(\"mail.*\")) then { stop } else call r\nruleset(name=\"r\") { /a }")
	f.Add("*.=debug;\\\n mail.none /a\n!x\n$RuleSet q\nforeach ($.i in $!a) do { set $.x = \"}\"; }")
	f.Add("mail.* {\n/a \x12 \xa3} if if if if then then \"")
	name := filepath.Join(f.TempDir(), "rsyslog.conf")
	f.Fuzz(func(t *testing.T, text string) {
		write(t, name, strings.ReplaceAll(strings.ToLower(text), "include", "exclude"))
		c, _ := Rsyslog(t.Context(), name)
		for facility := range Facilities {
			for severity := range Debug + 1 {
				for _, h := range c.Route(facility, severity) {
					if h.Line < 1 || len(h.Text) > 500 || h.Sure && h.Why != "" {
						t.Fatalf("%+v", h)
					}
				}
			}
		}
	})
}
