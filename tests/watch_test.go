package tests

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"cyrlock/fix/timedlock"
)

// TestWatchOnTheScreen: real processes wait in Cyrus's lock code with the time limit in
// it, libc's syslog tells rsyslog, and the page shows each wait while it goes on, holds
// still when asked, finds one process, goes to what was given up, and knows the end.
func TestWatchOnTheScreen(t *testing.T) {
	r := newLogRig(t, `*.* <log>`, "copytruncate")
	slow := r.waiters(1000, timedlock.Schedule{Maxtime: 99})
	fast := r.waiters(1, timedlock.Schedule{Maxtime: 99})
	seen, release := r.hold("jwade.seen")
	other, _ := r.hold("lsmith.seen")

	r.wait(r.say(0, 1, 0)) // the log is there
	waitUntil(t, "the log", func() bool { _, err := os.Stat(r.log); return err == nil })

	s := openScreen(t, binary(t)+" --log "+r.log)
	s.until("VERDICT", "seen ")
	s.tmux("send-keys", "5")
	s.until("WATCH", "Silence proves nothing", "t tests it")

	waiter := r.run(slow, seen)
	t.Cleanup(func() { _ = waiter.Process.Kill(); _ = waiter.Wait() })
	pid := waiter.Process.Pid
	s.until(fmt.Sprintf("imapd %d", pid), "sleeping 1 s, try 2 of 11", "gives up in 4m")
	s.tmux("send-keys", "Space")
	s.until("PAUSED, 1 new, space goes on") // the next one, a second later
	s.tmux("send-keys", "Space")
	s.until("follows", "sleeping 4 s, try 3 of 11")

	waits := r.run(fast, other)
	_ = waits.Wait()
	if code := waits.ProcessState.ExitCode(); code != 75 {
		t.Fatalf("the waiter ended with %d", code)
	}
	s.until("GAVE UP on lsmith's seen file after 4m45s")
	s.tmux("send-keys", fmt.Sprintf("/%d", pid))
	if shown := s.until(fmt.Sprintf("Only with: %d_", pid), "sleeping 4 s"); strings.Contains(shown, "GAVE UP") {
		t.Errorf("the filter lets another process through:\n%s", shown)
	}
	s.tmux("send-keys", "Enter")
	s.until(fmt.Sprintf("ONLY WITH %d, esc shows all", pid))
	s.tmux("send-keys", "Escape")
	s.until("WATCH", "WHAT HAPPENED", "GAVE UP")
	s.tmux("send-keys", "g")
	s.until("newer, G follows")
	s.tmux("send-keys", "n")
	waitUntil(t, "what was given up selected", func() bool {
		for line := range strings.Lines(s.tmux("capture-pane", "-p")) {
			if strings.HasPrefix(line, ">") && strings.Contains(line, "GAVE UP") {
				return true
			}
		}
		return false
	})
	s.tmux("send-keys", "G")
	release()
	s.until(fmt.Sprintf("imapd %d", pid), "must have jwade's seen file by now")
	s.tmux("send-keys", "q")
	s.restored("0")
}
