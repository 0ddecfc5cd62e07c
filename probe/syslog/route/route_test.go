package route

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cyrlock/probe/syslog/conf"
)

// A lab is a real rsyslogd with a socket and a configuration of its own.
type lab struct {
	dir  string
	conf string
	cmd  *exec.Cmd
}

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

func newLab(t *testing.T, rules string) *lab {
	t.Helper()
	if _, err := exec.LookPath("rsyslogd"); err != nil {
		if os.Getenv("CI") != "" || os.Getenv("CYRLOCK_TESTS") == "all" {
			t.Fatal("rsyslogd is not there: install rsyslog")
		}
		t.Skip("NOT TESTED: rsyslogd is not there")
	}
	l := &lab{dir: t.TempDir()}
	l.conf = write(t, l.dir+"/rsyslog.conf", strings.ReplaceAll("module(load=\"imuxsock\" SysSock.Name=\"DIR/log\")\n$WorkDirectory DIR\n"+rules+"\n", "DIR", l.dir))
	t.Cleanup(func() { l.stop() })
	l.start(t)
	return l
}

func (l *lab) start(t *testing.T) {
	t.Helper()
	os.Remove(l.dir + "/log")
	l.cmd = exec.Command("rsyslogd", "-n", "-f", l.conf, "-i", l.dir+"/pid")
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); dial(t.Context(), l.dir+"/log") != nil; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("rsyslogd does not listen")
		}
	}
}

func (l *lab) stop() {
	if l.cmd.Process != nil {
		_ = l.cmd.Process.Kill()
		_ = l.cmd.Wait()
	}
}

func (l *lab) request(t *testing.T, imapd string) Request {
	return Request{Conf: write(t, l.dir+"/imapd.conf", imapd), Version: "3.6.1", Debian: true, Socket: l.dir + "/log"}
}

// follow does what a change says.
func follow(t *testing.T, c Change) {
	t.Helper()
	data, err := os.ReadFile(c.File)
	if err != nil && c.Line > 0 {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(data), "\n")
	switch {
	case c.Replace:
		lines[c.Line-1] = c.Put + "\n"
	case c.Line > 0:
		lines = slices.Insert(lines, c.Line-1, c.Put+"\n")
	default:
		lines = append(lines, c.Put+"\n")
	}
	write(t, c.File, strings.Join(lines, ""))
}

func check(t *testing.T, req Request) Route {
	t.Helper()
	r, err := Check(t.Context(), req)
	if err != nil {
		t.Error(err)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
	return r
}

func prove(t *testing.T, req Request, r Route) Route {
	t.Helper()
	r, err := Prove(t.Context(), req, r)
	if err != nil {
		t.Error(err)
	}
	return r
}

// said are the verdicts on debug, notice and err, then the answer.
func said(r Route) (all []Verdict) {
	for _, l := range r.Levels {
		all = append(all, l.Verdict)
	}
	return append(all, r.Verdict)
}

func want(t *testing.T, r Route, verdicts ...Verdict) {
	t.Helper()
	if !slices.Equal(said(r), verdicts) {
		text, _ := json.MarshalIndent(r, "", " ")
		t.Fatalf("said %q, want %q\n%s", said(r), verdicts, text)
	}
}

// What is read agrees with what is proved, and the advice turns it into yes.
func TestAdviceTurnsItToYes(t *testing.T) {
	tests := map[string]struct {
		rules string
		read  []Verdict // debug, notice, err, all: by what is read
		put   string    // file of the first change
	}{
		"all pass":   {"mail.*\t-DIR/mail.log", []Verdict{Yes, Yes, Yes, Yes}, ""},
		"too coarse": {"mail.info\t-DIR/mail.log", []Verdict{No, Yes, Yes, No}, "rsyslog.conf"},
		"a folder":   {"$IncludeConfig DIR/d/*.conf\n*.info\tDIR/messages", []Verdict{No, Yes, Yes, No}, "d/10-cyrus.conf"},
		"stopped":    {"if $syslogfacility-text == 'mail' and $syslogseverity > 6 then {\n  stop\n}\n$IncludeConfig DIR/d/*.conf\n*.*\tDIR/all", []Verdict{No, Yes, Yes, No}, "rsyslog.conf"},
		"only err":   {"*.err\tDIR/errors", []Verdict{No, No, Yes, No}, "rsyslog.conf"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, test.rules)
			req := l.request(t, "debug: yes\n")
			r := check(t, req)
			want(t, r, test.read...)
			want(t, prove(t, req, r), test.read...)
			if test.put == "" {
				return
			}
			if len(r.Changes) != 1 || r.Changes[0].File != filepath.Join(l.dir, test.put) {
				t.Fatalf("changes: %+v", r.Changes)
			}
			t.Log(strings.Join(r.Lines(), "\n"))
			follow(t, r.Changes[0])
			command, _, _ := strings.Cut(r.Changes[0].Command, " && ") // before the restart: it looks whether all is well

			// The daemon has not read it yet: what is read and what is proved differ.
			r = check(t, req)
			want(t, r, Yes, Yes, Yes, Yes)
			if p := prove(t, req, r); p.Verdict != No || !strings.Contains(p.Sentence, "has not read its configuration anew") || len(p.Changes) == 0 {
				t.Errorf("before the restart: %s: %s, %v", p.Verdict, p.Sentence, p.Changes)
			}
			if said, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", command, err, said)
			}
			l.stop()
			l.start(t)
			r = prove(t, req, check(t, req))
			want(t, r, Yes, Yes, Yes, Yes)
			t.Log(r.Sentence)
		})
	}
}

func TestProofDecides(t *testing.T) {
	l := newLab(t, ":msg, contains, \"nothing has happened\" DIR/odd\n& stop\n*.* DIR/all")
	req := l.request(t, "debug: on\n")
	r := check(t, req)
	want(t, r, Unknown, Unknown, Unknown, Unknown)
	r = prove(t, req, r)
	want(t, r, Yes, Yes, Yes, Yes)
	if p := r.Proof.Sent[0]; len(p.Found) != 1 || p.Found[0].Path != l.dir+"/odd" || p.Found[0].Latency <= 0 {
		t.Errorf("found %+v", p.Found)
	}

	l = newLab(t, ":msg, contains, \"level debug\" stop\n*.* DIR/all")
	req = l.request(t, "debug: on\n")
	r = prove(t, req, check(t, req))
	want(t, r, Unknown, Yes, Yes, Unknown)
	if strings.HasPrefix(r.Sentence, "Yes") {
		t.Error(r.Sentence)
	}
}

func TestCyrusDropsDebug(t *testing.T) {
	l := newLab(t, "local3.*\t-DIR/cyrus.log")
	req := l.request(t, "configdirectory: /x\nsyslog_facility: LOCAL3\ndebug: no\n")
	r := prove(t, req, check(t, req))
	want(t, r, Yes, Yes, Yes, No)
	if len(r.Changes) != 1 || r.Changes[0].Line != 3 || r.Changes[0].Put != "debug: yes" || !strings.Contains(r.Sentence, "first message") {
		t.Errorf("%s\n%+v", r.Sentence, r.Changes)
	}
	shim := req
	shim.Shim = true
	want(t, check(t, shim), Yes, Yes, Yes, Yes)
	old := req
	old.Version = "2.4.17" // knows no syslog_facility, and drops nothing
	old.Debian = false
	if r := check(t, old); r.Facility != "local6" || r.Verdict != No || r.Levels[0].Cyrus != Yes {
		t.Errorf("2.4: %s, %s", r.Facility, r.Sentence)
	}
	unknown := req
	unknown.Version = ""
	want(t, check(t, unknown), Yes, Yes, Yes, Unknown)
	gone := req
	gone.Conf = l.dir + "/gone.conf"
	if r, err := Check(t.Context(), gone); err == nil || r.Verdict == Yes {
		t.Errorf("without imapd.conf: %s, %v", r.Sentence, err)
	}
	follow(t, r.Changes[0])
	r = prove(t, req, check(t, req))
	want(t, r, Yes, Yes, Yes, Yes)
	if len(r.Changes) > 0 {
		t.Errorf("all is well, but %+v", r.Changes)
	}
}

func TestNobodyListens(t *testing.T) {
	dir := t.TempDir()
	req := Request{Conf: write(t, dir+"/imapd.conf", "debug: yes\n"), Version: "3.6.1", Socket: dir + "/log"}
	r := prove(t, req, check(t, req))
	want(t, r, No, No, No, No)
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: req.Socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	if r := check(t, req); r.Verdict != Unknown || !strings.Contains(r.Checks[2].Sentence, "route.test") {
		t.Errorf("a stranger listens: %s, %+v", r.Sentence, r.Checks)
	}
	conn.Close() // the name stays
	r = check(t, req)
	want(t, r, No, No, No, No)
	if !strings.HasPrefix(r.Sentence, "No:") || len(r.Changes) != 1 || !strings.Contains(r.Changes[0].Command, "start") {
		t.Errorf("%s %+v", r.Sentence, r.Changes)
	}
}

// A daemon that takes nothing must not keep us.
func TestFullSocket(t *testing.T) {
	dir := t.TempDir()
	req := Request{Conf: write(t, dir+"/imapd.conf", "debug: yes\n"), Version: "3.6.1", Socket: dir + "/log"}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: req.Socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	out, err := net.Dial("unixgram", req.Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	for {
		_ = out.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
		if _, err := out.Write([]byte("x")); err != nil {
			break
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, _ := Check(ctx, req)
	r, _ = Prove(ctx, req, r)
	if ctx.Err() != nil || r.Verdict != No || r.Proof.Sent[0].Error == "" {
		t.Errorf("%v: %s %+v", ctx.Err(), r.Sentence, r.Proof)
	}
}

// What journald keeps, and what is to be changed where it does not.
func TestJournal(t *testing.T) {
	tests := map[string]struct {
		conf string
		want []Verdict
		put  string
	}{
		"by default": {"", []Verdict{Yes, Yes, Yes, Yes}, ""},
		"coarse":     {"MaxLevelStore=info", []Verdict{No, Yes, Yes, No}, "[Journal]\nMaxLevelStore=debug"},
		"nothing":    {"Storage=none", []Verdict{No, No, No, No}, "[Journal]\nStorage=auto"},
		"odd":        {"MaxLevelStore=loud", []Verdict{Unknown, Unknown, Unknown, Unknown}, ""},
	}
	for name, test := range tests {
		root := t.TempDir()
		write(t, root+"/etc/systemd/journald.conf", "[Journal]\n"+test.conf+"\n")
		j, err := conf.Journald(t.Context(), root)
		if err != nil {
			t.Fatal(err)
		}
		r := Route{Facility: "mail", facility: 2}
		for i, s := range []int{conf.Debug, conf.Notice, conf.Err} {
			r.Levels = append(r.Levels, Level{Name: conf.SeverityName(s), Cyrus: Yes, Verdict: Unknown, severity: s, Messages: strconv.Itoa(i)})
		}
		r.journal(j)
		r.conclude(Request{})
		if !slices.Equal(said(r), test.want) || (test.put == "") != (len(r.Changes) == 0) || test.put != "" && (len(r.Changes) != 1 || r.Changes[0].Put != test.put) {
			t.Errorf("%s: %q, %s, %+v", name, said(r), r.Sentence, r.Changes)
		}
	}
}

// Behind journald a syslog daemon gets what that hands on, and no more.
func TestBehindJournald(t *testing.T) {
	tests := map[string]struct {
		journald, rsyslog string
		want              []Verdict
		files             string // of debug
	}{
		"read from the journal": {"", "module(load=\"imjournal\")\nmail.* /a/mail.log", []Verdict{Yes, Yes, Yes, Yes}, "/a/mail.log"},
		"kept by the journal":   {"", "module(load=\"imjournal\")\nmail.info /a/mail.log", []Verdict{Yes, Yes, Yes, Yes}, ""},
		"never stored":          {"MaxLevelStore=info", "module(load=\"imjournal\")\nmail.* /a/mail.log", []Verdict{No, Yes, Yes, No}, ""},
		"forwarded":             {"Storage=none\nForwardToSyslog=yes", "module(load=\"imuxsock\")\nmail.* /a/mail.log", []Verdict{Yes, Yes, Yes, Yes}, "/a/mail.log"},
		"forwarded in part":     {"Storage=none\nForwardToSyslog=yes\nMaxLevelSyslog=notice", "module(load=\"imuxsock\")\nmail.* /a/mail.log", []Verdict{No, Yes, Yes, No}, ""},
		"perhaps forwarded":     {"Storage=none", "module(load=\"imuxsock\")\nmail.* /a/mail.log", []Verdict{Unknown, Unknown, Unknown, Unknown}, ""},
	}
	for name, test := range tests {
		root := t.TempDir()
		write(t, root+"/etc/systemd/journald.conf", "[Journal]\n"+test.journald+"\n")
		j, err := conf.Journald(t.Context(), root)
		if err != nil {
			t.Fatal(err)
		}
		r := Route{Facility: "mail", facility: 2}
		for _, s := range []int{conf.Debug, conf.Notice, conf.Err} {
			r.Levels = append(r.Levels, Level{Name: conf.SeverityName(s), Cyrus: Yes, Verdict: Unknown, severity: s})
		}
		r.journal(j)
		file := write(t, root+"/rsyslog.conf", test.rsyslog)
		if errs := r.rsyslog(t.Context(), listener{args: []string{"rsyslogd", "-f", file}}, r.handsOn(j)); len(errs) > 0 {
			t.Error(errs)
		}
		r.conclude(Request{})
		if got := strings.Join(r.Levels[0].Files, " "); !slices.Equal(said(r), test.want) || got != test.files {
			t.Errorf("%s: %q, debug in %q: %s", name, said(r), got, r.Sentence)
		}
		if n := len(r.Changes); (r.Verdict == Yes) != (n == 0) || n > 0 && r.Changes[0].File != dropin || n > 1 {
			t.Errorf("%s: to do: %+v", name, r.Changes)
		}
	}
}

func FuzzImapd(f *testing.F) {
	f.Add("debug: yes\n@include: /x\nsyslog_facility: LOCAL6\n")
	name := write(f, f.TempDir()+"/imapd.conf", "")
	f.Fuzz(func(t *testing.T, text string) {
		write(t, name, strings.ReplaceAll(text, "@", ""))
		r := Route{Levels: make([]Level, 3)}
		r.cyrus(t.Context(), Request{Conf: name, Version: "3.6.1"})
		if r.facility < 0 || r.facility > 23 || len(r.Checks) != 2 {
			t.Fatalf("%+v", r)
		}
	})
}
