package syslog

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cyrlock/evidence"
)

const journalRemote = "/lib/systemd/systemd-journal-remote"

// need skips, or fails where all tests have to run.
func need(t *testing.T, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err == nil {
		return
	}
	if os.Getenv("CI") != "" || os.Getenv("CYRLOCK_TESTS") == "all" {
		t.Fatalf("%s is not installed: tests/needs.sh", tool)
	}
	t.Skipf("NOT TESTED: %s is not installed: tests/needs.sh", tool)
}

// An entry is one of the journal's in its export format: fields that are not text have
// their length before them (systemd.io, "Journal Export Formats").
func entry(at time.Time, fields ...string) string {
	s := fmt.Sprintf("__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=0123456789abcdef0123456789abcdef\n", at.UnixMicro(), at.UnixMicro()-1.7e15)
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		if strings.ContainsAny(value, "\n\x01\xff") {
			s += name + "\n" + string(binary.LittleEndian.AppendUint64(nil, uint64(len(value)))) + value + "\n"
		} else {
			s += f + "\n"
		}
	}
	return s + "\n"
}

// journald is a folder with a journal that systemd's own tool wrote.
func journald(t *testing.T, entries ...string) string {
	t.Helper()
	need(t, journalRemote)
	need(t, "journalctl")
	dir := t.TempDir()
	cmd := exec.Command(journalRemote, "--output="+filepath.Join(dir, "mail.journal"), "-")
	cmd.Stdin = strings.NewReader(strings.Join(entries, ""))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

func TestJournal(t *testing.T) {
	at := time.Date(2026, 11, 23, 15, 0, 0, 0, time.Local)
	imapd := func(n int, more ...string) string {
		return entry(at.Add(time.Duration(n)*time.Second), append(more, "_HOSTNAME=vm", "_COMM=imapd", fmt.Sprint("_PID=", 100+n))...)
	}
	dir := journald(t,
		imapd(0, "SYSLOG_FACILITY=2", "SYSLOG_IDENTIFIER=cyrus/imap", "MESSAGE=too early"),
		imapd(1, "SYSLOG_FACILITY=2", "SYSLOG_IDENTIFIER=cyrus/imap", "SYSLOG_PID=9", "MESSAGE=lock_reopen-blocked: sleeping 4"),
		imapd(2, "SYSLOG_FACILITY=22", "SYSLOG_IDENTIFIER=a", "SYSLOG_IDENTIFIER=b", "MESSAGE=two\nlines \xff\x01"),
		imapd(3, "SYSLOG_FACILITY=10", "MESSAGE=another facility"),
		imapd(4, "SYSLOG_FACILITY=2", "MESSAGE="+strings.Repeat("x", 10000)),
		imapd(5, "SYSLOG_IDENTIFIER=systemd-journald", "MESSAGE=Suppressed 77 messages from cyrus.service"),
		imapd(6, "SYSLOG_FACILITY=2", "SYSLOG_IDENTIFIER=cyrus/imap", "MESSAGE=of no concern"),
	)
	var got []evidence.LogLine
	var notes []string
	j := Journal{Dir: dir, Facilities: []int{2, 22}, Since: at.Add(time.Second)}
	err := j.Read(t.Context(), Sink{
		Maybe: func(line []byte) bool { return !strings.HasSuffix(string(line), ": of no concern") },
		Line:  func(l evidence.LogLine) { got = append(got, l) },
		Note:  func(n Note) { notes = append(notes, n.String()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []evidence.LogLine{
		{Time: at.Add(time.Second), Host: "vm", Ident: "cyrus/imap", PID: 101, Text: "lock_reopen-blocked: sleeping 4", Source: "journal"},
		{Time: at.Add(2 * time.Second), Host: "vm", Ident: "a", PID: 102, Text: "two\nlines \xff\x01", Source: "journal"},
		{Time: at.Add(4 * time.Second), Host: "vm", Ident: "imapd", PID: 104, Source: "journal"},
	}
	for i := range got { // which of two comes first is journalctl's choice
		got[i].Time = got[i].Time.Local()
		if got[i].Ident == "b" {
			got[i].Ident = "a"
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	if len(notes) != 2 || !strings.Contains(notes[1], "Suppressed 77 messages") {
		t.Errorf("notes %q", notes)
	}
}

// journalctl ends with the follower, and its going is told.
func TestJournalFollow(t *testing.T) {
	at := time.Date(2026, 11, 23, 15, 0, 0, 0, time.Local)
	dir := journald(t, entry(at, "SYSLOG_FACILITY=2", "MESSAGE=one"))
	ctx, cancel := context.WithCancel(t.Context())
	k := &taker{t: t}
	ended := make(chan error, 1)
	go func() { ended <- Journal{Dir: dir, Since: at, Follow: true}.Read(ctx, k.sink()) }()
	k.has("one")
	pids := children(t, dir)
	if len(pids) != 1 {
		t.Fatalf("journalctl runs as %v", pids)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	if left := children(t, dir); len(left) > 0 {
		t.Errorf("journalctl is left behind: %v", left)
	}

	go func() { ended <- Journal{Dir: dir, Since: at, Follow: true}.Read(t.Context(), k.sink()) }()
	k.has("one", "one")
	for _, pid := range children(t, dir) {
		p, _ := os.FindProcess(pid)
		if err := p.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("journalctl was killed: %v", err)
	}
	k.was(Ended)
}

// children are the processes whose command line has this word.
func children(t *testing.T, word string) (pids []int) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		line, _ := os.ReadFile(name)
		if words := strings.Split(string(line), "\x00"); words[0] == "journalctl" && slices.Contains(words, word) {
			var pid int
			_, _ = fmt.Sscanf(name, "/proc/%d/", &pid)
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestJournalFails(t *testing.T) {
	need(t, "journalctl")
	k := &taker{t: t}
	err := Journal{Dir: filepath.Join(t.TempDir(), "none")}.Read(t.Context(), k.sink())
	if err == nil || !strings.Contains(err.Error(), "No such file") {
		t.Errorf("no journal: %v", err)
	}
	k.was(Ended)
}

func FuzzEntry(f *testing.F) {
	for _, s := range []string{`{"MESSAGE":"x","_PID":"7"}`, `{"MESSAGE":[97,10,255]}`, `{"MESSAGE":[[97,98],"x"],"SYSLOG_IDENTIFIER":["a","b"]}`, `{"MESSAGE":null}`, `{"MESSAGE":[]}`, `{"MESSAGE":[null]}`, `[]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := parseEntry(data)
		if err == nil && (len(l.Text) > MaxLine || l.PID < 0 || len(l.Text) > 3*len(data)) {
			t.Fatalf("%q: %+v", data, l)
		}
	})
}
