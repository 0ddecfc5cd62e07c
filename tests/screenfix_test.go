package tests

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cyrlock/tests/cyrusrig"
)

// chooses walks down the page Fix until it stands on a choice.
func (s *screen) chooses(title string) {
	s.t.Helper()
	s.tmux("send-keys", "g")
	shown := s.until(">1 ")
	for n := 2; !strings.Contains(shown, fmt.Sprintf(">%d %s", n-1, title)); n++ {
		if !strings.Contains(shown, fmt.Sprintf(" %d ", n)) {
			s.t.Fatalf("%q is no choice:\n%s", title, shown)
		}
		s.tmux("send-keys", "Down")
		shown = s.until(fmt.Sprintf(">%d ", n))
	}
}

// says types the word that a plan asks for.
func (s *screen) says(word string) {
	s.t.Helper()
	s.until("type " + word + " and enter: _")
	s.tmux("send-keys", "-l", word)
	s.until("enter: " + word + "_")
	s.tmux("send-keys", "Enter")
}

// age is how long the oldest wait has lasted, as the first row says.
func (s *screen) age() time.Duration {
	s.t.Helper()
	row := s.until("HUNG ")
	age, err := time.ParseDuration(regexp.MustCompile(`HUNG (\S+)`).FindStringSubmatch(row)[1])
	if err != nil {
		s.t.Fatal(err)
	}
	return age
}

// TestCancelOnTheScreen: one wait of the demo's is ended from its page. Those behind it
// drain, the hang goes on, and those that queue on are not taken for new ones, although
// the kernel counts their waits from zero.
func TestCancelOnTheScreen(t *testing.T) {
	if _, err := exec.LookPath("cc"); err != nil {
		unavailable(t, err)
	}
	s := openScreen(t, binary(t)+" demo --state "+filepath.Join(t.TempDir(), "state"))
	s.until("VERDICT", "HUNG", "11 processes wait behind jwade's seen file")
	s.tmux("send-keys", "4")
	s.until("FIX", ">1 end imapd", "cancel imapd")
	for deadline := time.Now().Add(patience); s.age() < 4*time.Second; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never gets older")
		}
	}
	s.chooses("cancel imapd")
	before := s.age()
	s.tmux("send-keys", "Enter")
	s.until("Cancel the wait of imapd", "EAGAIN", `(\Seen)`)
	s.says("CANCEL")
	s.until("PROOF", "it went on", "8 waiters behind it drained", "The hang itself goes on", "receipt 1", "cannot be taken back")
	s.tmux("send-keys", "Escape")
	s.until("holds jwade's seen file, 2 wait behind it", ">1 end imapd")
	s.tmux("send-keys", "r")
	s.until("2 wait behind it")
	if after := s.age(); after < before {
		t.Errorf("the hang was %v old, and now is %v", before, after)
	}
	s.tmux("send-keys", "3")
	s.until("VERDICT", "2 processes wait", "stopped reading", "certain")
	s.tmux("send-keys", "q")
	s.restored("0")
}

// sourceOnTheScreen patches a source tree from the page Fix, and takes that back.
func sourceOnTheScreen(t *testing.T, tree string) {
	before := everyFile(t, tree)
	s := openScreen(t, binary(t)+" demo --state "+filepath.Join(t.TempDir(), "state"))
	s.until("VERDICT", "HUNG", "11 processes wait behind jwade's seen file")
	s.tmux("send-keys", "4")
	s.until("FIX", ">1 end imapd")
	s.chooses("timed lock in the source")
	s.tmux("send-keys", "Enter")
	s.until("Folder", "to be read first")
	s.tmux("send-keys", "-l", filepath.Dir(tree))
	s.tmux("send-keys", "Enter")
	s.until("not a Cyrus")
	s.tmux("send-keys", "C-u")
	s.tmux("send-keys", "-l", tree)
	s.tmux("send-keys", "Enter")
	s.until("Patch ", "risk some", "tries 11 times", "more: down")
	if changed := differ(before, everyFile(t, tree)); len(changed) > 0 {
		t.Errorf("the plan changed %v", changed)
	}
	s.says("PATCH")
	s.until("PROOF", "Read again", "receipt 1", "cyrlock fix undo 1", "--state")
	if changed := differ(before, everyFile(t, tree)); strings.Join(changed, " ") != "lock_fcntl.c lock_flock.c" {
		t.Errorf("it changed %v", changed)
	}
	s.tmux("send-keys", "u")
	s.until("Undo receipt 1?", "Take back")
	s.says("UNDO")
	s.until("UNDONE", "as it was before")
	if changed := differ(before, everyFile(t, tree)); len(changed) > 0 {
		t.Errorf("%v are not what they were", changed)
	}
	s.tmux("send-keys", "q")
	s.restored("0")
}

// TestShimOnTheScreen: where a session of Debian's Cyrus hangs at a seen file the library
// is installed from the page Fix, in a place of its own, and taken out again.
func TestShimOnTheScreen(t *testing.T) {
	if said, err := exec.Command("unshare", "--mount", "true").CombinedOutput(); err != nil {
		unavailable(t, fmt.Sprintf("no mount namespaces: %v: %s", err, said))
	}
	rig := cyrusrig.Start(t, "jwade")
	reader := team(t, rig)
	holder := cyrusrig.Hold(t, rig.Seen("jwade"))
	defer holder.Kill()
	reader.Send("FETCH 3 BODY[]")
	cyrusrig.Until(t, "the session waits", func() bool { return len(rig.Waiting(rig.Seen("jwade"))) > 0 })
	waiter := rig.Waiting(rig.Seen("jwade"))[0]
	script := filepath.Join(t.TempDir(), "there.sh")
	text := fmt.Sprintf("mount -t tmpfs -o mode=755 none /usr/local/lib && %s --conf %s --state %s\ncode=$?\nls -A /usr/local/lib\nexit $code\n", binary(t), rig.Conf, filepath.Join(t.TempDir(), "state"))
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := openScreen(t, "unshare --mount sh "+script)
	s.until("VERDICT", "jwade's seen file")
	s.tmux("send-keys", fmt.Sprintf(":verdict %d", waiter), "Enter") // others may hang on this machine
	s.until(fmt.Sprintf("1 imapd %d", waiter))
	s.tmux("send-keys", "4")
	s.until("FIX", "holds jwade's seen file, 1 waits behind it", "Against the next one")
	s.chooses("timed lock, no rebuild")
	s.until("cyrlock fix shim install", "What is lost", "enter shows the whole plan")
	s.tmux("send-keys", "Enter")
	s.until("/usr/local/lib/cyrlock")
	s.says("INSTALL")
	s.until("DONE", "receipt 1", "cyrlock fix undo 1", "--state")
	s.tmux("send-keys", "u")
	s.until("Undo receipt 1?", "Take back")
	s.says("UNDO")
	s.until("UNDONE", "as it was before")
	s.tmux("send-keys", "q")
	s.restored("0")
	if left := s.until("exit code"); strings.Contains(left, "\ncyrlock\n") {
		t.Errorf("something is left in the library's place:\n%s", left)
	}
}
