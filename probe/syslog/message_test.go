package syslog

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cyrlock/evidence"
)

type message = evidence.LogMessage

// What each release writes, and what it says.
var messages = []struct {
	text string
	want *message
}{
	// John Wade's patch: this text is all that is known of it; sites added to it.
	{"lock_reopen-blocked: sleeping", &message{Kind: "sleeping"}},
	{"lock_reopen-blocked: sleeping 16", &message{Kind: "sleeping", Sleep: 16, Detail: "16"}},
	{"lock_reopen-blocked: sleeping 4 seconds", &message{Kind: "sleeping", Sleep: 4, Detail: "4 seconds"}},
	{"lock_reopen-blocked: sleeping for 25 secs, /var/imap/user/p/jwade.seen", &message{Kind: "sleeping", Sleep: 25, File: "/var/imap/user/p/jwade.seen", Detail: "for 25 secs, /var/imap/user/p/jwade.seen"}},
	{"lock_reopen-blocked: sleeping (9) on file=/var/imap/user/p/jwade.seen.", &message{Kind: "sleeping", Sleep: 9, File: "/var/imap/user/p/jwade.seen", Detail: "(9) on file=/var/imap/user/p/jwade.seen."}},
	{"[ID 702911 local6.debug] lock_reopen-blocked: sleeping", &message{Kind: "sleeping"}},

	// The timed lock, in the source and in the library.
	{"lock_reopen-blocked: sleeping 9 s, attempt 4 of 11, bound 285 s, pid 24876, file /var/imap/user/p/jwade.seen",
		&message{Kind: "sleeping", Sleep: 9, Attempt: 4, Of: 11, Bound: 285, PID: 24876, File: "/var/imap/user/p/jwade.seen"}},
	{"lock_reopen-blocked: sleeping 1 s, attempt 2 of 5, bound 14 s, pid 7, file /srv/a, pid 8, file b: c.seen",
		&message{Kind: "sleeping", Sleep: 1, Attempt: 2, Of: 5, Bound: 14, PID: 7, File: "/srv/a, pid 8, file b: c.seen"}},
	{"lock_reopen-blocked: gave up after 285 s, attempt 11 of 11, bound 285 s, pid 24876, file /var/imap/user/p/jwade.seen",
		&message{Kind: "gave-up", Waited: 285, Attempt: 11, Of: 11, Bound: 285, PID: 24876, File: "/var/imap/user/p/jwade.seen"}},
	{"lock_reopen-blocked: got the lock after 0 s, attempt 3 of 11, bound 285 s, pid 24876, file /var/imap/user/p/jwade.seen",
		&message{Kind: "got", Attempt: 3, Of: 11, Bound: 285, PID: 24876, File: "/var/imap/user/p/jwade.seen"}},
	{"lock_reopen-blocked: refused, for this session could not read it, pid 24876, file /var/imap/user/p/jwade.seen",
		&message{Kind: "refused", PID: 24876, File: "/var/imap/user/p/jwade.seen", Detail: "for this session could not read it"}},

	// Cyrus, when it does not get a lock.
	{"IOERROR: locking /var/imap/user/j/jwade.seen: Resource temporarily unavailable", &message{Kind: "lock-error", File: "/var/imap/user/j/jwade.seen", Detail: "Resource temporarily unavailable"}},
	{"IOERROR: locking header for user.jwade: No locks available", &message{Kind: "lock-error", Mailbox: "user.jwade", Detail: "No locks available"}},
	{"IOERROR: locking index for user.jwade.a: b: No locks available", &message{Kind: "lock-error", Mailbox: "user.jwade.a: b", Detail: "No locks available"}},
	{"IOERROR: locking quota file /var/imap/quota/j/user.jwade.NEW: No locks available", &message{Kind: "lock-error", File: "/var/imap/quota/j/user.jwade.NEW", Detail: "No locks available"}},
	{"IOERROR: locking user.jwade: Resource temporarily unavailable", &message{Kind: "lock-error", Mailbox: "user.jwade", Detail: "Resource temporarily unavailable"}},
	{"IOERROR: lock_shared /var/lib/cyrus/mailboxes.db: Resource temporarily unavailable", &message{Kind: "lock-error", File: "/var/lib/cyrus/mailboxes.db", Detail: "Resource temporarily unavailable"}},
	{"IOERROR: lock_setlock: /var/lib/cyrus/backup: No locks available", &message{Kind: "lock-error", File: "/var/lib/cyrus/backup", Detail: "No locks available"}},
	{"IOERROR: lock_reopen failed: action=<locking> fname=</var/lib/cyrus/user/j/jwade.sub> syserror=<Resource temporarily unavailable> func=<starttxn_or_refetch>",
		&message{Kind: "lock-error", File: "/var/lib/cyrus/user/j/jwade.sub", Detail: "Resource temporarily unavailable"}},
	{"IOERROR: lock_reopen_ex failed: action=<opening> filename=</var/lib/cyrus/a> b> syserror=<No such file or directory> func=<mappedfile_writelock>",
		&message{Kind: "lock-error", File: "/var/lib/cyrus/a", Detail: "opening: No such file or directory"}},
	{"IOERROR: lock_shared failed: filename=</var/lib/cyrus/mailboxes.db> syserror=<Resource temporarily unavailable> func=<mappedfile_readlock>",
		&message{Kind: "lock-error", File: "/var/lib/cyrus/mailboxes.db", Detail: "Resource temporarily unavailable"}},
	{"IOERROR: lock index failed: mailbox=<user.jwade> error=<System I/O error> syserror=<Resource temporarily unavailable> func=<mailbox_lock_index_internal>",
		&message{Kind: "lock-error", Mailbox: "user.jwade", Detail: "Resource temporarily unavailable"}},
	{"IOERROR: lock failed: mailbox=<user.jwade> error=<Mailbox is locked> func=<mailbox_open_advanced>",
		&message{Kind: "lock-error", Mailbox: "user.jwade", Detail: "Mailbox is locked"}},

	// Cyrus, about its own locks.
	{"locktimer: reopen /var/lib/cyrus/user/j/jwade (old).seen (12.34s)", &message{Kind: "locktimer", File: "/var/lib/cyrus/user/j/jwade (old).seen", Waited: 12.34}},
	{"mailbox: longlock user.jwade for me for 1.2 seconds", &message{Kind: "longlock", Mailbox: "user.jwade for me", Waited: 1.2, Detail: "mailbox"}},
	{"skiplist: longlock /var/imap/user/j/jwade.seen for 120.0 seconds", &message{Kind: "longlock", File: "/var/imap/user/j/jwade.seen", Waited: 120, Detail: "skiplist"}},
	{"mappedfile: longlock /var/lib/cyrus/mailboxes.db for 3.5 seconds", &message{Kind: "longlock", File: "/var/lib/cyrus/mailboxes.db", Waited: 3.5, Detail: "mappedfile"}},

	// Its master, about a child.
	{"process 24876 exited, signaled to death by 9", &message{Kind: "died", PID: 24876, Detail: "signal 9 (killed)"}},
	{"process type:SERVICE name:imap path:/usr/lib/cyrus/bin/imapd age:12.345s pid:24876 signaled to death by signal 9 (Killed)", &message{Kind: "died", PID: 24876, Detail: "signal 9 (Killed)", Service: "imap"}},
	{"process type:EVENT name:delprune path:/usr/sbin/cyr_expire age:0.1s pid:7 signaled to death by signal 11 (Segmentation fault, core dumped)", &message{Kind: "died", PID: 7, Detail: "signal 11 (Segmentation fault, core dumped)", Service: "delprune"}},
	{"unknown process pid:24876 signaled to death by signal 15 (Terminated)", &message{Kind: "died", PID: 24876, Detail: "signal 15 (Terminated)"}},
	{"process type:SERVICE name:imap path:/imapd age:1.0s pid:24876 signaled to death by Killed 9", &message{Kind: "died", PID: 24876, Detail: "Killed 9", Service: "imap"}},

	// None of these.
	{"", nil},
	{"lock_reopen-blocked: ", nil},
	{"lock_reopen-blocked: gave up after tea", nil},
	{"lock_reopen-blocked: got the lock after 9 days", nil},
	{"badlogin: host [192.0.2.3] plaintext lock_reopen-blocked: sleeping 9 SASL(-13)", nil},
	{"login: host [192.0.2.3] process 1 exited, signaled to death by 9 plaintext", nil},
	{"IOERROR: opening /var/imap/user/j/jwade.seen: No such file or directory", nil},
	{"IOERROR: unlocking index of user.jwade: Bad file descriptor", nil},
	{"IOERROR: lockstep failed: x=<y>", nil},
	{"locktimer: reopen (9s) /a", nil},
	{"open: user jwade opened a: longlock b for 9 seconds", nil},
	{"process 24876 exited, status 75", nil},
	{"process type:SERVICE name:imap path:/imapd age:1.0s pid:x signaled to death by 9", nil},
}

func TestUnderstand(t *testing.T) {
	for _, m := range messages {
		got := Understand(m.text)
		if diff := cmp.Diff(m.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", m.text, diff)
		}
		if got != nil && !MayMatter([]byte("Nov 23 15:09:49 vm imapd[5407]: "+m.text)) {
			t.Errorf("%s is passed over", m.text)
		}
	}
}

// Whatever the text is: numbers are numbers, what is taken from it stands in it, and
// the quick look passes all that is understood.
func FuzzUnderstand(f *testing.F) {
	for _, m := range messages {
		f.Add(m.text)
	}
	f.Add("lock_reopen-blocked: sleeping 1e9 s, attempt -1 of 99999999999, bound NaN s")
	f.Fuzz(func(t *testing.T, text string) {
		m := Understand(text)
		if m == nil {
			return
		}
		if !MayMatter([]byte(text)) {
			t.Fatalf("%q: passed over, but it is %+v", text, m)
		}
		for _, s := range []float64{m.Sleep, m.Waited, m.Bound} {
			if math.IsNaN(s) || s < 0 || s > 1e15 {
				t.Errorf("%q: %v s", text, s)
			}
		}
		if m.PID < 0 || m.Attempt < 0 || m.Of < 0 {
			t.Errorf("%q: %+v", text, m)
		}
		for _, s := range []string{m.File, m.Mailbox} {
			if !strings.Contains(text, s) {
				t.Errorf("%q does not hold %q", text, s)
			}
		}
	})
}
