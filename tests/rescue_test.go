package tests

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cyrlock/fix"
	"cyrlock/probe"
	"cyrlock/tests/cyrusrig"
)

// A real imapd hangs on jwade's seen file, with the index in its hands, on which two
// more wait. Its wait is cancelled, as often as it asks; then the holder is ended.
func TestCyrusCancelSeen(t *testing.T) {
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
	other := rig.Login(t, "alice")
	opening := other.Send("SELECT team")
	cyrusrig.Until(t, "one more waits for the index", func() bool { return len(rig.Waiting(rig.Index("team"))) == 1 })
	state := filepath.Join(t.TempDir(), "state")

	for want, args := range map[string][]string{
		"Cyrus's master":  {"end", pid(rig.Master), "--yes", "--force"},
		"others wait for": {"cancel", pid(holder.PID), "--yes"},
	} {
		if _, out, code := runFix(t, rig.Conf, state, args...); code == 0 || !strings.Contains(out, want) {
			t.Errorf("%v: exit code %d: %s", args, code, out)
		}
	}

	var cancels int
	for cancels = 1; ; cancels++ {
		f, out, code := runFix(t, rig.Conf, state, "cancel", pid(reader.PID), "--yes")
		if f.Receipt == nil || f.Proof == nil {
			t.Fatalf("cancel: exit code %d: %s", code, out)
		}
		t.Logf("cancel %d: %s | %s %q", cancels, f.Receipt.Steps[0].Said, f.Proof.Sentence, f.Proof.Lines)
		if code == 0 {
			break
		}
		if cancels == 4 || !strings.Contains(f.Proof.Sentence, "waits again") {
			t.Fatalf("exit code %d: %s", code, out)
		}
	}
	// Which is what the preview warns of: the mark may be lost, and the client is told OK.
	if said := reading.Answer(); !strings.HasPrefix(said, "OK ") {
		t.Errorf("after %d cancels the client is told %s", cancels, said)
	}
	opening.OK()
	if state := processState(t, reader.PID); state != "S" {
		t.Errorf("the imapd is in state %s", state)
	}

	f, out, code := runFix(t, rig.Conf, state, "end", pid(holder.PID), "--yes")
	if code == 0 || !strings.Contains(out, "keeps nobody waiting") {
		t.Errorf("a holder that is in nobody's way: exit code %d: %s %+v", code, out, f)
	}
	again := reader.Send("FETCH 3 BODY[]")
	cyrusrig.Until(t, "the imapd waits once more", func() bool {
		return slices.Contains(rig.Waiting(rig.Seen("jwade")), reader.PID)
	})
	f, out, code = runFix(t, rig.Conf, state, "end", pid(holder.PID), "--yes")
	if code != 0 || f.Proof == nil || !strings.HasPrefix(f.Proof.Sentence, "1 waiter drained") {
		t.Fatalf("end: exit code %d: %s", code, out)
	}
	if f.Receipt.Plan.Risk != "some" || !slices.ContainsFunc(f.Receipt.Plan.Warnings, func(w string) bool { return strings.Contains(w, "is not part of Cyrus") }) {
		t.Errorf("%+v", f.Receipt.Plan)
	}
	t.Log(f.Receipt.Steps, f.Proof.Sentence)
	again.OK()
	t.Logf("what is seen afterwards: %s", rig.Login(t, "jwade").Do("STATUS team (UNSEEN)"))
	atPeace(t, rig)
}

// A real imapd and an lmtpd hang on the name of a mailbox.
func TestCyrusCancelName(t *testing.T) {
	rig := cyrusrig.Start(t, "alice")
	holder := cyrusrig.Hold(t, rig.NameLock("user/alice"))
	reader := rig.Login(t, "alice")
	opening := reader.Send("SELECT INBOX")
	cyrusrig.Until(t, "an imapd waits for the name", func() bool {
		return slices.Contains(rig.Waiting(rig.NameLock("user/alice")), reader.PID)
	})
	state := filepath.Join(t.TempDir(), "state")
	f, out, code := runFix(t, rig.Conf, state, "cancel", pid(reader.PID), "--yes")
	if code != 0 || f.Receipt.State != fix.Applied || !strings.Contains(f.Proof.Sentence, "it went on") || f.Receipt.Plan.Risk != "low" {
		t.Fatalf("exit code %d: %s", code, out)
	}
	t.Log(f.Receipt.Steps[0].Said, f.Proof.Sentence, f.Proof.Lines)
	if said := opening.Answer(); !strings.HasPrefix(said, "NO ") {
		t.Errorf("the client is told %q", said)
	} else {
		t.Logf("the client is told %q", said)
	}
	reader.Do("NOOP")
	holder.Kill()
	reader.Do("SELECT INBOX")
	atPeace(t, rig)
}

// processState is that of proc(5).
func processState(t *testing.T, pid int) string {
	t.Helper()
	processes, _ := probe.New(probe.Options{}).Processes(t.Context(), []int{pid})
	if len(processes) != 1 {
		return ""
	}
	return processes[0].State
}
