package syslog

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFind(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	if err := os.MkdirAll(filepath.Join(dir, "conf.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(log, 0o755); err != nil {
		t.Fatal(err)
	}
	rsyslog := filepath.Join(dir, "rsyslog.conf")
	write(t, rsyslog, fmt.Sprintf("*.*;auth.none -%s/syslog\n$IncludeConfig %s/conf.d/*.conf\n", log, dir))
	write(t, filepath.Join(dir, "conf.d", "cyrus.conf"), fmt.Sprintf("local6.* action(type=\"omfile\" file=\"%s/imapd.log\")\nmail.err %s/mail.err\n", log, log))
	now := time.Now()
	line := func(ago time.Duration, ident string) string {
		return now.Add(-ago).Format(time.RFC3339) + " vm " + ident + "[7]: x\n"
	}
	write(t, filepath.Join(log, "syslog"), line(3*time.Minute, "CRON"), line(2*time.Minute, "imap"), line(time.Minute, "CRON"))
	write(t, filepath.Join(log, "imapd.log"), line(2*time.Minute, "imap"))
	write(t, filepath.Join(log, "mail.log"), line(90*24*time.Hour, "cyrus/imap"))
	write(t, filepath.Join(log, "messages"), line(time.Minute, "kernel"))
	write(t, filepath.Join(log, "mail.log.1.gz"), line(time.Minute, "imap"))

	found, err := Find(t.Context(), Place{Rsyslog: rsyslog, SyslogNG: filepath.Join(dir, "none"), Dir: log, JournalDir: filepath.Join(dir, "none")})
	if err != nil {
		t.Error(err)
	}
	var got []string
	for _, s := range found {
		if s.Path != TheJournal {
			got = append(got, fmt.Sprintf("%s %v %d/%d %v", filepath.Base(s.Path), s.Told, s.Cyrus, s.Lines, s.Problem != nil))
		}
	}
	want := "imapd.log true 1/1 false, syslog true 1/3 false, mail.log false 1/1 false, mail.err true 0/0 true"
	if strings.Join(got, ", ") != want {
		t.Errorf("\n got %s\nwant %s", strings.Join(got, ", "), want)
	}
	if how := found[0].How; !strings.Contains(how, "conf.d/cyrus.conf, line 1: local6.*") {
		t.Errorf("how: %q", how)
	}
	if how := found[2].How; how != "Cyrus's lines are in it: 1 of its last 1" {
		t.Errorf("how: %q", how)
	}
}

// Where there are no files the journal is the log.
func TestFindJournal(t *testing.T) {
	dir := journald(t, entry(time.Now(), "SYSLOG_FACILITY=2", "SYSLOG_IDENTIFIER=cyrus/imap", "MESSAGE=x"))
	none := filepath.Join(dir, "none")
	found, err := Find(t.Context(), Place{Rsyslog: none, SyslogNG: none, Dir: none, JournalDir: dir})
	if err != nil || len(found) != 1 || found[0].Path != TheJournal || found[0].Cyrus != 1 || found[0].Problem != nil {
		t.Errorf("%+v, %v", found, err)
	}
}
