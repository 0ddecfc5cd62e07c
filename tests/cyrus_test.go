package tests

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/probe"
	"cyrlock/probe/stack"
	"cyrlock/tests/cyrusrig"
)

// cyrusThreshold is short, so that a hang need not grow old to be called one; and
// long beside what Cyrus itself takes for anything here.
const cyrusThreshold = 300 * time.Millisecond

// Somebody outside holds jwade's seen file. One imapd waits for it with the index
// of the mailbox in its hands, and so even users who have nothing to do with
// jwade wait.
func TestCyrusSeenFileHeld(t *testing.T) {
	rig := cyrusrig.Start(t, "jwade", "alice")
	rig.Share(t, "team")
	rig.DeliverMany(t, "+team", 3)
	reader := rig.Login(t, "jwade")
	reader.Do("SELECT team")
	reader.Do("FETCH 1 BODY[]") // from now on there is a seen file

	holder := cyrusrig.Hold(t, rig.Seen("jwade"))
	reading := reader.Send("FETCH 2 BODY[]")
	cyrusrig.Until(t, "an imapd waits for the seen file", func() bool {
		return slices.Contains(rig.Waiting(rig.Seen("jwade")), reader.PID)
	})
	second, other := rig.Login(t, "jwade"), rig.Login(t, "alice")
	opening, otherOpening := second.Send("SELECT team"), other.Send("SELECT team")
	cyrusrig.Until(t, "two more wait for the index", func() bool { return len(rig.Waiting(rig.Index("team"))) == 2 })

	report, root := verdict(t, rig, evidence.Query{}, diagnose.OutsideHolder)
	if root.PID != holder.PID || root.File != rig.Seen("jwade") || root.Kind != diagnose.Seen {
		t.Errorf("root %d on %s (%s); want %d on %s", root.PID, root.File, root.Kind, holder.PID, rig.Seen("jwade"))
	}
	sameVictims(t, root, reader.PID, second.PID, other.PID)
	if diff := cmp.Diff([]string{"alice", "jwade"}, sorted(root.Impact.Users)); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
	if !slices.Contains(root.Impact.Mailboxes, "team") || root.Impact.Services["imap"] != 3 {
		t.Errorf("impact %+v", root.Impact)
	}
	p := report.Process(reader.PID)
	if p == nil || p.Service != "imap" || p.User != "jwade" || p.Mailbox != "team" || p.Command != "Fetch" || !strings.Contains(p.Client, "127.0.0.1") {
		t.Errorf("the imapd that waits for the seen file: %+v", p)
	}
	if got := report.Host.Cyrus; got.Master != rig.Master || got.Conf != rig.Conf || got.Lock != "fcntl" || !strings.HasPrefix(got.Version, "3.") {
		t.Errorf("the server: %+v", got)
	}

	// Asked for by its user, it is the same file, which imapd.conf does not tell.
	focused, _ := verdict(t, rig, evidence.Query{User: "jwade"}, diagnose.OutsideHolder)
	if !slices.ContainsFunc(focused.Focus.Paths, func(p evidence.SeenPath) bool {
		return p.Path == rig.Seen("jwade") && strings.HasPrefix(p.How, "observed")
	}) {
		t.Errorf("jwade's seen file is not among %+v", focused.Focus.Paths)
	}

	holder.Kill()
	for _, r := range []*cyrusrig.Reply{reading, opening, otherOpening} {
		r.OK()
	}
	if said := strings.Join(rig.Login(t, "jwade").Do("STATUS team (UNSEEN)"), "\n"); !strings.Contains(said, "(UNSEEN 1)") {
		t.Errorf("two of three messages were read; the server says %s", said)
	}
	atPeace(t, rig)
}

// Somebody outside holds the name of alice's INBOX: her own clients wait, and so
// does the delivery of her mail.
func TestCyrusMailboxNameHeld(t *testing.T) {
	rig := cyrusrig.Start(t, "alice", "bob")
	holder := cyrusrig.Hold(t, rig.NameLock("user/alice"))
	reader := rig.Login(t, "alice")
	opening := reader.Send("SELECT INBOX")
	cyrusrig.Until(t, "an imapd waits for the name", func() bool {
		return slices.Contains(rig.Waiting(rig.NameLock("user/alice")), reader.PID)
	})
	mail := rig.Deliver(t, "alice")
	var lmtpd []int
	cyrusrig.Until(t, "an lmtpd waits behind it", func() bool {
		lmtpd = slices.Concat(rig.Waiting(rig.UserLock("alice")), rig.Waiting(rig.NameLock("user/alice")))
		lmtpd = slices.DeleteFunc(lmtpd, func(pid int) bool { return pid == reader.PID })
		return len(lmtpd) == 1
	})

	report, root := verdict(t, rig, evidence.Query{}, diagnose.OutsideHolder)
	if root.PID != holder.PID || root.File != rig.NameLock("user/alice") || root.Kind != diagnose.MailboxName {
		t.Errorf("root %d on %s (%s); want %d on %s", root.PID, root.File, root.Kind, holder.PID, rig.NameLock("user/alice"))
	}
	sameVictims(t, root, reader.PID, lmtpd[0])
	if diff := cmp.Diff(map[string]int{"imap": 1, "lmtpunix": 1}, root.Impact.Services); diff != "" {
		t.Errorf("services (-want +got):\n%s", diff)
	}
	if !slices.Contains(root.Impact.Users, "alice") || slices.Contains(root.Impact.Users, "bob") {
		t.Errorf("users %v; want alice and not bob", root.Impact.Users)
	}
	if p := report.Process(lmtpd[0]); p == nil || !p.Cyrus || p.Service != "lmtpunix" {
		t.Errorf("the lmtpd: %+v", p)
	}
	rig.Login(t, "bob").Do("SELECT INBOX") // he is served all the while

	holder.Kill()
	opening.OK()
	if pid := mail.OK(); pid != lmtpd[0] {
		t.Errorf("lmtpd %d took the message, and %d had waited", pid, lmtpd[0])
	}
	if said := strings.Join(rig.Login(t, "alice").Do("STATUS INBOX (MESSAGES)"), "\n"); !strings.Contains(said, "(MESSAGES 1)") {
		t.Errorf("one message was delivered; the server says %s", said)
	}
	atPeace(t, rig)
}

// Nobody outside: a client asks what is new and does not read the answer, which
// imapd writes with the index locked. (Cyrus changed that in 3.13.7.)
func TestCyrusClientStopsReading(t *testing.T) {
	rig := cyrusrig.Start(t, "jwade", "alice")
	stalled, news := stopsReading(t, rig)
	writer := rig.Login(t, "alice")
	opening := writer.Send("SELECT team")
	mail := rig.Deliver(t, "+team")
	cyrusrig.Until(t, "two wait for the index", func() bool { return len(rig.Waiting(rig.Index("team"))) == 2 })
	lmtpd := slices.DeleteFunc(rig.Waiting(rig.Index("team")), func(pid int) bool { return pid == writer.PID })

	report, root := verdict(t, rig, evidence.Query{}, diagnose.StalledClient)
	if root.PID != stalled.PID || root.File != rig.Index("team") || root.Kind != diagnose.Index {
		t.Errorf("root %d on %s (%s); want %d on %s", root.PID, root.File, root.Kind, stalled.PID, rig.Index("team"))
	}
	sameVictims(t, root, append(lmtpd, writer.PID)...)
	p := report.Process(stalled.PID)
	if p == nil || p.User != "jwade" || p.Mailbox != "team" || p.Peer == nil || p.Peer.SendQ == 0 {
		t.Errorf("the imapd that writes: %+v", p)
	}
	if named := p != nil && slices.ContainsFunc(p.Threads, func(th evidence.Thread) bool {
		return slices.ContainsFunc(th.Frames, func(f evidence.Frame) bool { return f.Func == "index_check" })
	}); !named {
		t.Errorf("index_check is not on the stack of the imapd that writes: %+v", p)
	}

	if said := strings.Count(strings.Join(news.OK(), "\n"), " FETCH "); said != 60 { // the client reads again
		t.Errorf("news of %d messages, want 60", said)
	}
	opening.OK()
	if pid := mail.OK(); !slices.Equal([]int{pid}, lmtpd) {
		t.Errorf("lmtpd %d took the message, and %v had waited", pid, lmtpd)
	}
	atPeace(t, rig)
}

// stopsReading has jwade ask what is new in a shared mailbox and not read the answer.
func stopsReading(t *testing.T, rig *cyrusrig.Server) (stalled *cyrusrig.Client, news *cyrusrig.Reply) {
	t.Helper()
	rig.Share(t, "team")
	rig.DeliverMany(t, "+team", 60)
	stalled = rig.LoginSlow(t, "jwade")
	stalled.Do("SELECT team")
	writer := rig.Login(t, "alice")
	writer.Do("SELECT team")
	var words []string
	for i := range 50 { // 60 messages with these make 200 kB of news
		words = append(words, fmt.Sprintf("word%d%s", i, strings.Repeat("x", 60)))
	}
	writer.Do("STORE 1:* +FLAGS.SILENT (" + strings.Join(words, " ") + ")")
	writer.Do("UNSELECT")

	news = stalled.Send("NOOP")
	cyrusrig.Until(t, "imapd writes to a client that does not read", func() bool { return cyrusrig.Writing(stalled.PID) })
	return stalled, news
}

// Idle workers wait in fcntl for their turn to accept. That is no hang.
func TestCyrusIdle(t *testing.T) {
	rig := cyrusrig.Start(t, "jwade")
	client := rig.Login(t, "jwade")
	client.Do("SELECT INBOX")
	cyrusrig.Until(t, "idle imapds wait for their turn", func() bool { return len(rig.Waiting(rig.AcceptLock("imap"))) >= 1 })
	atPeace(t, rig)
}

// looks gives one look at the machine after the other, with stacks.
func looks(t *testing.T, rig *cyrusrig.Server, q evidence.Query) func() diagnose.Report {
	t.Helper()
	tracer := stack.New(stack.Options{})
	t.Cleanup(func() { _ = tracer.Close() })
	m := probe.New(probe.Options{Conf: rig.Conf, Tracer: tracer})
	return func() diagnose.Report {
		s, err := m.Look(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return diagnose.Diagnose(s, diagnose.Options{Threshold: cyrusThreshold})
	}
}

// verdict looks until the server is called hung, and returns the one root, which
// must be of this class. Other hangs on the machine are none of its business.
func verdict(t *testing.T, rig *cyrusrig.Server, q evidence.Query, class diagnose.Class) (diagnose.Report, diagnose.Root) {
	t.Helper()
	look := looks(t, rig, q)
	for end := time.Now().Add(cyrusrig.Patience); ; {
		report := look()
		roots := rootsOf(rig, report)
		late := time.Now().After(end)
		if len(roots) != 1 || roots[0].Class != class || roots[0].OldestS < cyrusThreshold.Seconds() {
			if late {
				t.Fatalf("want one root, %s; last seen:\n%s", class, sentences(roots))
			}
			continue
		}
		if report.Verdict != diagnose.Hung {
			t.Errorf("the verdict is %s", report.Verdict)
		}
		t.Log(roots[0].Sentence)
		return report, roots[0]
	}
}

// atPeace looks until nothing of the server is in trouble, as at once after a
// hang the last of its workers may still be on their way.
func atPeace(t *testing.T, rig *cyrusrig.Server) {
	t.Helper()
	look := looks(t, rig, evidence.Query{})
	for end := time.Now().Add(cyrusrig.Patience); ; {
		report := look()
		ours := rig.Processes()
		roots := rootsOf(rig, report)
		waits := slices.ContainsFunc(report.Files, func(f evidence.File) bool {
			return strings.HasPrefix(f.Path, rig.Dir) && f.Kind != string(diagnose.Accept) && len(f.Waiters) > 0
		})
		victims := slices.ContainsFunc(report.Roots, func(r diagnose.Root) bool {
			return slices.ContainsFunc(r.Victims, func(pid int) bool { return slices.Contains(ours, pid) })
		})
		if len(roots) == 0 && !waits && !victims {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("all should be well, but:\n%s", sentences(roots))
		}
	}
}

// rootsOf are the roots that have to do with this server.
func rootsOf(rig *cyrusrig.Server, r diagnose.Report) []diagnose.Root {
	ours := rig.Processes()
	return slices.DeleteFunc(slices.Clone(r.Roots), func(root diagnose.Root) bool {
		return !strings.HasPrefix(root.File, rig.Dir+string(filepath.Separator)) && !slices.Contains(ours, root.PID)
	})
}

func sentences(roots []diagnose.Root) string {
	var b strings.Builder
	for _, r := range roots {
		fmt.Fprintf(&b, "%s (%s), process %d, %s, victims %v: %s\n", r.Class, r.Confidence, r.PID, r.File, r.Victims, r.Sentence)
	}
	return b.String()
}

func sameVictims(t *testing.T, root diagnose.Root, want ...int) {
	t.Helper()
	if diff := cmp.Diff(sorted(want), sorted(root.Victims)); diff != "" {
		t.Errorf("victims (-want +got):\n%s\n%s", diff, root.Sentence)
	}
}

// sorted is a sorted copy.
func sorted[T int | string](s []T) []T {
	return slices.Sorted(slices.Values(s))
}
