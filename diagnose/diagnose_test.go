package diagnose

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"cyrlock/evidence"
)

// load reads recorded evidence.
func load(t *testing.T, path string) evidence.Snapshot {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var s evidence.Snapshot
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return s
}

// The transcript of John Wade's report is one stack and no lock table.
func TestSeedTranscript(t *testing.T) {
	r := Diagnose(load(t, "testdata/seed-gdb.json"), Options{})
	if len(r.Files) != 1 {
		t.Fatalf("files: %+v", r.Files)
	}
	f := r.Files[0]
	if f.Path != "/var/imap/user/p/jwade.seen" || Kind(f.Kind) != Seen || f.Lock != evidence.Flock {
		t.Errorf("got %s, %s, %s; the path must be taken as observed", f.Path, f.Kind, f.Lock)
	}
	if w := f.Waiters; len(w) != 1 || w[0].PID != 24876 || w[0].FD != 22 {
		t.Errorf("waiters: %+v", w)
	}
	frames := r.Processes[0].Threads[0].Frames
	roles := map[string]string{}
	for _, f := range frames {
		roles[f.Func] = f.Role
	}
	for fn, role := range map[string]string{"__flock": RoleLockCall, "lock_reopen": RoleLockReopen, "seen_readit": string(Seen), "main": "", "cmd_copy": ""} {
		if roles[fn] != role {
			t.Errorf("%s: role %q, want %q", fn, roles[fn], role)
		}
	}
	if r.Verdict != Unknown || r.Waiting != 1 {
		t.Errorf("one stack does not show a holder: %s, %d waiting", r.Verdict, r.Waiting)
	}
	const want = "imapd 24876 waits for jwade's seen file. The evidence does not show who holds it."
	if r.Summary != want {
		t.Errorf("summary: %s\nwant:    %s", r.Summary, want)
	}
}

func TestBlockers(t *testing.T) {
	h := func(pid, fd int, mode, lock string, start, end uint64, desc int) evidence.Holder {
		return evidence.Holder{PID: pid, FD: fd, Mode: mode, Lock: lock, Start: start, End: end, Description: desc}
	}
	w := func(pid, fd int, mode, lock string, start, end uint64) evidence.Waiter {
		return evidence.Waiter{PID: pid, FD: fd, Mode: mode, Lock: lock, Start: start, End: end}
	}
	for _, tt := range []struct {
		name    string
		wait    evidence.Waiter
		holders []evidence.Holder
		want    []int
	}{
		{"exclusive against exclusive", w(2, 3, "write", "flock", 0, 0), []evidence.Holder{h(1, 3, "write", "flock", 0, 0, 0)}, []int{1}},
		{"readers do not exclude readers", w(2, 3, "read", "flock", 0, 0), []evidence.Holder{h(1, 3, "read", "flock", 0, 0, 0)}, nil},
		{"a writer waits for every reader", w(3, 3, "write", "flock", 0, 0), []evidence.Holder{h(1, 3, "read", "flock", 0, 0, 1), h(2, 3, "read", "flock", 0, 0, 2)}, []int{1, 2}},
		{"flock: two opens in one process conflict", w(1, 4, "write", "flock", 0, 0), []evidence.Holder{h(1, 3, "write", "flock", 0, 0, 0)}, []int{1}},
		{"flock: an upgrade waits for the others only", w(1, 3, "write", "flock", 0, 0), []evidence.Holder{h(1, 3, "read", "flock", 0, 0, 1), h(2, 5, "read", "flock", 0, 0, 2)}, []int{2}},
		{"flock: an inherited description is one's own", w(1, 3, "write", "flock", 0, 0), []evidence.Holder{h(1, 3, "read", "flock", 0, 0, 1), h(9, 3, "read", "flock", 0, 0, 1)}, nil},
		{"posix: a process never waits for itself", w(1, 4, "write", "posix", 0, 0), []evidence.Holder{h(1, 3, "write", "posix", 0, 0, 0)}, nil},
		{"posix: ranges apart", w(2, 3, "write", "posix", 0, 99), []evidence.Holder{h(1, 3, "write", "posix", 100, 0, 0)}, nil},
		{"posix: ranges that touch", w(2, 3, "write", "posix", 0, 100), []evidence.Holder{h(1, 3, "write", "posix", 100, 0, 0)}, []int{1}},
		{"posix against ofd of the same process", w(1, 4, "write", "posix", 0, 0), []evidence.Holder{h(1, 3, "write", "ofd", 0, 0, 0)}, []int{1}},
	} {
		if got := blockers(tt.wait, tt.holders); !slices.Equal(got, tt.want) {
			t.Errorf("%s: blocked by %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestKindOfPath(t *testing.T) {
	debian := evidence.Cyrus{ConfigDir: "/var/lib/cyrus", LockDir: "/run/cyrus/lock"}
	for _, tt := range []struct {
		path string
		conf evidence.Cyrus
		want Kind
	}{
		{"/var/imap/user/p/jwade.seen", evidence.Cyrus{}, Seen},
		{"/var/imap/user/p/jwade.seen.NEW", evidence.Cyrus{}, Seen},
		{"/var/lib/cyrus/user/uuid/a/b/ab12/seen.db", debian, Seen},
		{"/var/lib/cyrus/socket/imap-0.lock", debian, Accept},
		{"/var/imap/socket/imap-0.lock", evidence.Cyrus{}, Accept},
		{"/srv/imap2/socket/lmtpunix-0.lock", debian, Accept},
		{"/srv/socket/imap.lock", debian, Other},
		{"/run/cyrus/lock/user/j/jwade.lock", debian, MailboxName},
		{"/run/cyrus/lock/*U*jwade.lock", debian, UserNamespace},
		{"/var/lib/cyrus/lock/user/j/jwade.lock", evidence.Cyrus{ConfigDir: "/var/lib/cyrus"}, MailboxName},
		{"/var/spool/imap/user/jwade/cyrus.index", debian, Index},
		{"/var/spool/imap/user/jwade/cyrus.header", debian, Header},
		{"/var/lib/cyrus/mailboxes.db", debian, MailboxesDB},
		{"/var/lib/cyrus/quota/j/user.jwade", debian, Quota},
		{"/var/lib/cyrus/user/j/jwade.sub", debian, Subscriptions},
		{"/var/lib/cyrus/deliver.db", debian, Deliver},
		{"/var/lib/cyrus/annotations.db", debian, Annotations},
		{"/var/lib/cyrus/user/j/jwade.conversations", debian, Conversations},
		{"/var/backups/dump", debian, Other},
		{"", debian, Other},
	} {
		if got := kindOfPath(tt.path, tt.conf); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.path, got, tt.want)
		}
	}
}

func TestAge(t *testing.T) {
	for s, want := range map[float64]string{-1: "0.0s", 0.04: "0.0s", 3.41: "3.4s", 12.9: "12s", 134: "2m14s", 3780: "1h03m", 273600: "3d4h"} {
		if got := Age(s); got != want {
			t.Errorf("Age(%v) = %s, want %s", s, got, want)
		}
	}
}

// On a mail server, apt that waits for dpkg is nobody's hung mail. Where no Cyrus
// is known, or a Cyrus process waits as well, it counts.
func TestOtherPrograms(t *testing.T) {
	hang := func(master int, cyrus bool) evidence.Snapshot {
		f := held("/var/lib/dpkg/lock", 1, 2)
		f.Waiters[0].SinceS = 60
		return evidence.Snapshot{Files: []evidence.File{f}, Host: evidence.Host{Cyrus: evidence.Cyrus{Master: master}},
			Processes: []evidence.Process{{PID: 1, Exe: "/usr/bin/dpkg"}, {PID: 2, Exe: "/usr/bin/apt", Cyrus: cyrus}}}
	}
	if r := Diagnose(hang(9, false), Options{}); r.Verdict != Healthy || len(r.Roots) != 0 || len(r.Aside) != 1 || r.Waiting != 0 || !strings.Contains(r.Summary, "apt 2 waits for /var/lib/dpkg/lock") {
		t.Errorf("beside a Cyrus: %s, %d roots, %d aside, %d waiting: %s", r.Verdict, len(r.Roots), len(r.Aside), r.Waiting, r.Summary)
	}
	if r := Diagnose(hang(0, false), Options{}); r.Verdict != Hung || r.Waiting != 1 {
		t.Errorf("without a Cyrus: %s, %d waiting", r.Verdict, r.Waiting)
	}
	if r := Diagnose(hang(9, true), Options{}); r.Verdict != Hung || r.Waiting != 1 {
		t.Errorf("a Cyrus process waits: %s, %d waiting", r.Verdict, r.Waiting)
	}
	asked := hang(9, false)
	asked.Focus = &evidence.Focus{File: "/var/lib/dpkg/lock", Paths: []evidence.SeenPath{{Path: "/var/lib/dpkg/lock"}}}
	if r := Diagnose(asked, Options{}); r.Verdict != Hung || r.Waiting != 1 {
		t.Errorf("asked for: %s, %d waiting", r.Verdict, r.Waiting)
	}
}
