package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cyrlock/probe/syslog/route"
	"cyrlock/tests/cyrusrig"
)

// A real Cyrus, a real rsyslog at its /dev/log: what the test of the log says is what
// then happens to Cyrus's own messages, before and after its advice is followed.
func TestLogTestOnCyrus(t *testing.T) {
	if _, err := exec.LookPath("rsyslogd"); err != nil {
		if os.Getenv("CI") != "" || os.Getenv("CYRLOCK_TESTS") == "all" {
			t.Fatal("rsyslogd is not there: install rsyslog")
		}
		t.Skip("NOT TESTED: rsyslogd is not there")
	}
	s := cyrusrig.Start(t, "jwade")
	file := func(name string) string { return filepath.Join(s.Dir, name) }
	text := func(name string) string {
		data, _ := os.ReadFile(file(name))
		return string(data)
	}
	if err := os.Remove(file("dev/log")); err != nil {
		t.Fatal(err)
	}
	config := strings.ReplaceAll("module(load=\"imuxsock\" SysSock.Name=\"DIR/dev/log\")\n$WorkDirectory DIR\nmail.=debug\tDIR/debug.log\nmail.info\tDIR/mail.log\n", "DIR", s.Dir)
	if err := os.WriteFile(file("rsyslog.conf"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	daemon := exec.Command("rsyslogd", "-n", "-f", file("rsyslog.conf"), "-i", file("rsyslogd.pid"))
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = daemon.Process.Kill(); _ = daemon.Wait() })
	cyrusrig.Until(t, "rsyslogd listens", func() bool { _, err := os.Stat(file("dev/log")); return err == nil })

	req := route.Request{Conf: s.Conf, Version: "3.6.1", Debian: true, Master: s.Master}
	ask := func(want route.Verdict) route.Route {
		t.Helper()
		r, err := route.Check(t.Context(), req)
		if err != nil {
			t.Error(err)
		}
		if r.Verdict != want {
			t.Errorf("read: %s, want %s\n%s", r.Verdict, want, strings.Join(r.Lines(), "\n"))
		}
		if r, err = route.Prove(t.Context(), req, r); err != nil {
			t.Error(err)
		}
		t.Log(strings.Join(r.Lines(), "\n"))
		if r.Verdict != want {
			t.Errorf("proved: %s, want %s", r.Verdict, want)
		}
		return r
	}
	r := ask(route.No)
	clients := []*cyrusrig.Client{s.Login(t, "jwade")}
	cyrusrig.Until(t, "the notice of a login is in the log", func() bool { return strings.Contains(text("mail.log"), "cyrus/imap[") })
	if strings.Contains(text("debug.log"), "cyrus/imap[") {
		t.Error("Cyrus logs debug messages without debug: yes")
	}
	if len(r.Changes) != 1 || r.Changes[0].Put != "debug: yes" || r.Changes[0].File != s.Conf {
		t.Fatalf("the advice is %+v", r.Changes)
	}
	f, err := os.OpenFile(s.Conf, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(r.Changes[0].Put + "\n"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	ask(route.Yes)
	// Without a restart: more sessions than there are workers that have started already.
	for range 6 {
		clients = append(clients, s.Login(t, "jwade"))
	}
	cyrusrig.Until(t, "a debug message of Cyrus is in the log", func() bool { return strings.Contains(text("debug.log"), "cyrus/imap[") })
	for _, c := range clients {
		c.Hangup()
	}
}
