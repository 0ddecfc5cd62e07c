package tests

import (
	"errors"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
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

// A real imapd writes to a client that does not read, with the index locked. Who is to
// be disconnected is said before anything is done; then it is that session alone.
func TestCyrusEndNamesTheClient(t *testing.T) {
	rig := cyrusrig.Start(t, "jwade", "alice")
	stalled, _ := stopsReading(t, rig)
	other := rig.Login(t, "alice")
	opening := other.Send("SELECT team")
	cyrusrig.Until(t, "one waits for the index", func() bool { return len(rig.Waiting(rig.Index("team"))) == 1 })

	state := filepath.Join(t.TempDir(), "state")
	preview, code := run(t, "fix", "end", pid(stalled.PID), "--dry-run", "--conf", rig.Conf, "--state", state)
	if said := regexp.MustCompile(`Disconnects jwade from .*127\.0\.0\.1`); code != 0 || !said.MatchString(preview) || !strings.Contains(preview, "SIGTERM to imap") {
		t.Errorf("exit code %d; %s", code, preview)
	}
	if processState(t, stalled.PID) != "S" {
		t.Error("the preview did something")
	}
	f, out, code := runFix(t, rig.Conf, state, "end", pid(stalled.PID), "--yes", "--patience", "500ms")
	if code != 0 || f.Proof == nil || !strings.HasPrefix(f.Proof.Sentence, "1 waiter drained") || f.Receipt.Plan.Risk != "low" {
		t.Fatalf("exit code %d: %s", code, out)
	}
	t.Log(f.Receipt.Plan.Warnings, f.Receipt.Steps, f.Proof.Sentence)
	opening.OK()
	other.Do("NOOP")
	atPeace(t, rig)
}

// Databases of real Cyrus: one of kind skiplist asks for its lock twice, and waits again
// after the first cancel; the second gets it out. The others ask once.
func TestCyrusCancelTwice(t *testing.T) {
	const tool = "/usr/lib/cyrus/bin/cyr_dbtool"
	owner, err := user.Lookup("cyrus")
	if err == nil {
		_, err = os.Stat(tool)
	}
	if err != nil {
		unavailable(t, err)
	}
	uid, _ := strconv.Atoi(owner.Uid)
	gid, _ := strconv.Atoi(owner.Gid)
	dir, err := os.MkdirTemp("", "cyrlock") // t.TempDir is root's alone
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	conf, state := filepath.Join(dir, "imapd.conf"), filepath.Join(t.TempDir(), "state")
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "db"), 0o755), os.WriteFile(conf, []byte("configdirectory: "+dir+"\n"), 0o644),
		os.Chown(filepath.Join(dir, "db"), uid, gid), os.Chown(dir, uid, gid), os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[string]int{"skiplist": 2, "twoskip": 1, "flat": 1} {
		t.Run(kind, func(t *testing.T) {
			file := filepath.Join(dir, "test."+kind)
			store := func(more ...string) *exec.Cmd {
				cmd := exec.Command(tool, append(append([]string{"-C", conf}, more...), file, kind, "set", "key", "value")...)
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
				return cmd
			}
			if out, err := store("-n").CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			cyrusrig.Hold(t, file)
			cmd := store()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() { _ = cmd.Wait(); close(ended) }()
			t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
			waitUntil(t, "it waits for the lock", func() bool {
				_, _, code := runFix(t, conf, state, "cancel", pid(cmd.Process.Pid), "--dry-run", "--force")
				return code == 0
			})
			for n := 1; n <= want; n++ {
				f, out, code := runFix(t, conf, state, "cancel", pid(cmd.Process.Pid), "--yes", "--force")
				if f.Proof == nil {
					t.Fatalf("cancel %d: exit code %d: %s", n, code, out)
				}
				t.Logf("cancel %d: %s %q", n, f.Proof.Sentence, f.Proof.Lines)
				again := strings.Contains(f.Proof.Sentence, "asked for the same lock again") && strings.Contains(strings.Join(f.Proof.Lines, ""), "cyrlock fix cancel "+pid(cmd.Process.Pid))
				if (code == 0) != (n == want) || again != (n < want) {
					t.Fatalf("cancel %d of %d: exit code %d: %s", n, want, code, out)
				}
			}
			<-ended
		})
	}
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
